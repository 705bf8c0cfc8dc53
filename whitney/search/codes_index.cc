#include "whitney/search/codes_index.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/artifact.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/top_k.h"
#include "whitney/search/codes_scan.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/row_scan.h"

namespace whitney {
namespace {

using search::CodedRows;
using search::CodesQuery;
using search::IndexRows;
using search::RankScratch;

// Candidates to rank again by default, for each hit.
constexpr int64_t kRescoreFactor = 4;
// Rows that are ranked between two looks at the clock.
constexpr int64_t kRankedPerLook = 16;

// Full vectors beside the codes: the row there of each id.
class FullVectors {
 public:
  FullVectors(const std::string& path, int64_t dim) : embeddings_(load_embeddings(path)) {
    if (embeddings_.dim() != dim)
      fail(path, ": has vectors of ", embeddings_.dim(), " dimensions, the codes are of ", dim);
  }
  void read(const Ids& ids, int64_t row, float* out) const {
    const auto found = ids.is_integer() && embeddings_.ids.is_integer()
                           ? embeddings_.ids.find_integer(ids.integer(row))
                           : embeddings_.ids.find(ids.text(row));
    if (!found) fail(embeddings_.path, ": has no vector of \"", ids.text(row), "\", which the search found");
    copy_row_as_float(embeddings_.vectors, *found, out);
  }

 private:
  Embeddings embeddings_;
};

// Ranks rows for one query by the full vectors, or by both levels of the codes; from any thread.
class Ranker {
 public:
  Ranker(const CodedRows& rows, const CompressedEmbeddings& data, const Ids& ids, const float* query,
         const std::optional<FullVectors>& full)
      : rows_(rows), data_(data), ids_(ids), query_(query), full_(full), is_zero_(rows.is_zero_query(query)) {
    if (!full) scorer_ = data.codec->fine_scorer(rows.kernel(), query);
  }
  float key(uint32_t row, RankScratch& scratch) const {
    if (is_zero_ || rows_.is_zero(row)) return CodedRows::kNoCosine;
    if (!full_) {
      scratch.code.resize(static_cast<size_t>(data_.codec->code_bytes()));
      rows_.codes.read(row, scratch.code.data());
      return rows_.key_of(scorer_->score(scratch.code.data(), data_.fine(row)));
    }
    scratch.row.resize(static_cast<size_t>(data_.dim()));
    full_->read(ids_, row, scratch.row.data());
    if (rows_.metric == Metric::kCosine) normalize(scratch.row);
    return rows_.key_of(distance(rows_.kernel(), query_, scratch.row.data(), data_.dim()));
  }

 private:
  static void normalize(std::vector<float>& row) {
    float norm = 0;
    const auto dim = std::ssize(row);
    row_norms_of_block({row.data(), 1, dim, dim, DType::kF32}, &norm);
    for (float& value : row) value = norm > 0 ? value / norm : value;
  }

  const CodedRows& rows_;
  const CompressedEmbeddings& data_;
  const Ids& ids_;
  const float* query_;
  const std::optional<FullVectors>& full_;
  std::unique_ptr<codec::FineScorer> scorer_;
  bool is_zero_;
};

class CodesIndex : public Index {
 public:
  explicit CodesIndex(CompressedEmbeddings compressed)
      : data_(std::move(compressed)),
        coded_{data_.codec,
               data_.metric(),
               {*data_.codec, data_.codes.codes},
               {data_.zero_rows.begin(), data_.zero_rows.end()}},
        rows_{data_.ids, data_.attributes, RowSet::range(0, static_cast<uint32_t>(data_.size())),
              data_.record} {
    rows_.attributes.num_rows = rows_.size();
    data_.codes.codes = {};  // coded_ has them
  }

  std::string_view method() const override { return "codes"; }
  Metric metric() const override { return coded_.metric; }
  int64_t dim() const override { return data_.dim(); }
  int64_t num_rows() const override { return rows_.size(); }
  const RowSet& live() const override { return rows_.live; }
  const Ids& ids() const override { return rows_.ids; }
  const Attributes& attributes() const override { return rows_.attributes; }
  const Value& record() const override { return rows_.record; }
  int64_t size_bytes() const override { return coded_.codes.size_bytes() + data_.codes.fine.size(); }
  std::vector<OptionSpec> search_options() const override { return option_specs<CodesSearchOptions>(); }

  std::vector<float> vector(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    std::vector<float> values(static_cast<size_t>(dim()));
    std::vector<uint8_t> code(static_cast<size_t>(data_.codec->code_bytes()));
    coded_.codes.read(row, code.data());
    data_.codec->restore(code.data(), data_.fine(row), values.data());
    if (coded_.is_zero(static_cast<uint32_t>(row))) std::ranges::fill(values, 0.0F);
    return values;
  }

  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    Matrix prepared = search::checked_queries(queries, dim(), params.k, context);
    if (metric() == Metric::kCosine) {
      const Matrix raw = prepared;
      normalize_rows(context, raw, prepared);
    }
    const RowSet allowed = params.allowed != nullptr ? *params.allowed & rows_.live : rows_.live;
    const auto options = options_from<CodesSearchOptions>(params.options);
    const int64_t wanted = std::min<int64_t>(params.k + (params.excluded.empty() ? 0 : 1), allowed.size());
    const std::vector<CodesQuery> asked = search::codes_queries(coded_, prepared, context);
    const bool has_better = options.vectors || data_.codec->fine_bytes() > 0;
    const bool by_bounds = has_better && data_.codec->has_bounds() && !options.rescore && !params.exact;
    std::optional<FullVectors> full;
    if (options.vectors) {
      refuse_if_changed();
      full.emplace(options.vectors->value, dim());
    }
    SharedDeadlineWatch watch(params.deadline);
    std::vector<Entries> found(static_cast<size_t>(queries.rows));
    std::string plan = "scan of codes";
    int64_t rescored = 0;
    if (wanted == 0) {
      plan = "none: no row is allowed";
    } else if (by_bounds) {
      plan = "scan of codes, then rescoring by bounds";
      search::RankedCodes ranked = scan_by_bounds(prepared, asked, allowed, wanted, full, watch, context);
      found = std::move(ranked.best);
      rescored = ranked.num_ranked;
    } else {
      const int64_t count = has_better ? num_rescored(options, params, wanted, allowed.size()) : 0;
      found = search::scan_for_best(coded_, allowed, asked, std::max(wanted, count), watch, context);
      if (count > 0) plan = "scan of codes, then rescoring";
      rescored = queries.rows * count;
      if (count > 0) rescore(prepared, full, found, watch, context);
    }
    for (const Entries& entries : found) {
      if (!watch.was_over() && std::ssize(entries) < wanted) search::fail_without_number();
    }
    SearchResult result = result_of(found, params, queries.rows);
    result.partial = watch.was_over();
    if (params.explain) result.explain = explanation(plan, queries.rows, allowed.size(), rescored);
    return result;
  }

  void add(const Embeddings& more, const Context& context) override {
    search::check_new_rows(rows_, dim(), more, context);
    const codec::Codes added =
        codec::encode_rows(*data_.codec, codec::Rows(more.vectors, metric() == Metric::kCosine), context);
    if (search::revives_removed(rows_, more.ids)) compact();
    search::append_rows(rows_, more);
    if (metric() == Metric::kCosine) {
      for (const uint32_t row : codec::zero_rows(more.vectors))
        coded_.zero_rows.push_back(static_cast<uint32_t>(rows_.size() - more.size()) + row);
    }
    coded_.codes.change([&](codec::CodeRows& rows) { rows.append(added.codes); });
    append(data_.codes.fine, added.fine);
  }

  void remove(const Ids& ids, const Context& /*context*/) override {
    for (const uint32_t row : search::live_rows_of(rows_, ids)) rows_.live.remove(row);
    if (num_rows() - rows_.live.size() > num_rows() / 4) compact();
  }

  /// Compressed embeddings again, of the rows that are live.
  void save(const std::string& path, bool force, const Context& context) const override {
    CodesIndex kept(*this);
    kept.compact();
    CompressedEmbeddings data = kept.data_;
    data.ids = kept.rows_.ids;
    data.attributes = kept.rows_.attributes;
    data.codes.codes = kept.coded_.codes.all();
    data.zero_rows = Array<uint32_t>::copy_of(kept.coded_.zero_rows);
    save_compressed(data, path, force, context);
  }

 private:
  using Entries = std::vector<TopK::Entry>;

  static int64_t num_rescored(const CodesSearchOptions& options, const SearchParams& params, int64_t wanted,
                              int64_t num_allowed) {
    const int64_t asked = params.exact ? num_allowed : options.rescore.value_or(kRescoreFactor * params.k);
    return asked == 0 ? 0 : std::min(std::max(asked, wanted), num_allowed);
  }

  void refuse_if_changed() const {
    if (!data_.codec->changes_vectors()) return;
    fail("option \"vectors\" would rank by vectors that ", rows_.record.at("method").as_string(),
         " has not changed; without it hits are ranked as the codes compare them");
  }

  search::RankedCodes scan_by_bounds(const Matrix& queries, std::span<const CodesQuery> asked,
                                     const RowSet& allowed, int64_t k, const std::optional<FullVectors>& full,
                                     SharedDeadlineWatch& watch, const Context& context) const {
    std::vector<std::unique_ptr<const Ranker>> rankers(asked.size());
    parallel_for(context, std::ssize(rankers), [&](int64_t q) {
      rankers[static_cast<size_t>(q)] =
          std::make_unique<const Ranker>(ranker(queries.row<float>(q).data(), full));
    });
    return search::scan_and_rank(
        coded_, allowed, asked, k,
        [&](size_t q, uint32_t row, RankScratch& scratch) { return rankers[q]->key(row, scratch); }, watch,
        context);
  }

  // Queries whose rows cannot all be ranked in time keep the order and the values of the codes.
  void rescore(const Matrix& queries, const std::optional<FullVectors>& full, std::vector<Entries>& found,
               SharedDeadlineWatch& watch, const Context& context) const {
    parallel_for(context, std::ssize(found), [&](int64_t query) {
      const auto q = static_cast<size_t>(query);
      const Ranker ranks = ranker(queries.row<float>(query).data(), full);
      RankScratch scratch;
      Entries ranked = found[q];
      for (size_t i = 0; i < ranked.size(); ++i) {
        if (i % kRankedPerLook == 0 && watch.is_over()) return;
        ranked[i].key = ranks.key(ranked[i].row, scratch);
      }
      sort_entries(ranked);
      found[q] = std::move(ranked);
    });
  }

  static void sort_entries(Entries& entries) {
    std::ranges::sort(entries, [](const TopK::Entry& a, const TopK::Entry& b) {
      return a.key != b.key ? a.key < b.key : a.row < b.row;
    });
  }

  SearchResult result_of(const std::vector<Entries>& found, const SearchParams& params, int64_t m) const {
    SearchResult result;
    result.neighbors.num_queries = m;
    result.neighbors.k = params.k;
    result.neighbors.rows.assign(static_cast<size_t>(m * params.k), -1);
    result.neighbors.values.assign(static_cast<size_t>(m * params.k),
                                   std::numeric_limits<float>::quiet_NaN());
    for (size_t q = 0; q < found.size(); ++q) {
      int64_t count = 0;
      for (const TopK::Entry& entry : found[q]) {
        if (count == params.k) break;
        if (!params.excluded.empty() && params.excluded[q] == int64_t{entry.row}) continue;
        const size_t at = q * static_cast<size_t>(params.k) + static_cast<size_t>(count++);
        result.neighbors.rows[at] = entry.row;
        result.neighbors.values[at] = coded_.value_of(entry.key);
      }
      result.counts.push_back(count);
    }
    return result;
  }

  void compact() {
    if (rows_.live.size() == num_rows()) return;
    const std::vector<int64_t> kept = search::keep_live(rows_);
    std::vector<uint32_t> zero;
    for (const uint32_t row : coded_.zero_rows) {
      const auto at = std::ranges::lower_bound(kept, int64_t{row});
      if (at != kept.end() && *at == int64_t{row}) zero.push_back(static_cast<uint32_t>(at - kept.begin()));
    }
    coded_.zero_rows = std::move(zero);
    coded_.codes.change([&](codec::CodeRows& rows) { rows.keep(kept); });
    data_.codes.fine = select(data_.codes.fine, kept, data_.codec->fine_bytes());
  }

  static Array<uint8_t> select(const Array<uint8_t>& all, std::span<const int64_t> rows, int64_t bytes) {
    Array<uint8_t> result(std::ssize(rows) * bytes);
    if (result.empty()) return result;
    uint8_t* out = result.mutable_data();
    for (const int64_t row : rows) {
      std::memcpy(out, all.data() + row * bytes, static_cast<size_t>(bytes));
      out += bytes;
    }
    return result;
  }

  static void append(Array<uint8_t>& all, const Array<uint8_t>& more) {
    if (more.empty()) return;
    Array<uint8_t> result(all.size() + more.size());
    uint8_t* out = result.mutable_data();
    if (!all.empty()) std::memcpy(out, all.data(), static_cast<size_t>(all.size()));
    std::memcpy(out + all.size(), more.data(), static_cast<size_t>(more.size()));
    all = std::move(result);
  }

  Value explanation(const std::string& plan, int64_t num_queries, int64_t num_allowed,
                    int64_t rescored) const {
    Value explained =
        Value::object({{"index", "codes"}, {"plan", plan}, {"codec", rows_.record.at("method")}});
    auto distances = Value::object({{"allowed", num_allowed}, {"distances", num_queries * num_allowed}});
    explained.set("estimates", distances);
    distances.set("rescored", rescored);
    return explained.set("actuals", distances);
  }

  Ranker ranker(const float* query, const std::optional<FullVectors>& full) const {
    return {coded_, data_, rows_.ids, query, full};
  }

  CompressedEmbeddings data_;
  // Instead of data_.codes.codes and data_.zero_rows.
  CodedRows coded_;
  IndexRows rows_;
};

}  // namespace

std::unique_ptr<Index> codes_index(CompressedEmbeddings compressed) {
  return std::make_unique<CodesIndex>(std::move(compressed));
}

}  // namespace whitney
