#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/spare_scratch.h"
#include "whitney/search/sparse.h"
#include "whitney/search/sparse_lists.h"
#include "whitney/search/sparse_walk.h"

namespace whitney::search {

/// The parts of a sparse index.
struct SparseParts {
  SparseOptions options;
  /// Dimensions that a row may have.
  int64_t num_dims = 0;
  SparseLists lists;
  /// What searches leave for those that follow.
  std::shared_ptr<SpareScratch<SparseScratch>> scratch = std::make_shared<SpareScratch<SparseScratch>>();
};

/// How a query is answered; see SparseWalk.
enum class SparsePlan : uint8_t { kScan, kBlockMax, kLookUp };

/// What is known of a query before it is answered.
struct SparseCosts {
  int64_t num_terms = 0, num_postings = 0, num_groups = 0, num_blocks = 0;
  /// Blocks with allowed rows; num_blocks without a filter.
  int64_t num_allowed_blocks = 0;
};

/// Chooses how the k best rows are found, by what sparse_bench measured (docs/results.md).
SparsePlan choose_sparse_plan(const SparseCosts& costs, bool is_filtered, int64_t k);

/// Answers sparse queries; see Index::search_ragged.
SearchResult search_sparse(const SparseParts& parts, const IndexRows& rows, const RaggedEmbeddings& queries,
                           const SearchParams& params, const Context& context);

void save_sparse(const SparseParts& parts, const IndexRows& rows, const std::string& path, bool force,
                 const Context& context);
/// Views the mapped file; lists are checked as searches follow them. Throws Error.
SparseParts open_sparse(const Artifact& artifact);
/// Adds the tensors of lists to a file.
void add_sparse_lists(ArtifactWriter& writer, const SparseLists& lists);
/// Views them; the number of rows is the caller's to set. What a few numbers for each list say is verified;
/// groups and entries are checked as searches follow them. Throws Error.
SparseLists read_sparse_lists(const Artifact& artifact);
/// The rows that the record of an artifact of an index tells. Throws Error.
int64_t num_sparse_rows(const Artifact& artifact);

}  // namespace whitney::search
