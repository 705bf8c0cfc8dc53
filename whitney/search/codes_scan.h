#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "whitney/codec/code_rows.h"
#include "whitney/codec/codec.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/metric.h"
#include "whitney/linalg/top_k.h"
#include "whitney/search/built_once.h"
#include "whitney/search/deadline.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// The codes of all rows: as they came, one behind the other, until a search or a change wants them in
/// blocks. Opening a file then reads none of them. Copies share what is laid.
class LaidCodes {
 public:
  LaidCodes(const codec::Codec& codec, Array<uint8_t> codes) : codec_(&codec), codes_(std::move(codes)) {}

  const codec::CodeRows& rows(const Context& context = Context()) const {
    return laid_->get([&] { return std::make_unique<const codec::CodeRows>(*codec_, codes_, context); });
  }
  /// Writes the code of a row.
  void read(int64_t row, uint8_t* code) const;
  /// All codes, one behind the other.
  Array<uint8_t> all() const { return codes_.empty() ? rows().codes() : codes_; }
  int64_t size_bytes() const { return codes_.empty() ? rows().size_bytes() : codes_.size(); }
  /// change(rows): from then on the codes are held in these rows alone.
  template <class Change>
  void change(const Change& change) {
    codec::CodeRows changed = rows();
    change(changed);
    codes_ = {};
    laid_ = std::make_shared<Once>();
    laid_->get([&] { return std::make_unique<const codec::CodeRows>(std::move(changed)); });
  }

 private:
  using Once = BuiltOnce<codec::CodeRows>;
  const codec::Codec* codec_;
  Array<uint8_t> codes_;
  std::shared_ptr<Once> laid_ = std::make_shared<Once>();
};

/// Rows that are held as codes, and how their metric orders them: by keys, lower first, which are inner
/// products negated, or squared distances. Cosine compares by the squared distance of vectors of norm 1,
/// 2 - 2 cos: near neighbours' distances suffer less from the codes' errors than their inner products do, for
/// the error along the vector drops out.
struct CodedRows {
  std::shared_ptr<const codec::Codec> codec;
  Metric metric = Metric::kCosine;
  LaidCodes codes;
  /// Under cosine the rows whose vector was zero, ascending.
  std::vector<uint32_t> zero_rows;

  /// The key of a zero vector under cosine, with whatever: that of cosine 0.
  static constexpr float kNoCosine = 2;

  Kernel kernel() const {
    return metric == Metric::kInnerProduct ? Kernel::kInnerProduct : Kernel::kSquaredL2;
  }
  float key_of(float kernel_value) const {
    return metric == Metric::kInnerProduct ? -kernel_value : kernel_value;
  }
  /// What people see of a key: a score, or a distance.
  float value_of(float key) const;
  bool is_zero(uint32_t row) const;
  bool is_zero_query(const float* query) const;
};

/// A query as codes are compared with.
struct CodesQuery {
  std::unique_ptr<codec::CodeScorer> scorer;
  /// Under cosine a zero vector has cosine 0 to all.
  bool is_zero = false;
};
/// queries: float32, of norm 1 under cosine.
std::vector<CodesQuery> codes_queries(const CodedRows& rows, const Matrix& queries, const Context& context);

/// Measures single rows, wherever their codes lie.
class RowMeasure {
 public:
  RowMeasure(const CodedRows& rows, const CodesQuery& query);
  float key(uint32_t row) { return measure(row, nullptr); }
  /// The key, and by how much it may be wrong.
  float key_with_bound(uint32_t row, float& bound) { return measure(row, &bound); }

 private:
  float measure(uint32_t row, float* bound);
  const CodedRows& rows_;
  const CodesQuery& query_;
  std::vector<uint8_t> code_;
};

/// The best codes of each query among the allowed rows, ascending by key; where time is up, of those rows
/// that were come to.
std::vector<std::vector<TopK::Entry>> scan_for_best(const CodedRows& rows, const RowSet& allowed,
                                                    std::span<const CodesQuery> queries, int64_t k,
                                                    SharedDeadlineWatch& watch, const Context& context);

/// Buffers of who ranks rows.
struct RankScratch {
  std::vector<uint8_t> code;
  std::vector<float> row;
};
/// rank(q, row, scratch): a key of the row by more than its code's first level, from any thread.
using RankRow = std::function<float(size_t, uint32_t, RankScratch&)>;

struct RankedCodes {
  /// Of each query, ascending by what rank gives.
  std::vector<std::vector<TopK::Entry>> best;
  /// Rows that were ranked; with several threads it depends on which is how far.
  int64_t num_ranked = 0;
};

/// Finds the k best of each query by rank among the allowed rows, and ranks only those whose code's bound
/// lets them be among these. A row counts for no better than its bound: whoever ranks it first, the hits are
/// the same. Where time is up, of those rows that were come to.
RankedCodes scan_and_rank(const CodedRows& rows, const RowSet& allowed, std::span<const CodesQuery> queries,
                          int64_t k, const RankRow& rank, SharedDeadlineWatch& watch, const Context& context);

}  // namespace whitney::search
