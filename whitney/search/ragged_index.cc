#include "whitney/search/ragged_index.h"

#include "whitney/core/error.h"

namespace whitney::search {
namespace {

// Ids and attributes as rows without values, which is what checks and growth of rows look at.
Embeddings named_rows(const RaggedEmbeddings& ragged) {
  Embeddings named;
  named.ids = ragged.ids;
  named.attributes = ragged.attributes;
  named.attributes.num_rows = ragged.size();
  named.vectors = Matrix(ragged.size(), 0);
  return named;
}

}  // namespace

IndexRows index_rows_of(const RaggedEmbeddings& embeddings) {
  IndexRows rows = index_rows_of(named_rows(embeddings));
  rows.record = embeddings.record;
  return rows;
}

void RaggedIndex::check_entries(const RaggedEmbeddings& entries, std::string_view what,
                                const Context& context) const {
  if (entries.is_sparse != (input() == IndexInput::kSparse)) {
    fail("an index of the method ", method(), " holds ", name_of_enum(input()), ", and the ", what, " are ",
         entries.is_sparse ? "sparse vectors" : "several vectors each");
  }
  // A file of sparse rows may tell no more than the last dimension that occurs in it.
  if (entries.is_sparse ? entries.dim() > dim() : entries.dim() != dim())
    fail("the ", what, " have ", entries.dim(), " dimensions, the index has ", dim());
  entries.validate_entries(context);
}

void RaggedIndex::add_ragged(const RaggedEmbeddings& more, const Context& context) {
  check_entries(more, "new rows", context);
  more.validate(context);
  const Embeddings named = named_rows(more);
  check_new_rows(rows_, 0, named, context);
  if (revives_removed(rows_, more.ids)) compact(context);
  IndexRows rows = rows_;
  append_rows(rows, named);
  append_entries(more, context);
  rows_ = std::move(rows);
}

void RaggedIndex::remove(const Ids& ids, const Context& context) {
  for (const uint32_t row : live_rows_of(rows_, ids)) rows_.live.remove(row);
  if (num_rows() - rows_.live.size() > num_rows() / 4) compact(context);
}

void RaggedIndex::compact(const Context& context) {
  IndexRows rows = rows_;
  const std::vector<int64_t> kept = keep_live(rows);
  keep_entries(kept, context);
  rows_ = std::move(rows);
}

void RaggedIndex::fail_dense() const {
  fail("an index of the method ", method(), " holds ", name_of_enum(input()), ", not one vector a row");
}

SearchResult RaggedIndex::search(const MatrixView& /*queries*/, const SearchParams& /*params*/,
                                 const Context& /*context*/) const {
  fail_dense();
}
std::vector<float> RaggedIndex::vector(int64_t /*row*/) const { fail_dense(); }
void RaggedIndex::add(const Embeddings& /*more*/, const Context& /*context*/) { fail_dense(); }

}  // namespace whitney::search
