#include "whitney/search/codes_index.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/top_k.h"
#include "whitney/search/flat.h"
#include "whitney/search/searcher.h"

namespace whitney::search {
namespace {

Embeddings random_vectors(int64_t n, int64_t dim, std::string_view metric, uint64_t item = 0) {
  Embeddings embeddings;
  embeddings.vectors = Matrix(n, dim);
  RandomStream random(42, "codes index", item);
  auto* values = embeddings.vectors.mutable_data<float>();
  for (int64_t i = 0; i < n * dim; ++i) values[i] = static_cast<float>(random.normal());
  embeddings.ids = Ids::row_numbers(n);
  embeddings.record.set("metric", metric);
  return embeddings;
}

std::unique_ptr<Index> codes_of(const Embeddings& embeddings, std::string_view method,
                                const Value& options = Value::object()) {
  return codes_index(compress(method, embeddings, options, {}));
}

SearchResult ask(std::unique_ptr<Index> index, const Matrix& queries, SearchRequest request,
                 int threads = 0) {
  Context context;
  context.threads = threads;
  return Searcher(std::move(index)).search(queries, request, context);
}

SearchRequest best(int64_t k, const Value& options = Value::object()) {
  SearchRequest request;
  request.k = k;
  request.options = options;
  return request;
}

double recall(const SearchResult& found, const SearchResult& truth) {
  int64_t hits = 0;
  const int64_t k = truth.neighbors.k;
  for (size_t i = 0; i < truth.neighbors.rows.size(); ++i) {
    const auto begin = truth.neighbors.rows.begin() + static_cast<int64_t>(i) / k * k;
    hits += std::count(begin, begin + k, found.neighbors.rows[i]);
  }
  return static_cast<double>(hits) / static_cast<double>(truth.neighbors.rows.size());
}

const Value kNoRescoring = Value::object({{"rescore", 0}});

TEST(CodesIndex, FindsWhatASearchOfTheDecodedVectorsFinds) {
  for (const char* metric : {"cosine", "inner_product", "l2"}) {
    const Embeddings embeddings = random_vectors(3000, 24, metric);
    const Matrix queries = random_vectors(20, 24, metric, 1).vectors;
    for (const char* method : {"sq8", "sq4", "lvq"}) {
      const CompressedEmbeddings small = compress(method, embeddings, Value::object(), {});
      const SearchResult found = ask(codes_index(small), queries, best(10, kNoRescoring));
      Embeddings decoded = small.decode({});
      Matrix asked = queries;
      if (std::string_view(metric) == "cosine") {  // codes stand for vectors of norm 1, and compare by l2
        decoded.record.set("metric", "l2");
        normalize_rows({}, queries, asked);
      }
      const SearchResult truth = ask(flat_index(std::move(decoded)), asked, best(10));
      EXPECT_GE(recall(found, truth), 0.995) << method << " " << metric;
      EXPECT_EQ(found.counts, truth.counts);
    }
  }
}

// The vector of a row, asked as a query, is changed once, not twice: the row is its own nearest.
TEST(CodesIndex, AsksByTheVectorsThatACodecChanged) {
  for (const char* metric : {"cosine", "l2"}) {
    const Embeddings embeddings = random_vectors(200, 12, metric);
    for (const char* method : {"standardize", "all_but_the_top"}) {
      const auto index = codes_of(embeddings, method);
      for (int64_t row = 0; row < 20; ++row) {
        const std::vector<float> vector = index->vector(row);
        const Matrix query = Matrix::copy_of({vector.data(), 1, 12, 12, DType::kF32});
        const SearchResult found = ask(codes_of(embeddings, method), query, best(1));
        EXPECT_EQ(found.neighbors.rows[0], row) << method;
        EXPECT_NEAR(found.neighbors.values[0], std::string_view(metric) == "cosine" ? 1 : 0, 3e-3) << method;
      }
    }
  }
}

TEST(CodesIndex, SaysOfChangedVectorsThatAnotherIndexDoesNotChangeQueries) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Embeddings embeddings = random_vectors(20, 12, "cosine");
  build_index("flat", compress("rotation", embeddings, Value::object(), {}).decode({}), Value::object(),
              context);
  EXPECT_TRUE(notes.sentences.empty());
  build_index("flat", compress("standardize", embeddings, Value::object(), {}).decode({}), Value::object(),
              context);
  ASSERT_EQ(notes.sentences.size(), 1u);
  EXPECT_NE(notes.sentences[0].find("changed by compress standardize"), std::string::npos);
}

/// The best of the allowed codes by the codec's own scores, one code at a time.
std::vector<TopK::Entry> best_codes(const CompressedEmbeddings& small, const float* query, int64_t k,
                                    const RowSet& allowed) {
  const bool is_product = small.metric() == Metric::kInnerProduct;
  const auto scorer = small.codec->scorer(is_product ? Kernel::kInnerProduct : Kernel::kSquaredL2, query);
  TopK top(k);
  for (const uint32_t row : allowed.rows()) {
    float value = 0;
    scorer->score(small.code(row), 1, &value);
    top.push(is_product ? -value : value, row);
  }
  return top.take();
}

float value_of(float key, std::string_view metric) {
  return metric == "l2" ? std::sqrt(std::max(key, 0.0F)) : metric == "cosine" ? 1 - key / 2 : 0.0F - key;
}

TEST(CodesIndex, EndsWhenItsTimeIsUpAndSaysSo) {
  const Embeddings embeddings = random_vectors(2000, 16, "l2");
  const Matrix queries = random_vectors(20, 16, "l2", 1).vectors;
  for (const char* method : {"sq8", "rabitq"}) {
    for (const Value& options : {Value::object(), kNoRescoring}) {
      const SearchResult whole = ask(codes_of(embeddings, method), queries, best(5, options));
      SearchRequest request = best(5, options);
      request.timeout_ms = 1e9;
      const SearchResult in_time = ask(codes_of(embeddings, method), queries, request);
      EXPECT_FALSE(in_time.partial);
      EXPECT_EQ(in_time.neighbors.rows, whole.neighbors.rows);
      request.timeout_ms = 0;
      const SearchResult late = ask(codes_of(embeddings, method), queries, request);
      EXPECT_TRUE(late.partial);
      EXPECT_EQ(late.counts, std::vector<int64_t>(20, 0));
    }
  }
}

TEST(CodesIndex, BlocksGiveTheHitsAndValuesOfSingleCodes) {
  const uint32_t n = 3000 / one_in() + 3;
  const RowSet filter = RowSet::range(5, 37) | RowSet::range(64, 65) | RowSet::range(n / 2, n - 20);
  for (const char* metric : {"cosine", "inner_product", "l2"}) {
    const Embeddings embeddings = random_vectors(n, 24, metric);
    const Matrix queries = random_vectors(5, 24, metric, 1).vectors;
    Matrix compared = queries;
    if (std::string_view(metric) == "cosine") normalize_rows({}, queries, compared);
    for (const auto& [method, options] :
         {std::pair("pq", Value::object({{"bits", "4"}, {"num_subspaces", 8}})),
          std::pair("pq", Value::object({{"num_subspaces", 6}})),
          std::pair("rabitq", Value::object({{"num_centroids", 5}}))}) {
      const CompressedEmbeddings small = compress(method, embeddings, options, {});
      const auto index = codes_index(small);
      for (const bool filtered : {false, true}) {
        const RowSet allowed = filtered ? filter : RowSet::range(0, n);
        SearchParams params;
        params.k = 7;
        params.allowed = &allowed;
        const SearchResult found = index->search(queries, params, {});
        for (int64_t q = 0; q < 5; ++q) {
          const auto expected = best_codes(small, compared.row<float>(q).data(), 7, allowed);
          for (size_t i = 0; i < 7; ++i) {
            const size_t at = static_cast<size_t>(q) * 7 + i;
            EXPECT_EQ(found.neighbors.rows[at], expected[i].row) << method << " " << metric;
            EXPECT_EQ(found.neighbors.values[at], value_of(expected[i].key, metric))
                << method << " " << metric;
          }
        }
      }
    }
  }
}

TEST(CodesIndex, ZeroVectorsHaveCosineZero) {
  Embeddings embeddings = random_vectors(60, 8, "cosine");
  auto* values = embeddings.vectors.mutable_data<float>();
  std::fill(values + 5 * 8, values + 6 * 8, 0.0F);
  Matrix queries = random_vectors(2, 8, "cosine", 1).vectors;
  std::fill(queries.mutable_data<float>() + 8, queries.mutable_data<float>() + 16, 0.0F);
  for (const auto& [method, options] :
       {std::pair("sq8", Value::object()), std::pair("lvq", Value::object({{"bits", "4x4"}})),
        std::pair("rabitq", Value::object({{"bits", 5}})), std::pair("pq", Value::object({{"bits", "4"}}))}) {
    const TemporaryFolder folder;
    codes_of(embeddings, method, options)->save(folder.file("x.safetensors"), false, {});
    const SearchResult found =
        ask(open_index(folder.file("x.safetensors")), queries, best(60, Value::object({{"rescore", 60}})));
    const auto at = std::find(found.neighbors.rows.begin(), found.neighbors.rows.begin() + 60, 5);
    EXPECT_EQ(found.neighbors.values[static_cast<size_t>(at - found.neighbors.rows.begin())], 0) << method;
    for (size_t i = 60; i < 120; ++i) EXPECT_EQ(found.neighbors.values[i], 0) << method;
  }
}

TEST(CodesIndex, IsTheSameForAnyNumberOfThreads) {
  const Embeddings embeddings = random_vectors(40'000, 8, "l2");
  const Matrix queries = random_vectors(3, 8, "l2", 1).vectors;
  for (const auto& [method, options] :
       {std::pair("lvq", Value::object({{"bits", "4x8"}})), std::pair("rabitq", Value::object({{"bits", 3}})),
        std::pair("pq", Value::object({{"bits", "4"}}))}) {
    const CompressedEmbeddings small = compress(method, embeddings, options, {});
    const SearchResult one = ask(codes_index(small), queries, best(10), 1);
    for (const int threads : {2, 5}) {
      const SearchResult more = ask(codes_index(small), queries, best(10), threads);
      EXPECT_EQ(one.neighbors.rows, more.neighbors.rows) << method;
      EXPECT_EQ(one.neighbors.values, more.neighbors.values) << method;
    }
  }
}

TEST(CodesIndex, TheSecondLevelRanksTheCandidatesAnew) {
  const Embeddings embeddings = random_vectors(3000, 32, "l2");
  const Matrix queries = random_vectors(50, 32, "l2", 1).vectors;
  const Value two_levels = Value::object({{"bits", "4x8"}});
  const SearchResult truth = ask(flat_index(embeddings), queries, best(10));
  const auto with = [&](const Value& options) {
    return ask(codes_of(embeddings, "lvq", two_levels), queries, best(10, options));
  };
  const double first = recall(with(kNoRescoring), truth), both = recall(with(Value::object()), truth);
  EXPECT_GT(first, 0.8);
  EXPECT_LT(first, 0.97);
  EXPECT_GE(both, 0.99);
}

TEST(CodesIndex, FullVectorsRankTheCandidatesExactly) {
  const TemporaryFolder folder;
  const std::string path = folder.file("full.safetensors");
  const Embeddings embeddings = random_vectors(2000, 16, "cosine");
  save_embeddings(embeddings, path, false, {});
  const Matrix queries = random_vectors(20, 16, "cosine", 1).vectors;
  const SearchResult truth = ask(flat_index(embeddings), queries, best(5));
  const SearchResult found = ask(codes_of(embeddings, "sq4"), queries,
                                 best(5, Value::object({{"rescore", 100}, {"vectors", path}})));
  EXPECT_EQ(found.neighbors.rows, truth.neighbors.rows);
  for (size_t i = 0; i < truth.neighbors.values.size(); ++i)
    EXPECT_NEAR(found.neighbors.values[i], truth.neighbors.values[i], 1e-5);
}

TEST(CodesIndex, BoundsFindTheNearestAndLookAtFew) {
  const TemporaryFolder folder;
  const std::string path = folder.file("full.safetensors");
  const int64_t n = fewer(20'000);
  const Embeddings embeddings = random_vectors(n, 64, "l2");
  save_embeddings(embeddings, path, false, {});
  const Matrix queries = random_vectors(20, 64, "l2", 1).vectors;
  const SearchResult truth = ask(flat_index(embeddings), queries, best(10));
  // A bound that is never exceeded: the same hits. At the paper's width, nearly all of them from fewer looks.
  int64_t most_looks = 0;
  for (const auto& [epsilon, least] : {std::pair(6.0, 1.0), std::pair(1.9, 0.95)}) {
    SearchRequest request = best(10, Value::object({{"vectors", path}}));
    request.explain = true;
    const SearchResult found =
        ask(codes_of(embeddings, "rabitq", Value::object({{"epsilon", epsilon}})), queries, request);
    EXPECT_GE(recall(found, truth), least) << epsilon;
    const int64_t looks = found.explain.at("actuals").at("rescored").as_int();
    EXPECT_GT(looks, 200);
    EXPECT_LT(looks, most_looks == 0 ? 20 * n : most_looks);
    most_looks = looks;
  }
  const SearchResult by_bits =
      ask(codes_of(embeddings, "rabitq", Value::object({{"bits", 7}})), queries, best(10));
  EXPECT_GE(recall(by_bits, truth), 0.9);
}

TEST(CodesIndex, ReturnsAllThatAFilterAllowsAndLeavesOutTheExcluded) {
  const auto index = codes_of(random_vectors(100, 8, "l2"), "sq8");
  const Matrix query = random_vectors(1, 8, "l2", 1).vectors;
  SearchParams params;
  const RowSet allowed = RowSet::range(10, 13) | RowSet::range(50, 51);
  params.allowed = &allowed;
  params.excluded = {11};
  params.k = 10;
  const SearchResult found = index->search(query, params, {});
  EXPECT_EQ(found.counts, std::vector<int64_t>{3});
  EXPECT_EQ(std::count(found.neighbors.rows.begin(), found.neighbors.rows.end(), 11), 0);
  EXPECT_EQ(found.neighbors.rows[3], -1);
  EXPECT_TRUE(std::isnan(found.neighbors.values[3]));
}

TEST(CodesIndex, AddsAndRemovesRowsAndSavesTheRest) {
  for (const auto& [method, options] : {std::pair("lvq", Value::object({{"bits", "8x8"}})),
                                        std::pair("rabitq", Value::object({{"bits", 8}}))}) {
    const TemporaryFolder folder;
    const Embeddings embeddings = random_vectors(50, 8, "l2");
    const auto index = codes_of(embeddings, method, options);
    Embeddings more = random_vectors(2, 8, "l2", 7);
    more.ids = Ids::integers(Array<uint64_t>{100, 101});
    index->add(more, {});
    index->remove(Ids::integers(Array<uint64_t>{3, 100}), {});
    SearchParams params;
    params.k = 1;
    const SearchResult found = index->search(more.vectors, params, {});
    EXPECT_EQ(index->ids().text(found.neighbors.rows[1]), "101") << method;
    EXPECT_NE(index->ids().text(found.neighbors.rows[0]), "100") << method;
    index->save(folder.file("x.safetensors"), false, {});
    const auto read = open_index(folder.file("x.safetensors"));
    EXPECT_EQ(read->method(), "codes");
    EXPECT_EQ(read->num_rows(), 50);
    EXPECT_FALSE(read->ids().find("3").has_value());
    EXPECT_EQ(read->vector(49), index->vector(51)) << method;
  }
}

}  // namespace
}  // namespace whitney::search
