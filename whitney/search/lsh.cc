#include "whitney/search/lsh.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/selected_rows.h"
#include "whitney/search/artifact_numbers.h"
#include "whitney/search/lsh_index.h"

namespace whitney {
namespace search {
namespace {

// Rows behind one another, of equal width.
Matrix joined_rows(const MatrixView& first, const MatrixView& more) {
  Matrix joined(first.rows + more.rows, first.cols);
  auto* out = joined.mutable_data<float>();
  for (const MatrixView& part : {first, more}) {
    for (int64_t row = 0; row < part.rows; ++row, out += part.cols)
      std::ranges::copy(part.row<float>(row), out);
  }
  return joined;
}

int64_t default_bits(int64_t num_rows) {
  constexpr int64_t kRowsInAList = 64, kLeastBits = 4, kMostBits = 20;
  const auto lists = static_cast<uint64_t>(std::max<int64_t>(1, num_rows / kRowsInAList));
  return std::clamp(static_cast<int64_t>(std::bit_width(lists)) - 1, kLeastBits, kMostBits);
}

}  // namespace

SparseParts lsh_lists(const RaggedEmbeddings& tokens, const Context& context) {
  SparseParts parts;
  parts.options.bits = SparseBits::k8;
  parts.num_dims = tokens.num_dims;
  parts.lists = make_sparse_lists(tokens, /*as_codes=*/true, context);
  return parts;
}

int64_t LshIndex::size_bytes() const {
  return vectors_.bytes().size() + tokens_.planes().bytes().size() + lists_.lists.size_bytes();
}

std::vector<float> LshIndex::vector(int64_t row) const {
  WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
  const auto values = vectors_.row<float>(row);
  if (metric_ != Metric::kCosine) return {values.begin(), values.end()};
  Context one_thread;
  one_thread.threads = 1;
  Matrix normalized;
  normalize_rows(one_thread, vectors_.view().slice(row, row + 1), normalized);
  const auto unit = normalized.row<float>(0);
  return {unit.begin(), unit.end()};
}

void LshIndex::add(const Embeddings& more, const Context& context) {
  check_new_rows(rows_, dim(), more, context);
  if (revives_removed(rows_, more.ids)) compact(context);
  const Matrix added = more.vectors.to_float32();
  IndexRows rows = rows_;
  append_rows(rows, more);
  RaggedEmbeddings before = rows_of_lists(lists_.lists);
  before.num_dims = tokens_.num_tokens();
  RaggedEmbeddings all = joined_entries(before, tokens_.of(added, context));
  all.num_dims = tokens_.num_tokens();
  SparseParts lists = lsh_lists(all, context);
  vectors_ = joined_rows(vectors_, added);
  lists_ = std::move(lists);
  rows_ = std::move(rows);
}

void LshIndex::remove(const Ids& ids, const Context& context) {
  for (const uint32_t row : live_rows_of(rows_, ids)) rows_.live.remove(row);
  // Lists with holes are read for nothing: a quarter of the rows pays for packing them anew.
  if (num_rows() - rows_.live.size() > num_rows() / 4) compact(context);
}

void LshIndex::compact(const Context& context) {
  IndexRows rows = rows_;
  const std::vector<int64_t> kept = keep_live(rows);
  RaggedEmbeddings tokens = rows_of_lists(lists_.lists).entries_of(kept);
  tokens.num_dims = tokens_.num_tokens();
  lists_ = lsh_lists(tokens, context);
  vectors_ = selected_rows<int64_t>(vectors_, kept);
  rows_ = std::move(rows);
}

void LshIndex::save(const std::string& path, bool force, const Context& context) const {
  Value record = rows_.record;
  record.set("lsh", Value::object({{"bits", tokens_.bits()}}));
  ArtifactWriter writer("index", std::move(record));
  add_matrix(writer, "vectors", vectors_);
  add_matrix(writer, "lsh.planes", tokens_.planes());
  add_sparse_lists(writer, lists_.lists);
  add_index_rows(writer, rows_);
  writer.write(path, force, context);
}

}  // namespace search

namespace {

using search::LshIndex;
using search::LshTokens;

class LshBuilder : public IndexBuilder {
 public:
  std::unique_ptr<Index> build(const Embeddings& embeddings, const Value& options,
                               const Context& context) const override {
    if (embeddings.metric() == Metric::kL2)
      fail(
          "lsh hashes directions: it compares by cosine or inner_product, not by l2 (expected: hnsw or ivf)");
    const auto given = options_from<LshOptions>(options);
    const int64_t bits = given.bits.value_or(search::default_bits(embeddings.size()));
    const Matrix vectors = embeddings.vectors.to_float32();
    LshTokens tokens(vectors.cols(), given.tables, bits, context.seed);
    search::SparseParts lists = search::lsh_lists(tokens.of(vectors, context), context);
    return std::make_unique<LshIndex>(embeddings.metric(), search::index_rows_of(embeddings), vectors,
                                      std::move(tokens), std::move(lists));
  }
  std::vector<OptionSpec> search_options() const override { return option_specs<LshSearchOptions>(); }
  std::unique_ptr<Index> open(const Artifact& artifact) const override {
    constexpr std::string_view kStructure[] = {"lsh.planes"};
    verify_tensors(artifact, kStructure);
    constexpr int64_t kMostBits = 20;
    const auto options = options_from<LshOptions>(resolve_options(
        Registry::instance().get(Verb::kIndex, "lsh"), search::options_of_index(artifact, "lsh")));
    const int64_t bits = search::described_count(artifact, "lsh", "bits", kMostBits);
    Matrix vectors = search::matrix_in(artifact, "vectors"),
           planes = search::matrix_in(artifact, "lsh.planes");
    if (bits < 1 || planes.rows() != options.tables * bits || planes.cols() != vectors.cols())
      fail(artifact.path(), ": the tensors of its vectors and hyperplanes do not fit one another");
    search::IndexRows rows = search::read_index_rows(artifact, vectors.rows());
    LshTokens tokens(std::move(planes), options.tables, bits);
    search::SparseParts lists;
    lists.options.bits = SparseBits::k8;
    lists.num_dims = tokens.num_tokens();
    lists.lists = search::read_sparse_lists(artifact);
    lists.lists.num_rows = vectors.rows();
    return std::make_unique<LshIndex>(search::metric_in(artifact), std::move(rows), std::move(vectors),
                                      std::move(tokens), std::move(lists));
  }
  CostEstimate estimate(int64_t num_rows, int64_t dim, const Value& options,
                        const Context& context) const override {
    const auto given = options_from<LshOptions>(options);
    const int64_t bits = given.bits.value_or(search::default_bits(num_rows));
    // The vectors as they are read; of each hash its place (8 bytes), its value by list (12) and the list (5,
    // and up to 9 for the group of one value).
    constexpr int64_t kTokenBytes = 34;
    constexpr double kFlopsPerSecond = 5e10, kTokensPerSecond = 2e7;
    const double n = static_cast<double>(num_rows), tables = static_cast<double>(given.tables);
    const double seconds =
        2 * n * static_cast<double>(dim * bits) * tables / kFlopsPerSecond / context.num_threads() +
        n * tables / kTokensPerSecond;
    return {num_rows * (4 * dim + kTokenBytes * given.tables + 32), seconds};
  }
};

const bool registered = register_method(declare_method<LshOptions>(
    Verb::kIndex,
    {.name = "lsh",
     .class_name = "LSH",
     .summary = "Hashes by random hyperplanes as words of an inverted index, then exact scores (PinSage's "
                "retrieval)",
     .description =
         "Hashes each vector --tables times, by the sides of --bits random hyperplanes that it lies on, and "
         "keeps for each hash the rows that have it. A search finds the rows that have most hashes in common "
         "with the query and ranks the best --candidates of them by their vectors. Where fewer than k rows "
         "that a filter allows share a hash, it compares them all, so that no hit is missing.\n"
         "PinSage's authors retrieve items so, with WAND over the lists. Here each hash weighs the same: "
         "lists "
         "are added up, 65,536 rows at a time, or blocks are left out by their bounds where a query has one "
         "or "
         "two of them; the rows that are found are those that WAND would find. It is here for comparison "
         "with "
         "that system, for cosine and inner_product: hnsw finds more of the nearest rows in less time.",
     .source =
         "Charikar: Similarity estimation techniques from rounding algorithms, STOC 2002; Broder, Carmel, "
         "Herscovici, Soffer, Zien: Efficient query evaluation using a two-level retrieval process, CIKM "
         "2003; as in PinSage, arXiv 1806.01973",
     .example = "whitney index lsh items.safetensors -o items.lsh.safetensors"},
    std::make_shared<LshBuilder>()));

}  // namespace
}  // namespace whitney
