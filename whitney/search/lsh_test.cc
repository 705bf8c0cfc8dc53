#include "whitney/search/lsh_index.h"

#include <gmock/gmock.h>

#include "whitney/core/error.h"
#include "whitney/search/lsh_cases_test.h"

namespace whitney::search {
namespace {

Embeddings embeddings_of(Matrix vectors, Metric metric = Metric::kCosine) {
  Embeddings embeddings;
  embeddings.ids = Ids::row_numbers(vectors.rows());
  embeddings.vectors = std::move(vectors);
  embeddings.record = Value::object({{"method", "by-hand"}, {"metric", name_of_enum(metric)}});
  return embeddings;
}

Value small_options() { return Value::object({{"tables", 16}, {"bits", 6}}); }

TEST(Lsh, RanksTheRowsWithMostHashesInCommonByTheirVectors) {
  const Embeddings embeddings = embeddings_of(normal_rows(400, 8, 1));
  const auto index = build_index("lsh", embeddings, small_options(), {});
  const LshTokens hashes(8, 16, 6, Context().seed);
  const RaggedEmbeddings rows = hashes.of(embeddings.vectors, {});
  SearchParams params;
  params.k = 3;
  params.options = Value::object({{"candidates", 20}});
  for (const int64_t query : {0, 17, 399}) {
    const SearchResult found = index->search(embeddings.vectors.view().slice(query, query + 1), params, {});
    EXPECT_EQ(found.neighbors.rows[0], query);
    // By the definition: hashes in common, of equally many the lower row.
    std::vector<std::pair<int64_t, int64_t>> order;
    for (int64_t row = 0; row < 400; ++row) {
      int64_t common = 0;
      for (int64_t t = 0; t < 16; ++t) common += rows.indices[row * 16 + t] == rows.indices[query * 16 + t];
      order.emplace_back(-common, row);
    }
    std::ranges::sort(order);
    std::vector<uint32_t> candidates;
    for (int64_t i = 0; i < 20; ++i)
      candidates.push_back(static_cast<uint32_t>(order[static_cast<size_t>(i)].second));
    std::ranges::sort(candidates);
    params.exact = true;
    const RowSet only = RowSet::of(candidates);
    params.allowed = &only;
    const SearchResult expected =
        index->search(embeddings.vectors.view().slice(query, query + 1), params, {});
    params.exact = false;
    params.allowed = nullptr;
    EXPECT_EQ(found.neighbors.rows, expected.neighbors.rows);
    EXPECT_EQ(found.neighbors.values, expected.neighbors.values);
  }
}

TEST(Lsh, ScansWhereTooFewShareAHash) {
  Matrix opposite(300, 4);
  auto* out = opposite.mutable_data<float>();
  const Matrix noise = normal_rows(300, 4, 3);
  for (int64_t i = 0; i < 1200; ++i)
    out[i] = 1 + 0.01F * noise.view().row<float>(i / 4)[static_cast<size_t>(i % 4)];
  const auto index = build_index("lsh", embeddings_of(opposite), small_options(), {});
  Matrix query(1, 4);
  std::fill_n(query.mutable_data<float>(), 4, -1.0F);
  SearchParams params;
  params.k = 5;
  params.explain = true;
  const SearchResult found = index->search(query, params, {});
  EXPECT_EQ(found.counts[0], 5);
  EXPECT_EQ(found.explain.at("actuals").at("queries_scanned").as_int(), 1);
  params.exact = true;
  EXPECT_EQ(found.neighbors.rows, index->search(query, params, {}).neighbors.rows);
}

TEST(Lsh, FindsMostOfTheNearestWithEnoughTables) {
  // Twenty directions with forty rows around each, as embeddings have.
  const Matrix centers = normal_rows(20, 16, 4), noise = normal_rows(800, 16, 5);
  Matrix rows(800, 16);
  auto* out = rows.mutable_data<float>();
  for (int64_t i = 0; i < 800; ++i) {
    for (size_t j = 0; j < 16; ++j) *out++ = centers.row<float>(i % 20)[j] + 0.3F * noise.row<float>(i)[j];
  }
  const auto index = build_index("lsh", embeddings_of(rows), Value::object(), {});
  SearchParams params, exact;
  params.k = exact.k = 10;
  exact.exact = true;
  const auto found = index->search(rows, params, {}), truth = index->search(rows, exact, {});
  int64_t common = 0;
  for (int64_t q = 0; q < 800; ++q) {
    const auto begin = truth.neighbors.rows.begin() + q * 10;
    for (int64_t i = 0; i < 10; ++i)
      common += std::count(begin, begin + 10, found.neighbors.rows[static_cast<size_t>(q * 10 + i)]);
  }
  EXPECT_GT(static_cast<double>(common), 0.95 * 8000);
}

TEST(Lsh, RefusesDistancesInOneSentence) {
  try {
    build_index("lsh", embeddings_of(normal_rows(3, 4, 1), Metric::kL2), Value::object(), {});
    FAIL() << "l2 is taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("cosine or inner_product"));
  }
}

}  // namespace
}  // namespace whitney::search
