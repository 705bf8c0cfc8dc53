#include "whitney/search/hnsw.h"

#include <algorithm>
#include <memory>
#include <string>

#include "whitney/search/graph_index.h"
#include "whitney/search/hnsw_index.h"

namespace whitney {
namespace {

class HnswIndex : public search::GraphIndex {
 public:
  using GraphIndex::GraphIndex;

  std::string_view method() const override { return "hnsw"; }
  std::vector<OptionSpec> search_options() const override { return option_specs<HnswSearchOptions>(); }

  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    return search::search_hnsw(parts_, scratch_pool_, queries, params, context);
  }
  void remove(const Ids& ids, const Context& context) override {
    search::remove_from_hnsw(parts_, search::live_rows_of(parts_.rows, ids), context);
  }
  void save(const std::string& path, bool force, const Context& context) const override {
    search::save_hnsw(parts_, path, force, context);
  }
};

class HnswBuilder : public IndexBuilder {
 public:
  std::unique_ptr<Index> build(const Embeddings& embeddings, const Value& options,
                               const Context& context) const override {
    const auto given = options_from<HnswOptions>(options);
    auto index = std::make_unique<HnswIndex>(search::build_hnsw(embeddings, given, context));
    search::keep_costs(*index, given.plan_costs, context);
    return index;
  }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    return std::make_unique<HnswIndex>(search::open_hnsw(artifact));
  }
  CostEstimate estimate(int64_t num_rows, int64_t dim, const Value& options,
                        const Context& context) const override {
    const auto given = options_from<HnswOptions>(options);
    // And the upper layers.
    const int64_t row_bytes =
        search::build_bytes_per_row(dim, given.m, given.codes) + 8 * given.m / (given.m - 1);
    // A link costs some 6 distances for each of ef_construction, bound by memory and by the width.
    const double distances = 6.0 * std::max(given.ef_construction, given.m);
    const double seconds =
        static_cast<double>(num_rows) * distances * (2e-8 + 4e-11 * static_cast<double>(dim));
    return {num_rows * row_bytes, seconds / context.num_threads()};
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<HnswSearchOptions>(); }
};

const bool registered = register_method(declare_method<HnswOptions>(
    Verb::kIndex,
    {.name = "hnsw",
     .class_name = "HNSW",
     .summary = "Graph of near neighbours in layers: finds nearly all true neighbours at many times the "
                "speed of a scan",
     .description = "A walk on a graph of near neighbours, entered through thinner layers, meets the nearest "
                    "vectors of a query "
                    "after comparing a few hundred of them. Pick it from some ten thousand vectors on; "
                    "below, a scan (flat) is as "
                    "fast and always right. `ef` of a search trades speed for recall.\n"
                    "Vectors are held as 8-bit codes, which the walk compares, and further bits beside, by "
                    "which the hits are "
                    "ranked as exactly as by float32, or as `codes` says. Equal vectors share a node; zero "
                    "vectors under cosine "
                    "are not in the graph "
                    "and found last. Under a filter the walk goes through allowed vectors only, and where "
                    "few are allowed or it "
                    "finds too few it becomes a scan, so that min(k, matches) hits always return.\n"
                    "An index built at once and one grown by additions differ in their links. Links are "
                    "added in batches, so that "
                    "the same seed gives the same bytes for any number of threads.",
     .source =
         "Malkov, Yashunin: Efficient and robust approximate nearest neighbor search using Hierarchical "
         "Navigable Small World graphs, TPAMI 2018, arXiv 1603.09320",
     .example = "whitney index hnsw nodes.safetensors -o nodes.hnsw.safetensors --m 16"},
    std::make_shared<HnswBuilder>()));

}  // namespace
}  // namespace whitney
