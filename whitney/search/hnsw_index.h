#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "whitney/search/hnsw.h"
#include "whitney/search/hnsw_build.h"
#include "whitney/search/hnsw_codes.h"
#include "whitney/search/hnsw_graph.h"
#include "whitney/search/hnsw_rows.h"
#include "whitney/search/hnsw_scratch.h"
#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/planner.h"

namespace whitney::search {

/// The parts of an hnsw index: rows, the nodes that hold their vectors, and the map between vectors and
/// codes.
struct HnswParts {
  Metric metric = Metric::kCosine;
  HnswOptions options;
  /// How links are chosen; of Vamana M is half the degree, ef_construction its window L.
  LinkMethod method = LinkMethod::kHnsw;
  double alpha = 1;
  /// All nodes stand on layer 0 alone.
  bool is_flat = false;
  uint64_t seed = 0;
  IndexRows rows;
  CodeSpace space;
  HnswGraph graph;
  NodeRows nodes;
  /// False for a file's until they were looked at.
  bool links_checked = true;
  /// What steps of searches were measured to take; absent: the standard.
  std::optional<SearchCosts> costs;

  LinkRule rule() const { return {method, options.ef_construction, alpha}; }
};

/// The rows of embeddings, and their nodes without links, held as GraphCodes::kFloat32 whatever the options
/// say: that serves building. Throws Error for vectors that are too wide, too many, or not finite.
HnswParts make_nodes(const Embeddings& embeddings, const HnswOptions& options, bool is_flat,
                     const Context& context);
/// Holds the vectors of a graph of all rows of `embeddings` by the codes that its options say.
void recode(HnswParts& parts, const Embeddings& embeddings, const Context& context);

/// Bytes a row of building and holding such a graph: the vectors that are read, the graph that links are
/// chosen in, the one of the codes asked for, and hashes that find equal rows.
int64_t build_bytes_per_row(int64_t dim, int64_t m, GraphCodes codes);

/// Makes the parts of an index over embeddings. Throws Error for vectors that are too wide, too many, or not
/// finite.
HnswParts build_hnsw(const Embeddings& embeddings, const HnswOptions& options, const Context& context);
/// Adds rows that were checked (check_new_rows).
void add_to_hnsw(HnswParts& parts, const Embeddings& more, const Context& context);
/// Removes live rows, ascending.
void remove_from_hnsw(HnswParts& parts, std::span<const uint32_t> rows, const Context& context);

/// Another way to walk where nothing is filtered, of an index over the same nodes.
class GraphWalk {
 public:
  virtual ~GraphWalk() = default;
  /// The index that `explain` names.
  virtual std::string_view name() const = 0;
  /// Fills scratch.pool with nodes near the query and their distances in code space. query: as PreparedRows
  /// reads it; scratch.query holds it prepared. Ends as search_layer does where scratch.deadline or
  /// scratch.most_distances says so.
  virtual void walk(const float* query, int64_t ef, WalkScratch& scratch) const = 0;
};

/// Answers queries; see Index::search. graph_walk: null for the walk by the codes of all neighbours.
SearchResult search_hnsw(const HnswParts& parts, ScratchPool& scratch_pool, const MatrixView& queries,
                         const SearchParams& params, const Context& context,
                         const GraphWalk* graph_walk = nullptr);

void save_hnsw(const HnswParts& parts, const std::string& path, bool force, const Context& context);
/// What save_hnsw writes, for a file that holds more; `method` begins the names of tensors and is that of the
/// description in the record, which `more` joins.
ArtifactWriter hnsw_writer(const HnswParts& parts, std::string_view method, const Value& more);
/// Views the mapped file; links are checked as walks follow them. Throws Error.
HnswParts open_hnsw(const Artifact& artifact, std::string_view method = "hnsw");

}  // namespace whitney::search
