#include "whitney/search/symphonyqg.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/search/hnsw_request.h"
#include "whitney/search/planner_costs.h"
#include "whitney/search/symphonyqg_index.h"

namespace whitney {
namespace {

using search::SymphonyqgParts;

class SymphonyqgIndex : public Index {
 public:
  explicit SymphonyqgIndex(SymphonyqgParts parts) : parts_(std::move(parts)) {}

  std::string_view method() const override { return "symphonyqg"; }
  Metric metric() const override { return parts_.base.metric; }
  int64_t dim() const override { return parts_.base.space.dim; }
  int64_t num_rows() const override { return parts_.base.rows.size(); }
  const RowSet& live() const override { return parts_.base.rows.live; }
  const Ids& ids() const override { return parts_.base.rows.ids; }
  const Attributes& attributes() const override { return parts_.base.rows.attributes; }
  const Value& record() const override { return parts_.base.rows.record; }
  int64_t size_bytes() const override {
    return parts_.base.graph.size_bytes() + parts_.base.nodes.size_bytes() + parts_.codes.size_bytes();
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<SymphonyqgSearchOptions>(); }

  std::vector<float> vector(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    std::vector<float> result(static_cast<size_t>(dim()), 0.0F);
    const uint32_t node = parts_.base.nodes.node_of(static_cast<uint32_t>(row));
    if (node != search::kNoNode) parts_.base.space.decode(parts_.base.graph.view(), node, result.data());
    return result;
  }

  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    return search::search_symphonyqg(parts_, scratch_pool_, queries, params, context);
  }
  bool measure_plan_costs() override {
    const auto costs = search::measure_costs(*this, search::measured_graph(parts_.base));
    if (costs) parts_.base.costs = costs;
    return costs.has_value();
  }
  void add(const Embeddings& more, const Context& context) override {
    search::check_new_rows(parts_.base.rows, dim(), more, context);
    search::add_to_symphonyqg(parts_, more, context);
  }
  void remove(const Ids& ids, const Context& context) override {
    search::remove_from_symphonyqg(parts_, search::live_rows_of(parts_.base.rows, ids), context);
  }
  void save(const std::string& path, bool force, const Context& context) const override {
    search::save_symphonyqg(parts_, path, force, context);
  }

 private:
  SymphonyqgParts parts_;
  mutable search::ScratchPool scratch_pool_;
};

class SymphonyqgBuilder : public IndexBuilder {
 public:
  std::unique_ptr<Index> build(const Embeddings& embeddings, const Value& options,
                               const Context& context) const override {
    const auto given = options_from<SymphonyqgOptions>(options);
    auto index = std::make_unique<SymphonyqgIndex>(search::build_symphonyqg(embeddings, given, context));
    search::keep_costs(*index, given.plan_costs, context);
    return index;
  }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    return std::make_unique<SymphonyqgIndex>(search::open_symphonyqg(artifact));
  }
  CostEstimate estimate(int64_t num_rows, int64_t dim, const Value& options,
                        const Context& context) const override {
    const auto given = options_from<SymphonyqgOptions>(options);
    const search::HnswGraph graph(dim, given.degree / 2, search::Precision::kFixed);
    const search::NeighbourCodes codes(dim, given.degree, codec::RotationTransform(dim, 0));
    // The vectors that are read and those turned, the graph, the lanes, and while links are chosen the lists
    // of what else may be one.
    const int64_t row_bytes = 8 * dim + graph.stride() + graph.detail_stride() + codes.stride() + 48 +
                              4 * (3 * int64_t{given.degree} + 96);
    // A pass expands half of ef_construction and compares what was met.
    const double visits =
        static_cast<double>(given.passes * std::max(given.ef_construction, given.degree)) / 2;
    const double seconds =
        static_cast<double>(num_rows) * (visits + 200) * (2e-7 + 8e-10 * static_cast<double>(dim));
    return {num_rows * row_bytes, seconds / context.num_threads()};
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<SymphonyqgSearchOptions>(); }
};

const bool registered = register_method(declare_method<SymphonyqgOptions>(
    Verb::kIndex,
    {.name = "symphonyqg",
     .class_name = "SymphonyQG",
     .summary =
         "Graph whose nodes hold their neighbours' 1-bit codes, scored 32 at a time: for vectors of many "
         "dimensions",
     .description =
         "Beside the links of each vector stand 1-bit codes of its 32 neighbours, relative to itself "
         "(RaBitQ): a visit estimates the distances of all of them in one pass over a contiguous row, and "
         "only the nearest by estimate are visited, and measured, themselves. It takes two to four times the "
         "memory of hnsw, whose walk compares 8-bit codes: measure both (`whitney evaluate ann-recall`). In "
         "ours it was faster on 784 dimensions at recall 0.99, a fifth slower on 384, and a third slower on "
         "96, where estimates of one bit a dimension are coarse; `ef` of a search trades speed for recall.\n"
         "Vectors are held as in hnsw, as 8-bit codes and further bits, by which the hits are ranked as "
         "exactly as by float32: estimates never reach an answer. A search measures some more nodes than it "
         "visits. Equal vectors share a node; zero vectors under cosine are not in the graph and found last. "
         "The passes begin with a quickly built hnsw graph, whose upper layers lead a walk to where it "
         "starts. Every vector gets exactly `degree` links where there are as many others: those that the "
         "rule of hnsw keeps, then others at wide angles to them.\n"
         "Under a filter the walk is that of hnsw, through allowed vectors only, and where few are allowed "
         "or it finds too few it becomes a scan, so that min(k, matches) hits always return. Additions and "
         "removals write only the codes of links that changed. The same seed gives the same bytes for any "
         "number of threads.",
     .source =
         "Gou, Gao, Xu, Long: SymphonyQG: Towards Symphonious Integration of Quantization and Graph for "
         "Approximate Nearest Neighbor Search, SIGMOD 2025, arXiv 2411.12229",
     .example = "whitney index symphonyqg nodes.safetensors -o nodes.symphonyqg.safetensors"},
    std::make_shared<SymphonyqgBuilder>()));

}  // namespace
}  // namespace whitney
