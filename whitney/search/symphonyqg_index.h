#pragma once

#include <span>
#include <string>

#include "whitney/search/hnsw_index.h"
#include "whitney/search/symphonyqg.h"
#include "whitney/search/symphonyqg_codes.h"

namespace whitney::search {

/// The parts of a symphonyqg index: nodes, vectors and layers are those of hnsw with M = degree / 2, whose
/// lists on layer 0 take `degree` links; beside each list stand the codes of the neighbours.
struct SymphonyqgParts {
  HnswParts base;
  SymphonyqgOptions options;
  NeighbourCodes codes;
};

/// Makes the parts of an index over embeddings. Throws Error for vectors that are too wide, too many, or not
/// finite.
SymphonyqgParts build_symphonyqg(const Embeddings& embeddings, const SymphonyqgOptions& options,
                                 const Context& context);
/// Adds rows that were checked (check_new_rows): links as hnsw does, fills up lists that became short, and
/// writes the lanes that changed.
void add_to_symphonyqg(SymphonyqgParts& parts, const Embeddings& more, const Context& context);
/// Removes live rows, ascending; lanes as in add_to_symphonyqg.
void remove_from_symphonyqg(SymphonyqgParts& parts, std::span<const uint32_t> rows, const Context& context);

/// Answers queries; see Index::search. Without a filter by the lanes, under one as hnsw does.
SearchResult search_symphonyqg(const SymphonyqgParts& parts, ScratchPool& scratch_pool,
                               const MatrixView& queries, const SearchParams& params, const Context& context);

void save_symphonyqg(const SymphonyqgParts& parts, const std::string& path, bool force,
                     const Context& context);
/// Views the mapped file; links are checked as walks follow them. Throws Error.
SymphonyqgParts open_symphonyqg(const Artifact& artifact);

/// The lanes of all nodes, made anew from vectors and links: what the parts must always hold.
NeighbourCodes encode_all_lanes(const SymphonyqgParts& parts, const Context& context);

}  // namespace whitney::search
