#include "whitney/search/sparse.h"

#include <memory>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/search/ragged_index.h"
#include "whitney/search/sparse_index.h"

namespace whitney {
namespace {

using search::IndexRows;
using search::SparseParts;

class SparseIndex : public search::RaggedIndex {
 public:
  SparseIndex(IndexRows rows, SparseParts parts) : RaggedIndex(std::move(rows)), parts_(std::move(parts)) {}

  std::string_view method() const override { return "sparse"; }
  Metric metric() const override { return Metric::kInnerProduct; }
  IndexInput input() const override { return IndexInput::kSparse; }
  int64_t dim() const override { return parts_.num_dims; }
  int64_t size_bytes() const override { return parts_.lists.size_bytes(); }
  std::vector<OptionSpec> search_options() const override { return {}; }

  SearchResult search_ragged(const RaggedEmbeddings& queries, const SearchParams& params,
                             const Context& context) const override {
    check_entries(queries, "queries", context);
    return search::search_sparse(parts_, rows_, queries, params, context);
  }
  RaggedEmbeddings ragged(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    RaggedEmbeddings one = search::row_of_lists(parts_.lists, row);
    one.num_dims = dim();
    const int64_t rows[] = {row};
    one.ids = ids().select(rows);
    return one;
  }
  void save(const std::string& path, bool force, const Context& context) const override {
    search::save_sparse(parts_, rows_, path, force, context);
  }

 protected:
  void append_entries(const RaggedEmbeddings& more, const Context& context) override {
    set_lists(joined_entries(search::rows_of_lists(parts_.lists), more), context);
  }
  void keep_entries(std::span<const int64_t> rows, const Context& context) override {
    set_lists(search::rows_of_lists(parts_.lists).entries_of(rows), context);
  }

 private:
  void set_lists(RaggedEmbeddings rows, const Context& context) {
    rows.num_dims = parts_.num_dims;
    parts_.lists = search::make_sparse_lists(rows, parts_.options.bits == SparseBits::k8, context);
  }

  SparseParts parts_;
};

class SparseBuilder : public IndexBuilder {
 public:
  IndexInput input() const override { return IndexInput::kSparse; }
  std::unique_ptr<Index> build_ragged(const RaggedEmbeddings& embeddings, const Value& options,
                                      const Context& context) const override {
    if (!embeddings.is_sparse)
      fail("sparse indexes sparse vectors, and several vectors a row are given (expected: multi_vector)");
    SparseParts parts;
    parts.options = options_from<SparseOptions>(options);
    parts.num_dims = embeddings.num_dims;
    parts.lists = search::make_sparse_lists(embeddings, parts.options.bits == SparseBits::k8, context);
    IndexRows rows = search::index_rows_of(embeddings);
    rows.record.set("metric", name_of_enum(Metric::kInnerProduct));
    return std::make_unique<SparseIndex>(std::move(rows), std::move(parts));
  }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    SparseParts parts = search::open_sparse(artifact);
    IndexRows rows = search::read_index_rows(artifact, search::num_sparse_rows(artifact));
    return std::make_unique<SparseIndex>(std::move(rows), std::move(parts));
  }
  CostEstimate estimate_ragged(int64_t num_rows, int64_t num_entries, int64_t dim, const Value& /*options*/,
                               const Context& /*context*/) const override {
    // What is read (8 bytes a value), values by list (12), and the lists themselves (5, and up to 9 for the
    // group of one value); two numbers a dimension.
    constexpr double kEntriesPerSecond = 2e7;
    return {num_entries * 34 + num_rows * 32 + dim * 24,
            static_cast<double>(num_entries) / kEntriesPerSecond};
  }

  std::unique_ptr<Index> build(const Embeddings& /*embeddings*/, const Value& /*options*/,
                               const Context& /*context*/) const override {
    fail_dense();
  }
  CostEstimate estimate(int64_t /*num_rows*/, int64_t /*dim*/, const Value& /*options*/,
                        const Context& /*context*/) const override {
    fail_dense();
  }

 private:
  [[noreturn]] static void fail_dense() {
    fail(
        "sparse indexes sparse vectors, not one dense vector a row (expected: what encode --output sparse "
        "makes)");
  }
};

const bool registered = register_method(declare_method<SparseOptions>(
    Verb::kIndex,
    {.name = "sparse",
     .class_name = "Sparse",
     .summary = "Inverted index of sparse vectors, such as SPLADE's weights of words; exact, by a scan or "
                "block-max pruning",
     .description =
         "Answers sparse queries by the inner product, exactly. For each dimension it keeps the rows that "
         "have it, cut in blocks of 64 rows, and the largest value of each block, rounded up to 8 bits. A "
         "search adds the lists of its dimensions up, 65,536 rows at a time. With one or two dimensions and "
         "few hits it adds the bounds of blocks up instead and scores those of the highest ones, until no "
         "other can hold one of the k best (block-max pruning): with more dimensions nearly each block has "
         "some, and reading bounds takes longer than they spare. Where a filter leaves few rows, their "
         "blocks are scored alone. The hits and their bits are the same by any plan.\n"
         "Sparse vectors come from 'encode --output sparse' with a model that has a masked-LM head, from an "
         "artifact of sparse rows, and in Python from a scipy CSR matrix. Queries are of the same kind, or a "
         "text and the model that made the vectors. Only rows that share a dimension with the query are "
         "found, "
         "so there may be fewer than k. Values and weights may be negative, except with --bits 8.\n"
         "Additions pack the lists anew, and so do removals once a quarter of the rows is gone; with --bits "
         "8, "
         "values whose dimension has another largest value then are rounded again.",
     .source =
         "Mallia, Suel, Tonellotto: Faster Learned Sparse Retrieval with Block-Max Pruning, SIGIR 2024; "
         "SPLADE: Formal, Piwowarski, Clinchant, SIGIR 2021",
     .example = "whitney index sparse sparse.safetensors -o texts.sparse.safetensors --bits 8"},
    std::make_shared<SparseBuilder>()));

}  // namespace
}  // namespace whitney
