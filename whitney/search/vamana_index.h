#pragma once

#include <span>
#include <string>

#include "whitney/search/hnsw_index.h"
#include "whitney/search/vamana.h"

namespace whitney::search {

/// Makes the parts of an index over embeddings: those of hnsw with one layer. Throws
/// Error for vectors that are too wide, too many, or not finite.
HnswParts build_vamana(const Embeddings& embeddings, const VamanaOptions& options, const Context& context);
/// Removes live rows, ascending; walks then begin in the middle again. Rows are added by add_to_hnsw.
void remove_from_vamana(HnswParts& parts, std::span<const uint32_t> rows, const Context& context);

/// Answers queries; see Index::search.
SearchResult search_vamana(const HnswParts& parts, ScratchPool& scratch_pool, const MatrixView& queries,
                           const SearchParams& params, const Context& context);

void save_vamana(const HnswParts& parts, const std::string& path, bool force, const Context& context);
/// Views the mapped file; links are checked as walks follow them. Throws Error.
HnswParts open_vamana(const Artifact& artifact);

}  // namespace whitney::search
