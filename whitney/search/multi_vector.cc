#include "whitney/search/multi_vector.h"

#include <cmath>
#include <memory>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/search/multi_vector_index.h"
#include "whitney/search/ragged_index.h"

namespace whitney {
namespace {

using search::IndexRows;
using search::MultiVectorParts;

class MultiVectorIndex : public search::RaggedIndex {
 public:
  MultiVectorIndex(IndexRows rows, MultiVectorParts parts)
      : RaggedIndex(std::move(rows)), parts_(std::move(parts)) {}

  std::string_view method() const override { return "multi_vector"; }
  Metric metric() const override { return parts_.metric; }
  IndexInput input() const override { return IndexInput::kVectorSets; }
  int64_t dim() const override { return parts_.vectors.cols(); }
  int64_t size_bytes() const override { return parts_.size_bytes(); }
  std::vector<OptionSpec> search_options() const override { return option_specs<MultiVectorSearchOptions>(); }

  SearchResult search_ragged(const RaggedEmbeddings& queries, const SearchParams& params,
                             const Context& context) const override {
    check_entries(queries, "queries", context);
    return search::search_multi_vector(parts_, rows_, queries, params, context);
  }
  RaggedEmbeddings ragged(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    const auto [begin, end] = parts_.sets().range(row);
    const int64_t rows[] = {row};
    RaggedEmbeddings one;
    one.ids = ids().select(rows);
    one.starts = {0, end - begin};
    one.vectors = Matrix::copy_of(parts_.vectors.view().slice(begin, end));
    return one;
  }
  void save(const std::string& path, bool force, const Context& context) const override {
    search::save_multi_vector(parts_, rows_, path, force, context);
  }

 protected:
  void append_entries(const RaggedEmbeddings& more, const Context& context) override {
    search::append_vectors(parts_, more, context);
  }
  void keep_entries(std::span<const int64_t> rows, const Context& /*context*/) override {
    search::keep_vectors(parts_, rows);
  }

 private:
  MultiVectorParts parts_;
};

class MultiVectorBuilder : public IndexBuilder {
 public:
  IndexInput input() const override { return IndexInput::kVectorSets; }
  std::unique_ptr<Index> build_ragged(const RaggedEmbeddings& embeddings, const Value& options,
                                      const Context& context) const override {
    if (embeddings.is_sparse)
      fail("multi_vector indexes several vectors a row, and sparse vectors are given (expected: sparse)");
    if (embeddings.metric() == Metric::kL2)
      fail("multi_vector compares by cosine or inner_product, not by l2");
    MultiVectorParts parts =
        search::build_multi_vector(embeddings, options_from<MultiVectorOptions>(options), context);
    return std::make_unique<MultiVectorIndex>(search::index_rows_of(embeddings), std::move(parts));
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<MultiVectorSearchOptions>(); }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    MultiVectorParts parts = search::open_multi_vector(artifact);
    IndexRows rows = search::read_index_rows(artifact, parts.starts.size() - 1);
    return std::make_unique<MultiVectorIndex>(std::move(rows), std::move(parts));
  }
  CostEstimate estimate_ragged(int64_t num_rows, int64_t num_entries, int64_t dim, const Value& /*options*/,
                               const Context& context) const override {
    // The vectors, those of norm 1, and a third for the sample and its products; codes and lists. Clusters
    // grow as the root of the vectors.
    const auto n = static_cast<double>(num_entries), d = static_cast<double>(dim);
    constexpr double kFlopsPerSecond = 5e10;
    const double seconds = 2 * n * 4 * std::sqrt(n) * d * 2 / kFlopsPerSecond / context.num_threads();
    return {num_entries * dim * 10 + num_entries * 24 + num_rows * 40, seconds};
  }

  std::unique_ptr<Index> build(const Embeddings& /*embeddings*/, const Value& /*options*/,
                               const Context& /*context*/) const override {
    fail_single();
  }
  CostEstimate estimate(int64_t /*num_rows*/, int64_t /*dim*/, const Value& /*options*/,
                        const Context& /*context*/) const override {
    fail_single();
  }

 private:
  [[noreturn]] static void fail_single() {
    fail("multi_vector indexes several vectors a row, not one (expected: what encode --output tokens makes)");
  }
};

const bool registered = register_method(declare_method<MultiVectorOptions>(
    Verb::kIndex,
    {.name = "multi_vector",
     .class_name = "MultiVector",
     .summary = "Late interaction: rows of several vectors, such as a text's tokens, compared by the sum of "
                "largest products",
     .description =
         "Keeps all vectors of a row, as ColBERT does of a text's tokens. A query is several vectors too; "
         "the "
         "score of a row is the sum, over the query's vectors, of the largest inner product (or cosine) with "
         "a "
         "vector of the row. So each word of a query is answered by the place of a text that fits it best, "
         "which one vector a text cannot hold; it takes some hundred times the memory.\n"
         "A search looks at the rows that have a vector in one of the --nprobe clusters nearest to each "
         "vector "
         "of the query, orders them by scores in which each vector stands where its cluster's centre is, and "
         "compares the best --candidates of them exactly: what is returned has exact scores, and what is "
         "missed, the clusters missed. --exact compares all rows, and so does a search whose filter leaves "
         "few; a filter never leaves fewer than k hits where k rows satisfy it. Unlike PLAID, the vectors "
         "are "
         "kept as float32, not as codes of their distance from the centre.\n"
         "The vectors come from 'encode --output tokens', from an artifact of rows of vectors, and in Python "
         "from a list of arrays. A row without vectors scores 0. Rows that are added join the clusters "
         "there.",
     .source =
         "Khattab, Zaharia: ColBERT, SIGIR 2020 (arXiv 2004.12832); Santhanam, Khattab, Potts, Zaharia: "
         "PLAID, CIKM 2022 (arXiv 2205.09707)",
     .example = "whitney index multi_vector tokens.safetensors -o texts.multi_vector.safetensors"},
    std::make_shared<MultiVectorBuilder>()));

}  // namespace
}  // namespace whitney
