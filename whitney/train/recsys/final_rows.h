#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/parallel.h"
#include "whitney/train/nn/torch.h"
#include "whitney/train/nn/unit_rows.h"

namespace whitney::recsys {

/// Final vectors of some nodes: parts, one behind the other, all but the first of length 1 where they are
/// normalised. T: float or double, as `type` says.
template <class T>
class FinalRows {
 public:
  FinalRows(int64_t num_rows, std::vector<int64_t> widths, bool normalize, torch::TensorOptions type,
            const Context& context)
      : num_rows_(num_rows), widths_(std::move(widths)), normalize_(normalize), context_(context) {
    for (const int64_t width : widths_) starts_.push_back(final_width_), final_width_ += width;
    rows_ = torch::empty({num_rows_, final_width_}, type);
    factors_.resize(widths_.size() * static_cast<size_t>(num_rows_), T(1));
  }

  /// num_rows x the sum of widths.
  const torch::Tensor& rows() const { return rows_; }

  /// Writes a part, given where its rows are.
  template <class RowOf>
  void join(size_t part, const RowOf& row_of) {
    const int64_t width = widths_[part];
    T* to = rows_.template mutable_data_ptr<T>() + starts_[part];
    parallel_blocks(context_, num_rows_, kBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* from = row_of(i);
        T* out = to + i * final_width_;
        T& factor = factors_[factor_at(part, i)];
        if (is_normalized(part)) factor = nn::unit_factor(from, width);
        for (int64_t c = 0; c < width; ++c) out[c] = from[c] * factor;
      }
    });
  }

  /// Adds what a part's gradient, of that of all rows, gives to its rows'.
  template <class RowOf>
  void add_gradient(size_t part, const torch::Tensor& given, const RowOf& row_of) const {
    constexpr int64_t kAhead = 8, kLine = 64 / static_cast<int64_t>(sizeof(T));
    const int64_t width = widths_[part];
    const T* from = given.template const_data_ptr<T>() + starts_[part];
    const T* own = rows_.template const_data_ptr<T>() + starts_[part];
    parallel_blocks(context_, num_rows_, kBlock, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        // The rows lie anywhere among those of all nodes.
        const T* next = row_of(std::min(i + kAhead, end - 1));
        for (int64_t c = 0; c < width; c += kLine) __builtin_prefetch(next + c, 1);
        const T *g = from + i * final_width_, *o = own + i * final_width_;
        const T factor = factors_[factor_at(part, i)];
        T* to = row_of(i);
        if (is_normalized(part)) {
          nn::add_unit_gradient(factor, g, o, width, to);
        } else {
          for (int64_t c = 0; c < width; ++c) to[c] += g[c];
        }
      }
    });
  }

 private:
  static constexpr int64_t kBlock = 512;

  bool is_normalized(size_t part) const { return part > 0 && normalize_; }
  size_t factor_at(size_t part, int64_t row) const {
    return part * static_cast<size_t>(num_rows_) + static_cast<size_t>(row);
  }

  int64_t num_rows_;
  std::vector<int64_t> widths_, starts_;
  int64_t final_width_ = 0;
  bool normalize_;
  Context context_;
  torch::Tensor rows_;
  /// What each part's rows were multiplied with.
  std::vector<T> factors_;
};

}  // namespace whitney::recsys
