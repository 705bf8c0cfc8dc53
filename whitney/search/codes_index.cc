#include "whitney/search/codes_index.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "whitney/codec/code_rows.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/artifact.h"
#include "whitney/linalg/candidates.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/select.h"
#include "whitney/linalg/top_k.h"
#include "whitney/search/built_once.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/row_scan.h"

namespace whitney {
namespace {

using search::IndexRows;

// Rows that a task scores for all queries, codes that are scored at once, and candidates by default.
constexpr int64_t kTaskRows = 16'384, kBatch = 1024, kRescoreFactor = 4;
constexpr int64_t kLanes = kFastScanLanes, kTaskBlocks = kTaskRows / kLanes, kBatchBlocks = kBatch / kLanes,
                  kFewBlocks = 3;

// Cosine compares by the squared distance of vectors of norm 1, 2 - 2 cos: near neighbours' distances suffer
// less from the codes' errors than their inner products do, for the error along the vector drops out. A zero
// vector has the distance of cosine 0.
constexpr float kNoCosine = 2;

// What TopK orders, lower first: inner products negated, squared distances.
float key_of(float kernel_value, Metric metric) {
  return metric == Metric::kInnerProduct ? -kernel_value : kernel_value;
}
float value_of(float key, Metric metric) {
  switch (metric) {
    case Metric::kCosine:
      return 1 - key / 2;
    case Metric::kInnerProduct:
      return 0.0F - key;
    case Metric::kL2:
      return std::sqrt(std::max(key, 0.0F));
  }
  return key;
}

// The rows that a search may return: all of them, or those whose bits are set. Tasks go by their numbers.
class AllowedRows {
 public:
  AllowedRows(const RowSet& rows, int64_t num_rows) : num_rows_(num_rows), size_(rows.size()) {
    if (size_ < num_rows) bits_ = rows.bits(num_rows);
  }
  int64_t size() const { return size_; }
  int64_t num_tasks() const { return (num_rows_ + kTaskRows - 1) / kTaskRows; }
  bool has_row(int64_t row) const {
    return bits_.empty() || (bits_[static_cast<size_t>(row / 64)] >> (row % 64) & 1) != 0;
  }
  // The lanes of block b.
  uint32_t lanes(int64_t b) const {
    if (!bits_.empty()) return static_cast<uint32_t>(bits_[static_cast<size_t>(b / 2)] >> (b % 2 * 32));
    const int64_t count = num_rows_ - b * kLanes;
    return count >= kLanes ? ~uint32_t{0} : (uint32_t{1} << count) - 1;
  }
  // Call body(task, first, count) for runs of neighbouring rows, and of blocks that have any: their codes
  // stay in cache while all queries pass.
  template <class Body>
  void each_batch(const Context& context, const Body& body) const {
    each_run(context, num_rows_, kTaskRows, kBatch, [&](int64_t row) { return has_row(row); }, body);
  }
  template <class Body>
  void each_block_batch(const Context& context, const Body& body) const {
    const int64_t num_blocks = (num_rows_ + kLanes - 1) / kLanes;
    each_run(context, num_blocks, kTaskBlocks, kBatchBlocks, [&](int64_t b) { return lanes(b) != 0; }, body);
  }

 private:
  template <class Has, class Body>
  void each_run(const Context& context, int64_t n, int64_t of_task, int64_t most, const Has& has,
                const Body& body) const {
    parallel_for(context, num_tasks(), [&](int64_t task) {
      const int64_t end = std::min((task + 1) * of_task, n);
      for (int64_t first = task * of_task; first < end;) {
        if (!has(first)) {
          ++first;
          continue;
        }
        int64_t last = bits_.empty() ? std::min(end, first + most) : first + 1;
        while (last < end && last - first < most && has(last)) ++last;
        body(task, first, last - first);
        first = last;
      }
    });
  }

  int64_t num_rows_, size_;
  std::vector<uint64_t> bits_;
};

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

// The codes of all rows: as they came, one behind the other, until a search or a change wants them in blocks.
// Opening a file then reads none of them. Copies share what is laid.
class LaidCodes {
 public:
  LaidCodes(const codec::Codec& codec, Array<uint8_t> codes) : codec_(&codec), codes_(std::move(codes)) {}

  const codec::CodeRows& rows(const Context& context = Context()) const {
    return laid_->get([&] { return std::make_unique<const codec::CodeRows>(*codec_, codes_, context); });
  }
  /// Writes the code of a row.
  void read(int64_t row, uint8_t* code) const {
    const auto size = static_cast<size_t>(codec_->code_bytes());
    if (codes_.empty())
      rows().read(row, code);
    else
      std::memcpy(code, codes_.data() + row * codec_->code_bytes(), size);
  }
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
  using Once = search::BuiltOnce<codec::CodeRows>;
  const codec::Codec* codec_;
  Array<uint8_t> codes_;
  std::shared_ptr<Once> laid_ = std::make_shared<Once>();
};

class CodesIndex : public Index {
 public:
  explicit CodesIndex(CompressedEmbeddings compressed)
      : data_(std::move(compressed)),
        metric_(data_.metric()),
        codes_(*data_.codec, data_.codes.codes),
        zero_rows_(data_.zero_rows.begin(), data_.zero_rows.end()),
        rows_{data_.ids, data_.attributes, RowSet::range(0, static_cast<uint32_t>(data_.size())),
              data_.record} {
    rows_.attributes.num_rows = rows_.size();
    data_.codes.codes = {};  // codes_ has them
  }

  std::string_view method() const override { return "codes"; }
  Metric metric() const override { return metric_; }
  int64_t dim() const override { return data_.dim(); }
  int64_t num_rows() const override { return rows_.size(); }
  const RowSet& live() const override { return rows_.live; }
  const Ids& ids() const override { return rows_.ids; }
  const Attributes& attributes() const override { return rows_.attributes; }
  const Value& record() const override { return rows_.record; }
  int64_t size_bytes() const override { return codes_.size_bytes() + data_.codes.fine.size(); }
  std::vector<OptionSpec> search_options() const override { return option_specs<CodesSearchOptions>(); }

  std::vector<float> vector(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    std::vector<float> values(static_cast<size_t>(dim()));
    std::vector<uint8_t> code(static_cast<size_t>(data_.codec->code_bytes()));
    codes_.read(row, code.data());
    data_.codec->decode(code.data(), data_.fine(row), values.data());
    if (std::ranges::binary_search(zero_rows_, static_cast<uint32_t>(row))) std::ranges::fill(values, 0.0F);
    return values;
  }

  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    Matrix prepared = search::checked_queries(queries, dim(), params.k, context);
    if (metric_ == Metric::kCosine) {
      const Matrix raw = prepared;
      normalize_rows(context, raw, prepared);
    }
    const RowSet allowed = params.allowed != nullptr ? *params.allowed & rows_.live : rows_.live;
    const AllowedRows rows(allowed, num_rows());
    const auto options = options_from<CodesSearchOptions>(params.options);
    const int64_t wanted = std::min<int64_t>(params.k + (params.excluded.empty() ? 0 : 1), rows.size());
    const std::vector<PreparedQuery> asked = prepare(prepared, context);
    const bool has_better = options.vectors || data_.codec->fine_bytes() > 0;
    const bool by_bounds = has_better && data_.codec->has_bounds() && !options.rescore && !params.exact;
    std::optional<FullVectors> full;
    if (options.vectors) full.emplace(options.vectors->value, dim());
    std::vector<Entries> found(static_cast<size_t>(queries.rows));
    std::string plan = "scan of codes";
    int64_t rescored = 0;
    if (wanted == 0) {
      plan = "none: no row is allowed";
    } else if (by_bounds) {
      plan = "scan of codes, then rescoring by bounds";
      found = scan_by_bounds(prepared, asked, rows, wanted, full, rescored, context);
    } else {
      const int64_t count = has_better ? num_rescored(options, params, wanted, rows.size()) : 0;
      found = scan(asked, rows, std::max(wanted, count), context);
      if (count > 0) plan = "scan of codes, then rescoring";
      rescored = queries.rows * count;
      if (count > 0) rescore(prepared, full, found, context);
    }
    SearchResult result = result_of(found, params, queries.rows);
    if (params.explain) result.explain = explanation(plan, queries.rows, std::ssize(rows), rescored);
    return result;
  }

  void add(const Embeddings& more, const Context& context) override {
    search::check_new_rows(rows_, dim(), more, context);
    const codec::Codes added =
        codec::encode_rows(*data_.codec, codec::Rows(more.vectors, metric_ == Metric::kCosine), context);
    if (search::revives_removed(rows_, more.ids)) compact();
    search::append_rows(rows_, more);
    if (metric_ == Metric::kCosine) {
      for (const uint32_t row : codec::zero_rows(more.vectors))
        zero_rows_.push_back(static_cast<uint32_t>(rows_.size() - more.size()) + row);
    }
    codes_.change([&](codec::CodeRows& rows) { rows.append(added.codes); });
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
    data.codes.codes = kept.codes_.all();
    data.zero_rows = Array<uint32_t>::copy_of(kept.zero_rows_);
    save_compressed(data, path, force, context);
  }

 private:
  using Entries = std::vector<TopK::Entry>;

  Kernel kernel() const {
    return metric_ == Metric::kInnerProduct ? Kernel::kInnerProduct : Kernel::kSquaredL2;
  }

  static int64_t num_rescored(const CodesSearchOptions& options, const SearchParams& params, int64_t wanted,
                              int64_t num_allowed) {
    const int64_t asked = params.exact ? num_allowed : options.rescore.value_or(kRescoreFactor * params.k);
    return asked == 0 ? 0 : std::min(std::max(asked, wanted), num_allowed);
  }

  // A query as codes are compared with; a zero vector has cosine 0 to all.
  struct PreparedQuery {
    std::unique_ptr<codec::CodeScorer> codes;
    bool is_zero = false;
  };

  std::vector<PreparedQuery> prepare(const Matrix& queries, const Context& context) const {
    std::vector<PreparedQuery> prepared(static_cast<size_t>(queries.rows()));
    parallel_for(context, queries.rows(), [&](int64_t q) {
      const auto row = queries.row<float>(q);
      const bool is_zero =
          metric_ == Metric::kCosine && std::ranges::all_of(row, [](float v) { return v == 0; });
      prepared[static_cast<size_t>(q)] = {data_.codec->scorer(kernel(), row.data()), is_zero};
    });
    return prepared;
  }

  // Calls body(i) for the zero vectors among the rows first + i, i < count.
  template <class Body>
  void each_zero_row(int64_t first, int64_t count, const Body& body) const {
    for (auto zero = std::ranges::lower_bound(zero_rows_, static_cast<uint32_t>(first));
         zero != zero_rows_.end() && *zero < first + count; ++zero)
      body(static_cast<size_t>(*zero - first));
  }

  // Keys of neighbouring rows, and by how much they may be wrong where `bounds` is not null.
  void measure(const PreparedQuery& query, const uint8_t* codes, int64_t first, int64_t count, float* keys,
               float* bounds) const {
    if (bounds == nullptr)
      query.codes->score(codes, count, keys);
    else
      query.codes->score_with_bounds(codes, count, keys, bounds);
    if (metric_ == Metric::kInnerProduct) {
      for (int64_t i = 0; i < count; ++i) keys[i] = key_of(keys[i], metric_);
    }
    const auto set_none = [&](size_t i) {
      keys[i] = kNoCosine;
      if (bounds != nullptr) bounds[i] = 0;
    };
    for (size_t i = 0; query.is_zero && i < static_cast<size_t>(count); ++i) set_none(i);
    each_zero_row(first, count, set_none);
  }

  // The same of single rows, wherever their codes lie.
  class RowMeasure {
   public:
    RowMeasure(const CodesIndex& index, const PreparedQuery& query)
        : index_(index), query_(query), code_(static_cast<size_t>(index.data_.codec->code_bytes())) {}
    float key(uint32_t row) { return measure(row, nullptr); }
    float key_with_bound(uint32_t row, float& bound) { return measure(row, &bound); }

   private:
    float measure(uint32_t row, float* bound) {
      float key = 0;
      index_.codes_.read(row, code_.data());
      index_.measure(query_, code_.data(), row, 1, &key, bound);
      return key;
    }
    const CodesIndex& index_;
    const PreparedQuery& query_;
    std::vector<uint8_t> code_;
  };

  // Between what the keys of the rows of neighbouring blocks lie.
  void measure_blocks(const PreparedQuery& query, int64_t first, int64_t count, bool with_bounds,
                      float* least, float* greatest) const {
    if (query.is_zero) {
      std::fill_n(least, count * kLanes, kNoCosine);
      std::fill_n(greatest, count * kLanes, kNoCosine);
      return;
    }
    query.codes->key_ranges(codes_.rows().block(first), count, with_bounds, least, greatest);
    each_zero_row(first * kLanes, count * kLanes, [&](size_t i) { least[i] = greatest[i] = kNoCosine; });
  }

  // The rows of neighbouring blocks whose keys may be at most `limit`, and between what these lie.
  int64_t select_in_blocks(const PreparedQuery& query, int64_t first, int64_t count, bool with_bounds,
                           float limit, codec::FoundKey* found) const {
    bool has_zero_row = false;
    each_zero_row(first * kLanes, count * kLanes, [&](size_t) { has_zero_row = true; });
    if (!query.is_zero && !has_zero_row)
      return query.codes->select_keys(codes_.rows().block(first), count, with_bounds, limit, found);
    std::array<float, kBatch> least, greatest;
    std::array<uint32_t, kBatch + 16> places;
    measure_blocks(query, first, count, with_bounds, least.data(), greatest.data());
    const int64_t num_found = select_at_most(least.data(), count * kLanes, limit, places.data());
    for (int64_t i = 0; i < num_found; ++i) {
      const uint32_t place = places[static_cast<size_t>(i)];
      found[i] = {place, least[place], greatest[place]};
    }
    return num_found;
  }

  static void lower(std::atomic<float>& limit, float to) {
    float now = limit.load(std::memory_order_relaxed);
    while (to < now && !limit.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
    }
  }

  // The rows that may be among the k best of each query, by the ranges of blocks: few, which are then
  // measured one by one, so that hits and their values are those of a scan of all rows.
  std::vector<std::vector<uint32_t>> scan_blocks(std::span<const PreparedQuery> asked,
                                                 const AllowedRows& rows, int64_t k, bool with_bounds,
                                                 const Context& context) const {
    const auto num_tasks = static_cast<size_t>(rows.num_tasks());
    std::vector<Candidates> parts(num_tasks * asked.size(), Candidates(k));
    // What k rows of each query have for certain, by any task: which task is how far changes how many rows
    // are looked at, and no row that may be among the best.
    std::vector<std::atomic<float>> limits(asked.size());
    for (std::atomic<float>& limit : limits) limit = std::numeric_limits<float>::infinity();
    rows.each_block_batch(context, [&](int64_t task, int64_t first, int64_t count) {
      std::array<codec::FoundKey, kBatch> found;
      for (size_t q = 0; q < asked.size(); ++q) {
        Candidates& part = parts[q * num_tasks + static_cast<size_t>(task)];
        const auto limit_now = [&] {
          return std::min(part.limit(), limits[q].load(std::memory_order_relaxed));
        };
        // Without a limit all rows are found: the first blocks give one, and those behind a better one.
        for (int64_t at = 0, some = 0; at < count; at += some) {
          some = std::min(std::isinf(limit_now()) ? kFewBlocks : std::max(kFewBlocks, 2 * at), count - at);
          const int64_t num_found =
              select_in_blocks(asked[q], first + at, some, with_bounds, limit_now(), found.data());
          for (const codec::FoundKey& one : std::span(found).first(static_cast<size_t>(num_found))) {
            const int64_t block = first + at + one.place / kLanes;
            if ((rows.lanes(block) >> (one.place % kLanes) & 1) == 0 || one.least > limit_now()) continue;
            part.add_between(one.least, one.greatest,
                             static_cast<uint32_t>((first + at) * kLanes) + one.place);
          }
          lower(limits[q], part.limit());
        }
      }
    });
    std::vector<std::vector<uint32_t>> found(asked.size());
    parallel_for(context, std::ssize(found), [&](int64_t q) {
      const auto begin = static_cast<size_t>(q) * num_tasks;
      found[static_cast<size_t>(q)] = merge_candidates(std::span(parts).subspan(begin, num_tasks), k);
    });
    return found;
  }

  // The best codes of each query, ascending by key; tasks are combined in their order.
  std::vector<Entries> scan(std::span<const PreparedQuery> asked, const AllowedRows& rows, int64_t k,
                            const Context& context) const {
    std::vector<Entries> found(asked.size());
    if (codes_.rows(context).in_blocks()) {
      const auto candidates = scan_blocks(asked, rows, k, false, context);
      parallel_for(context, std::ssize(found), [&](int64_t query) {
        const auto q = static_cast<size_t>(query);
        RowMeasure measured(*this, asked[q]);
        TopK top(k);
        for (const uint32_t row : candidates[q]) top.push(measured.key(row), row);
        found[q] = top.take();
      });
      return found;
    }
    const auto num_tasks = static_cast<size_t>(rows.num_tasks());
    std::vector<TopK> tops(num_tasks * asked.size(), TopK(std::min(k, kTaskRows)));
    rows.each_batch(context, [&](int64_t task, int64_t first, int64_t count) {
      std::vector<float> values(static_cast<size_t>(count));
      for (size_t q = 0; q < asked.size(); ++q) {
        measure(asked[q], codes_.rows().rows_from(first), first, count, values.data(), nullptr);
        tops[static_cast<size_t>(task) * asked.size() + q].push_run(values, static_cast<uint32_t>(first));
      }
    });
    for (size_t q = 0; q < found.size(); ++q) {
      TopK top(k);
      for (size_t task = 0; task < num_tasks; ++task) {
        for (const TopK::Entry& entry : tops[task * asked.size() + q].take()) top.push(entry.key, entry.row);
      }
      found[q] = top.take();
    }
    return found;
  }

  // The rows of each query that could be among the k best if each estimate erred by its bound at most.
  std::vector<std::vector<uint32_t>> rows_within_bounds(std::span<const PreparedQuery> asked,
                                                        const AllowedRows& rows, int64_t k,
                                                        const Context& context) const {
    std::vector<std::vector<uint32_t>> found(asked.size());
    if (codes_.rows(context).in_blocks()) {
      found = scan_blocks(asked, rows, k, true, context);
      parallel_for(context, std::ssize(found), [&](int64_t query) {
        const auto q = static_cast<size_t>(query);
        RowMeasure measured(*this, asked[q]);
        Candidates all(k);
        for (const uint32_t row : found[q]) {
          float bound = 0;
          const float key = measured.key_with_bound(row, bound);
          all.add(key, bound, row);
        }
        found[q] = merge_candidates(std::span(&all, 1), k);
      });
      return found;
    }
    const auto num_tasks = static_cast<size_t>(rows.num_tasks());
    std::vector<Candidates> parts(num_tasks * asked.size(), Candidates(k));
    rows.each_batch(context, [&](int64_t task, int64_t first, int64_t count) {
      std::vector<float> values(static_cast<size_t>(count)), bounds(values);
      for (size_t q = 0; q < asked.size(); ++q) {
        Candidates& part = parts[q * num_tasks + static_cast<size_t>(task)];
        measure(asked[q], codes_.rows().rows_from(first), first, count, values.data(), bounds.data());
        for (size_t i = 0; i < values.size(); ++i) {
          if (values[i] - bounds[i] <= part.limit())
            part.add(values[i], bounds[i], static_cast<uint32_t>(first) + static_cast<uint32_t>(i));
        }
      }
    });
    for (size_t q = 0; q < found.size(); ++q)
      found[q] = merge_candidates(std::span(parts).subspan(q * num_tasks, num_tasks), k);
    return found;
  }

  // Looks again at those rows, the most promising first, until none can enter.
  std::vector<Entries> scan_by_bounds(const Matrix& queries, std::span<const PreparedQuery> asked,
                                      const AllowedRows& rows, int64_t k,
                                      const std::optional<FullVectors>& full, int64_t& num_looked_at,
                                      const Context& context) const {
    const auto within = rows_within_bounds(asked, rows, k, context);
    std::vector<Entries> found(asked.size());
    std::vector<int64_t> looked_at(asked.size());
    parallel_for(context, std::ssize(found), [&](int64_t query) {
      const auto q = static_cast<size_t>(query);
      RowMeasure measured(*this, asked[q]);
      Entries candidates;  // by the least key that they may have
      for (const uint32_t row : within[q]) {
        float bound = 0;
        const float key = measured.key_with_bound(row, bound);
        candidates.push_back({key - bound, row});
      }
      sort_entries(candidates);
      Ranker ranker(*this, queries.row<float>(query).data(), full);
      TopK top(k);
      for (const TopK::Entry& entry : candidates) {
        if (entry.key > top.bound()) break;
        top.push(ranker.key(entry.row), entry.row);
        ++looked_at[q];
      }
      found[q] = top.take();
    });
    num_looked_at = std::accumulate(looked_at.begin(), looked_at.end(), int64_t{0});
    return found;
  }

  // Ranks rows by the full vectors, or by both levels of the codes.
  class Ranker {
   public:
    Ranker(const CodesIndex& index, const float* query, const std::optional<FullVectors>& full)
        : index_(index),
          query_(query),
          full_(full),
          row_(static_cast<size_t>(index.dim())),
          code_(static_cast<size_t>(index.data_.codec->code_bytes())) {
      is_zero_ = index.metric_ == Metric::kCosine &&
                 std::all_of(query, query + index.dim(), [](float v) { return v == 0; });
      if (!full) scorer_ = index.data_.codec->fine_scorer(index.kernel(), query);
    }
    float key(uint32_t row) {
      if (is_zero_ || std::ranges::binary_search(index_.zero_rows_, row)) return kNoCosine;
      if (!full_) {
        index_.codes_.read(row, code_.data());
        return key_of(scorer_->score(code_.data(), index_.data_.fine(row)), index_.metric_);
      }
      full_->read(index_.rows_.ids, row, row_.data());
      if (index_.metric_ == Metric::kCosine) normalize(row_);
      return key_of(distance(index_.kernel(), query_, row_.data(), index_.dim()), index_.metric_);
    }

   private:
    const CodesIndex& index_;
    const float* query_;
    const std::optional<FullVectors>& full_;
    std::unique_ptr<codec::FineScorer> scorer_;
    std::vector<float> row_;
    std::vector<uint8_t> code_;
    bool is_zero_ = false;
  };

  void rescore(const Matrix& queries, const std::optional<FullVectors>& full, std::vector<Entries>& found,
               const Context& context) const {
    parallel_for(context, std::ssize(found), [&](int64_t q) {
      Ranker ranker(*this, queries.row<float>(q).data(), full);
      for (TopK::Entry& entry : found[static_cast<size_t>(q)]) entry.key = ranker.key(entry.row);
      sort_entries(found[static_cast<size_t>(q)]);
    });
  }

  static void sort_entries(Entries& entries) {
    std::ranges::sort(entries, [](const TopK::Entry& a, const TopK::Entry& b) {
      return a.key != b.key ? a.key < b.key : a.row < b.row;
    });
  }

  static void normalize(std::vector<float>& row) {
    float norm = 0;
    const auto dim = std::ssize(row);
    row_norms_of_block({row.data(), 1, dim, dim, DType::kF32}, &norm);
    for (float& value : row) value = norm > 0 ? value / norm : value;
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
        result.neighbors.values[at] = value_of(entry.key, metric_);
      }
      result.counts.push_back(count);
    }
    return result;
  }

  void compact() {
    if (rows_.live.size() == num_rows()) return;
    const std::vector<int64_t> kept = search::keep_live(rows_);
    std::vector<uint32_t> zero;
    for (const uint32_t row : zero_rows_) {
      const auto at = std::ranges::lower_bound(kept, int64_t{row});
      if (at != kept.end() && *at == int64_t{row}) zero.push_back(static_cast<uint32_t>(at - kept.begin()));
    }
    zero_rows_ = std::move(zero);
    codes_.change([&](codec::CodeRows& rows) { rows.keep(kept); });
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

  CompressedEmbeddings data_;
  Metric metric_;
  // Instead of data_.codes.codes.
  LaidCodes codes_;
  std::vector<uint32_t> zero_rows_;
  IndexRows rows_;
};

}  // namespace

std::unique_ptr<Index> codes_index(CompressedEmbeddings compressed) {
  return std::make_unique<CodesIndex>(std::move(compressed));
}

}  // namespace whitney
