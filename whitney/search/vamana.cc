#include "whitney/search/vamana.h"

#include <algorithm>
#include <memory>
#include <string>

#include "whitney/search/graph_index.h"
#include "whitney/search/vamana_index.h"

namespace whitney {
namespace {

class VamanaIndex : public search::GraphIndex {
 public:
  using GraphIndex::GraphIndex;

  std::string_view method() const override { return "vamana"; }
  std::vector<OptionSpec> search_options() const override { return option_specs<VamanaSearchOptions>(); }

  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    return search::search_vamana(parts_, scratch_pool_, queries, params, context);
  }
  void remove(const Ids& ids, const Context& context) override {
    search::remove_from_vamana(parts_, search::live_rows_of(parts_.rows, ids), context);
  }
  void save(const std::string& path, bool force, const Context& context) const override {
    search::save_vamana(parts_, path, force, context);
  }
};

class VamanaBuilder : public IndexBuilder {
 public:
  std::unique_ptr<Index> build(const Embeddings& embeddings, const Value& options,
                               const Context& context) const override {
    const auto given = options_from<VamanaOptions>(options);
    auto index = std::make_unique<VamanaIndex>(search::build_vamana(embeddings, given, context));
    search::keep_costs(*index, given.plan_costs, context);
    return index;
  }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    return std::make_unique<VamanaIndex>(search::open_vamana(artifact));
  }
  CostEstimate estimate(int64_t num_rows, int64_t dim, const Value& options,
                        const Context& context) const override {
    const auto given = options_from<VamanaOptions>(options);
    const int64_t row_bytes = search::build_bytes_per_row(dim, given.degree / 2, given.codes);
    // Some 6 distances for each of the window, bound by memory and by the width.
    const double distances = 6.0 * std::max(given.window, given.degree);
    const double seconds =
        static_cast<double>(num_rows) * distances * (2e-8 + 4e-11 * static_cast<double>(dim));
    return {num_rows * row_bytes, seconds / context.num_threads()};
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<VamanaSearchOptions>(); }
};

const bool registered = register_method(declare_method<VamanaOptions>(
    Verb::kIndex,
    {.name = "vamana",
     .class_name = "Vamana",
     .summary = "Graph of near and far neighbours in one layer, over codes of 4 or 8 bits a value: for many "
                "vectors in little memory",
     .description =
         "A walk through the graph begins in the middle of the vectors and follows links of all lengths to "
         "the "
         "nearest of a query. It compares codes: of a quarter or an eighth of the bytes of float32 (LVQ, as "
         "compress lvq), or of a bit a value (RaBitQ, as compress rabitq); their second level, or the full "
         "values "
         "of `codes` float32, then rank the hits. `lvq8` finds up to 99.5 % of the true neighbours at a "
         "quarter "
         "of the memory; `lvq4x8` walks through half of its bytes and ranks nearly as exactly as float32, "
         "`lvq4x4` in as many bytes as `lvq8`; `rabitq4` takes the least memory, and more visits for the "
         "same "
         "recall. `ef` of a search trades speed for recall. At equal ef it finds more than hnsw with as many "
         "links; building took 1 to 1.4 times as long here.\n"
         "Links are chosen in two passes by the full vectors, then codes take their place: keep the "
         "originals, "
         "for an index of codes gives back what these decode to. Additions and removals choose links by both "
         "levels. Equal vectors share a node; zero vectors under cosine are not in the graph and found last. "
         "Under a filter the walk is that of hnsw, through allowed vectors only, and where few are allowed "
         "or it "
         "finds too few it becomes a scan, so that min(k, matches) hits always return. The same seed gives "
         "the "
         "same bytes for any number of threads.",
     .source =
         "Jayaram Subramanya, Devvrit, Kadekodi, Krishaswamy, Simhadri: DiskANN, NeurIPS 2019; Aguerrebere, "
         "Bhati, Hildebrand, Tepper, Willke: Similarity search in the blink of an eye with compressed "
         "indices, "
         "VLDB 2023, arXiv 2304.04759",
     .example = "whitney index vamana nodes.safetensors -o nodes.vamana.safetensors --codes lvq4x8"},
    std::make_shared<VamanaBuilder>()));

}  // namespace
}  // namespace whitney
