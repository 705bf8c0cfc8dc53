// sq8 and sq4: a value is the number of its step between the least and the largest of its dimension.

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/codec/codec.h"
#include "whitney/codec/sq4.h"
#include "whitney/codec/sq8.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/code_scores.h"

namespace whitney::codec {
namespace {

// x ~ low + step c, by dimension.
struct Grid {
  std::vector<float> low, step;
};

class ScalarScorer : public CodeScorer {
 public:
  ScalarScorer(const Grid& grid, int bits, Kernel kernel, const float* query)
      : steps_(grid.step), bits_(bits), kernel_(kernel), query_(query, query + grid.low.size()) {
    if (kernel == Kernel::kInnerProduct) {
      // <q, low + step c> = <q, low> + <q step, c>
      double base = 0;
      for (size_t i = 0; i < query_.size(); ++i) {
        base += static_cast<double>(query_[i]) * grid.low[i];
        query_[i] *= grid.step[i];
      }
      base_ = static_cast<float>(base);
    } else {
      for (size_t i = 0; i < query_.size(); ++i) query_[i] -= grid.low[i];
    }
  }

  void score(const uint8_t* codes, int64_t count, float* out) const override {
    const auto dim = std::ssize(query_);
    const PackedCodes packed{codes, packed_code_bytes(dim, bits_), dim, bits_};
    if (kernel_ == Kernel::kSquaredL2)
      return code_squared_l2(packed, count, query_.data(), steps_.data(), out);
    weighted_code_sums(packed, count, query_.data(), out);
    for (int64_t j = 0; j < count; ++j) out[j] += base_;
  }

 private:
  const std::vector<float>& steps_;
  int bits_;
  Kernel kernel_;
  std::vector<float> query_;
  float base_ = 0;
};

class ScalarCodec : public Codec {
 public:
  ScalarCodec(Grid grid, int bits) : grid_(std::move(grid)), bits_(bits) {}
  int64_t dim() const override { return std::ssize(grid_.low); }
  int64_t code_bytes() const override { return packed_code_bytes(dim(), bits_); }

  void encode(const float* row, uint8_t* code, uint8_t* /*fine*/) const override {
    std::vector<uint8_t> values(grid_.low.size());
    const double most = (1 << bits_) - 1;
    for (size_t i = 0; i < values.size(); ++i) {
      // A dimension that is constant has step 0: code 0 decodes to its value exactly.
      const double above = static_cast<double>(row[i]) - grid_.low[i];
      const double steps = grid_.step[i] > 0 ? above / grid_.step[i] : 0.0;
      values[i] = static_cast<uint8_t>(std::clamp(std::nearbyint(steps), 0.0, most));
    }
    pack_codes(values.data(), dim(), bits_, code);
  }
  void decode(const uint8_t* code, const uint8_t* /*fine*/, float* row) const override {
    std::vector<uint8_t> values(grid_.low.size());
    unpack_codes(code, dim(), bits_, values.data());
    for (size_t i = 0; i < values.size(); ++i)
      row[i] = static_cast<float>(grid_.low[i] + static_cast<double>(grid_.step[i]) * values[i]);
  }
  std::unique_ptr<CodeScorer> scorer(Kernel kernel, const float* query) const override {
    return std::make_unique<ScalarScorer>(grid_, bits_, kernel, query);
  }
  void save(ArtifactWriter& writer, const std::string& prefix) const override {
    writer.add(prefix + "low", {dim()}, Array<float>::copy_of(grid_.low));
    writer.add(prefix + "step", {dim()}, Array<float>::copy_of(grid_.step));
  }

 private:
  Grid grid_;
  int bits_;
};

using Ranges = std::vector<std::pair<float, float>>;

// Least and largest value of each dimension.
Ranges ranges_of(const Rows& rows, const Context& context) {
  const auto dim = static_cast<size_t>(rows.dim());
  return ordered_reduce(
      context, rows.size(), 4096, Ranges(),
      [&](int64_t begin, int64_t end) {
        std::vector<float> row(dim);
        Ranges found;
        for (int64_t i = begin; i < end; ++i) {
          rows.read(i, row.data());
          if (found.empty()) {
            for (const float value : row) found.emplace_back(value, value);
          }
          for (size_t j = 0; j < dim; ++j) {
            found[j] = {std::min(found[j].first, row[j]), std::max(found[j].second, row[j])};
          }
        }
        return found;
      },
      [](Ranges all, const Ranges& part) {
        if (all.empty()) return part;
        for (size_t j = 0; j < part.size(); ++j) {
          all[j] = {std::min(all[j].first, part[j].first), std::max(all[j].second, part[j].second)};
        }
        return all;
      });
}

std::unique_ptr<Codec> fit_scalar(const Rows& rows, int bits, bool per_dimension, const Context& context) {
  Ranges ranges = ranges_of(rows, context);
  if (!per_dimension) {
    std::pair<float, float> all = ranges.front();
    for (const auto& [least, most] : ranges) all = {std::min(all.first, least), std::max(all.second, most)};
    std::ranges::fill(ranges, all);
  }
  Grid grid;
  const double levels = (1 << bits) - 1;
  for (const auto& [least, most] : ranges) {
    grid.low.push_back(least);
    // In float64: the difference of two float32 may be beyond their range.
    grid.step.push_back(static_cast<float>((static_cast<double>(most) - least) / levels));
  }
  return std::make_unique<ScalarCodec>(std::move(grid), bits);
}

std::unique_ptr<Codec> open_scalar(const SavedCodec& saved, int bits) {
  const Array<float> low = saved.floats("low", saved.dim), step = saved.floats("step", saved.dim);
  return std::make_unique<ScalarCodec>(Grid{{low.begin(), low.end()}, {step.begin(), step.end()}}, bits);
}

std::unique_ptr<Codec> fit8(const Rows& rows, const Sq8Options& options, const Context& context) {
  return fit_scalar(rows, 8, options.per_dimension, context);
}
std::unique_ptr<Codec> open8(const SavedCodec& saved, const Sq8Options& /*options*/) {
  return open_scalar(saved, 8);
}
std::unique_ptr<Codec> fit4(const Rows& rows, const Sq4Options& options, const Context& context) {
  return fit_scalar(rows, 4, options.per_dimension, context);
}
std::unique_ptr<Codec> open4(const SavedCodec& saved, const Sq4Options& /*options*/) {
  return open_scalar(saved, 4);
}

const bool registered8 = register_codec<Sq8Options>(
    {.name = "sq8",
     .class_name = "SQ8",
     .summary = "Scalar codes of 8 bits: 1 byte a value, nearly the recall of float32",
     .description = "Cuts the range of each dimension, from its least to its largest value, into 255 steps "
                    "and keeps the "
                    "number of the nearest: a value errs by half a step at most, and a dimension that is "
                    "constant is exact. "
                    "Nothing is trained, so that it suits any number of vectors. Queries stay float32. "
                    "Values of vectors "
                    "that come later are held to the range. lvq fits a range to each vector instead, which "
                    "is finer for most "
                    "embeddings; for integers such as pixels sq8 is.",
     .source = "scalar quantisation, as in Faiss (IndexScalarQuantizer, QT_8bit)",
     .example = "whitney compress sq8 nodes.safetensors -o small.safetensors"},
    fit8, open8);

const bool registered4 =
    register_codec<Sq4Options>({.name = "sq4",
                                .class_name = "SQ4",
                                .summary = "Scalar codes of 4 bits: half a byte a value",
                                .description = "As sq8 with 15 steps. Recall is lower: search with --rescore "
                                               "and --vectors, or pick lvq, whose second "
                                               "level ranks again what the first found.",
                                .source = "scalar quantisation, as in Faiss (IndexScalarQuantizer, QT_4bit)",
                                .example = "whitney compress sq4 nodes.safetensors -o small.safetensors"},
                               fit4, open4);

}  // namespace
}  // namespace whitney::codec
