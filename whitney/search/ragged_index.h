#pragma once

#include <span>
#include <utility>
#include <vector>

#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"

namespace whitney::search {

/// What the indexes of ragged rows have in common. Removed rows stay until they are more than a quarter.
class RaggedIndex : public Index {
 public:
  int64_t num_rows() const override { return rows_.size(); }
  const RowSet& live() const override { return rows_.live; }
  const Ids& ids() const override { return rows_.ids; }
  const Attributes& attributes() const override { return rows_.attributes; }
  const Value& record() const override { return rows_.record; }

  void add_ragged(const RaggedEmbeddings& more, const Context& context) override;
  void remove(const Ids& ids, const Context& context) override;

  /// Throw Error.
  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override;
  std::vector<float> vector(int64_t row) const override;
  void add(const Embeddings& more, const Context& context) override;

 protected:
  explicit RaggedIndex(IndexRows rows) : rows_(std::move(rows)) {}

  /// Throws Error when queries or rows to add are of another kind or width.
  void check_entries(const RaggedEmbeddings& entries, std::string_view what, const Context& context) const;
  /// Puts the entries of more rows, as they are given, behind those there.
  virtual void append_entries(const RaggedEmbeddings& more, const Context& context) = 0;
  /// Keeps the entries of some rows, ascending.
  virtual void keep_entries(std::span<const int64_t> rows, const Context& context) = 0;

  IndexRows rows_;

 private:
  [[noreturn]] void fail_dense() const;
  void compact(const Context& context);
};

/// The rows of ragged embeddings, all live.
IndexRows index_rows_of(const RaggedEmbeddings& embeddings);

}  // namespace whitney::search
