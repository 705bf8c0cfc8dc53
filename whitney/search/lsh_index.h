#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/lsh.h"
#include "whitney/search/lsh_tokens.h"
#include "whitney/search/sparse_index.h"

namespace whitney::search {

/// Vectors (float32, as they were given) and, for each hash, the rows that have it.
class LshIndex : public Index {
 public:
  LshIndex(Metric metric, IndexRows rows, Matrix vectors, LshTokens tokens, SparseParts lists)
      : metric_(metric),
        rows_(std::move(rows)),
        vectors_(std::move(vectors)),
        tokens_(std::move(tokens)),
        lists_(std::move(lists)) {}

  std::string_view method() const override { return "lsh"; }
  Metric metric() const override { return metric_; }
  int64_t dim() const override { return vectors_.cols(); }
  int64_t num_rows() const override { return rows_.size(); }
  const RowSet& live() const override { return rows_.live; }
  const Ids& ids() const override { return rows_.ids; }
  const Attributes& attributes() const override { return rows_.attributes; }
  const Value& record() const override { return rows_.record; }
  int64_t size_bytes() const override;
  std::vector<float> vector(int64_t row) const override;
  std::vector<OptionSpec> search_options() const override { return option_specs<LshSearchOptions>(); }
  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override;
  void add(const Embeddings& more, const Context& context) override;
  void remove(const Ids& ids, const Context& context) override;
  void save(const std::string& path, bool force, const Context& context) const override;

 private:
  /// Drops the rows that were removed; the others are numbered anew, in their order.
  void compact(const Context& context);

  Metric metric_;
  IndexRows rows_;
  Matrix vectors_;
  LshTokens tokens_;
  SparseParts lists_;
};

/// The lists of hashes of rows.
SparseParts lsh_lists(const RaggedEmbeddings& tokens, const Context& context);

}  // namespace whitney::search
