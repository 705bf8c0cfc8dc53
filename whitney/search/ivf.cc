#include "whitney/search/ivf.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/search/ivf_index.h"
#include "whitney/search/planner_costs.h"

namespace whitney {

std::vector<std::string> IvfOptions::ineffective() const {
  const IvfOptions plain;
  std::vector<std::string> sentences;
  const auto note = [&](std::string_view option, std::string_view why) {
    sentences.push_back("option \"--" + std::string(option) + "\" has no effect " + std::string(why));
  };
  if (bits && codes == IvfCodes::kFlat) note("bits", "with --codes flat");
  if (refine && codes == IvfCodes::kFlat) note("refine", "with --codes flat: lists hold the vectors");
  if (num_subspaces && codes != IvfCodes::kPq) note("num-subspaces", "without --codes pq");
  if (epsilon != plain.epsilon && codes != IvfCodes::kRabitq) note("epsilon", "without --codes rabitq");
  if (codes == IvfCodes::kRabitq && bits.value_or(1) > 1 &&
      refine.value_or(IvfRefine::kNone) != IvfRefine::kNone)
    note("bits", "on what is found: --refine ranks by more");
  return sentences;
}

namespace {

using search::IvfParts;

class IvfIndex : public Index {
 public:
  explicit IvfIndex(IvfParts parts) : parts_(std::move(parts)) {}

  std::string_view method() const override { return "ivf"; }
  Metric metric() const override { return parts_.metric; }
  int64_t dim() const override { return parts_.dim; }
  int64_t num_rows() const override { return parts_.rows.size(); }
  const RowSet& live() const override { return parts_.rows.live; }
  const Ids& ids() const override { return parts_.rows.ids; }
  const Attributes& attributes() const override { return parts_.rows.attributes; }
  const Value& record() const override { return parts_.rows.record; }
  int64_t size_bytes() const override {
    int64_t size = parts_.centroids.size_bytes() + std::ssize(parts_.places) * 8;
    for (const search::IvfList& list : parts_.lists) size += list.size_bytes();
    return size;
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<IvfSearchOptions>(); }

  std::vector<float> vector(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    std::vector<float> values(static_cast<size_t>(dim()));
    search::read_vector(parts_, static_cast<uint32_t>(row), values.data());
    return values;
  }

  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    return search::search_ivf(parts_, queries, params, context);
  }
  bool measure_plan_costs() override {
    const auto costs = search::measure_ivf_costs(*this, parts_);
    if (costs) parts_.costs = costs;
    return costs.has_value();
  }
  void add(const Embeddings& more, const Context& context) override {
    search::check_new_rows(parts_.rows, dim(), more, context);
    search::add_to_ivf(parts_, more, context);
  }
  void remove(const Ids& ids, const Context& context) override {
    search::remove_from_ivf(parts_, search::live_rows_of(parts_.rows, ids), context);
  }
  void save(const std::string& path, bool force, const Context& context) const override {
    search::save_ivf(parts_, path, force, context);
  }

 private:
  IvfParts parts_;
};

class IvfBuilder : public IndexBuilder {
 public:
  std::unique_ptr<Index> build(const Embeddings& embeddings, const Value& options,
                               const Context& context) const override {
    const auto given = options_from<IvfOptions>(options);
    auto index = std::make_unique<IvfIndex>(search::build_ivf(embeddings, given, context));
    search::keep_costs(*index, given.plan_costs, context);
    return index;
  }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    return std::make_unique<IvfIndex>(search::open_ivf(artifact));
  }
  CostEstimate estimate(int64_t num_rows, int64_t dim, const Value& options,
                        const Context& context) const override {
    IvfParts parts;
    parts.options = options_from<IvfOptions>(options);
    const int64_t bits = search::bits_of(parts.options);
    const int64_t nlist = parts.options.nlist.value_or(search::default_nlist(num_rows));
    // The vectors that are read and those of norm 1 or in float32, bounds of k-means, ids and places.
    int64_t row_bytes = 8 * dim + 4 * (nlist / 48 + 2) + 40;
    if (parts.has_vectors()) row_bytes += 4 * dim;
    if (parts.has_bytes()) row_bytes += dim;
    if (parts.options.codes == IvfCodes::kPq)
      row_bytes += 2 * parts.options.num_subspaces.value_or(dim / (bits == 4 ? 4 : 8)) * bits / 8 + 16;
    if (parts.options.codes == IvfCodes::kRabitq) row_bytes += 2 * (dim * bits / 8 + 32);
    // k-means at 60 GFLOP/s a thread; codes at some nanoseconds a value.
    const double n = static_cast<double>(num_rows), d = static_cast<double>(dim);
    const double rounds = parts.options.max_iterations + 1;
    const double seconds =
        2 * n * d * static_cast<double>(nlist) * rounds / 6e10 + n * d * (parts.has_codes() ? 2e-8 : 1e-9);
    return {num_rows * row_bytes + 3 * 4 * nlist * dim, seconds / context.num_threads()};
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<IvfSearchOptions>(); }
};

const bool registered = register_method(declare_method<IvfOptions>(
    Verb::kIndex,
    {.name = "ivf",
     .class_name = "IVF",
     .summary =
         "Inverted lists of vectors or of their codes (PQ, RaBitQ), of which a search scans the nearest",
     .description =
         "k-means finds centroids, each with a list of the vectors nearest to it; a search scans the lists "
         "of the `nprobe` nearest centroids. It is built in about half the time of a graph, and takes "
         "additions and removals at the price of a look at the centroids; hnsw answers more queries a second "
         "at equal recall. Pick it for many vectors that change, for filters, or where memory rules.\n"
         "Lists hold float32 vectors (--codes flat), or codes of the vectors' differences from their "
         "centroid, scanned 32 at a time: rabitq of 1 bit a dimension, whose estimates tell how wrong they "
         "may be, so that exactly those vectors are read and ranked that could be among the k best; or pq, "
         "of which the `rescore` best are. What they are ranked by is chosen by --refine; the values that "
         "hits come with are exact where it is full. `rabitq --bits 4` ranks by codes of 4 bits and keeps "
         "nothing else: an eighth of the memory. Up to some hundred dimensions, and for many queries at "
         "once, which share the reading of a list, flat is the fastest; codes where dimensions are many.\n"
         "Under a filter rows are tested before their codes are read, and lists are scanned until enough "
         "that pass were seen: nprobe / sqrt(s) lists where the share s passes anywhere, more where matches "
         "are far from the query. Where ranking all that pass one by one costs less than the lists that a "
         "query "
         "would look at, as counted in them, that is done instead. min(k, matches) hits always return. Lists "
         "of float32 that the triangle inequality shows to hold nothing nearer are passed "
         "over.\n"
         "New vectors go to the lists of their nearest centroids, which stay as they are: build anew when "
         "the data have changed. Removed rows stay in their lists, passed over, until a quarter is removed; "
         "then, and when the index is saved, lists are cleared of them. The same seed gives the same bytes "
         "for any number of threads.",
     .source =
         "Jegou, Douze, Schmid: Product quantization for nearest neighbor search, TPAMI 2011; Andre, "
         "Kermarrec, Le Scouarnec: Cache locality is not enough (FastScan), VLDB 2015; Gao, Long: RaBitQ, "
         "SIGMOD 2024, arXiv 2405.12497",
     .example = "whitney index ivf nodes.safetensors -o nodes.ivf.safetensors --codes flat"},
    std::make_shared<IvfBuilder>()));

}  // namespace
}  // namespace whitney
