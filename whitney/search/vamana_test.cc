#include "whitney/search/vamana.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/graph_cases_test.h"
#include "whitney/search/graph_file_cases_test.h"
#include "whitney/search/vamana_cases_test.h"

namespace whitney::search {
namespace {

constexpr std::array kVamanaMetrics = {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};
constexpr std::array kAllGraphCodes = {GraphCodes::kFloat32, GraphCodes::kLvq4,    GraphCodes::kLvq8,
                                       GraphCodes::kLvq4x4,  GraphCodes::kLvq4x8,  GraphCodes::kLvq8x4,
                                       GraphCodes::kLvq8x8,  GraphCodes::kRabitq4, GraphCodes::kRabitq8};

Ids numbers_from(uint64_t first, int64_t count) {
  Array<uint64_t> ids(count);
  std::iota(ids.mutable_data(), ids.mutable_data() + count, first);
  return Ids::integers(ids);
}

// 40 clusters of points.
Matrix clusters_of(int64_t rows, int64_t dim, uint64_t item) {
  Matrix result = normal_vectors(rows, dim, item);
  const Matrix centres = normal_vectors(40, dim, 99);
  auto* values = result.mutable_data<float>();
  for (int64_t i = 0; i < rows * dim; ++i)
    values[i] += 4 * centres.row<float>(i / dim * 7 % 40)[static_cast<size_t>(i % dim)];
  return result;
}

// Of the k nearest of the vectors themselves, the share that a search finds. Ids are row numbers.
double true_recall(const Index& index, const Matrix& vectors, const Matrix& queries, int64_t k, int64_t ef) {
  const auto truth = build_index("flat", embeddings_of(vectors, index.metric()), Value::object(), {});
  const SearchResult found = index.search(queries, search_params(k, ef), {});
  SearchParams exact;
  exact.k = k;
  const SearchResult right = truth->search(queries, exact, {});
  int64_t num_found = 0;
  for (size_t q = 0; q < static_cast<size_t>(queries.rows()); ++q) {
    const auto begin = right.neighbors.rows.begin() + static_cast<int64_t>(q) * k;
    for (int64_t i = 0; i < k; ++i)
      num_found += std::count(begin, begin + k,
                              found.neighbors.rows[q * static_cast<size_t>(k) + static_cast<size_t>(i)]);
  }
  return static_cast<double>(num_found) / static_cast<double>(queries.rows() * k);
}

TEST(Vamana, WalksToEveryNodeWhenEfReachesSize) {
  const Matrix vectors = normal_vectors(120, 7, 1), queries = normal_vectors(4, 7, 2);
  for (const Metric metric : kVamanaMetrics) {
    for (const GraphCodes codes : kAllGraphCodes) {
      const HnswParts parts = build_vamana(embeddings_of(vectors, metric), vamana_options(codes), {});
      expect_sound(parts);
      EXPECT_EQ(parts.graph.top_level, 0);
      for (int64_t q = 0; q < queries.rows(); ++q)
        EXPECT_EQ(walk_nodes(parts, queries.row<float>(q), 120).size(), 120);
    }
  }
}

TEST(Vamana, FindsByEachKindOfCodesWhatTheseCanTell) {
  const Matrix vectors = clusters_of(2000, 24, 3), queries = clusters_of(40, 24, 4);
  // Least shares of the true neighbours, in the order of kAllGraphCodes.
  const std::array least = {0.99, 0.75, 0.96, 0.96, 0.98, 0.98, 0.98, 0.75, 0.96};
  for (const Metric metric : kVamanaMetrics) {
    for (size_t i = 0; i < kAllGraphCodes.size(); ++i) {
      // All under one metric, one of each kind under the others.
      if (metric != Metric::kL2 && i % 4 != 0) continue;
      const auto index = vamana_of(vectors, metric, name_of_enum(kAllGraphCodes[i]));
      EXPECT_GE(true_recall(*index, vectors, queries, 10, 100), least[i])
          << name_of_enum(metric) << " " << name_of_enum(kAllGraphCodes[i]);
    }
  }
}

TEST(Vamana, TellsScoresAsExactlyAsItsCodes) {
  const Matrix vectors = normal_vectors(600, 33, 5), queries = normal_vectors(5, 33, 6);
  for (const Metric metric : kVamanaMetrics) {
    for (const auto& [codes, error] :
         {std::pair{"float32", 1e-4}, {"lvq8x8", 1e-3}, {"lvq8", 0.1}, {"rabitq8", 0.1}}) {
      const SearchResult result =
          vamana_of(vectors, metric, codes)->search(queries, search_params(5, 60), {});
      for (size_t at = 0; at < 25; ++at) {
        const double value = value_by_hand(queries.row<float>(static_cast<int64_t>(at / 5)),
                                           vectors.row<float>(result.neighbors.rows[at]), metric);
        EXPECT_NEAR(result.neighbors.values[at], value, error * std::max(1.0, std::abs(value))) << codes;
      }
    }
  }
}

TEST(Vamana, GivesBackTheVectorsThatItsCodesDecodeTo) {
  const Matrix vectors = normal_vectors(50, 33, 7);
  for (const auto& [codes, error] : {std::pair{"float32", 1e-6},
                                     {"lvq8x8", 1e-4},
                                     {"lvq4x8", 2e-3},
                                     {"lvq4x4", 0.02},
                                     {"lvq8", 0.02},
                                     {"rabitq8", 0.1}}) {
    const auto index = vamana_of(vectors, Metric::kL2, codes);
    for (int64_t row = 0; row < 50; ++row) {
      const std::vector<float> vector = index->vector(row);
      for (size_t j = 0; j < 33; ++j) ASSERT_NEAR(vector[j], vectors.row<float>(row)[j], error) << codes;
    }
  }
}

TEST(Vamana, WritesTheSameFileForAnyNumberOfThreads) {
  const TemporaryFolder folder;
  std::vector<std::string> files;
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    const auto index = vamana_of(clusters_of(500, 20, 8), Metric::kCosine, "lvq4x8", context);
    Embeddings more = embeddings_of(normal_vectors(70, 20, 9), Metric::kCosine);
    more.ids = numbers_from(5000, 70);
    index->add(more, context);
    index->remove(numbers_from(30, 50), context);
    files.push_back(graph_file_bytes(*index, folder, "index"));
  }
  EXPECT_TRUE(files[1] == files[0] && files[2] == files[0]);
}

TEST(Vamana, ReturnsAllThatAreDueUnderAFilter) {
  const uint32_t n = 5000 / one_in();
  const Matrix vectors = clusters_of(n, 12, 10), queries = clusters_of(10, 12, 11);
  const auto index = vamana_of(vectors, Metric::kL2, "lvq8");
  std::vector<uint32_t> half;
  for (uint32_t row = 0; row < n; row += 2) half.push_back(row);
  for (const RowSet& allowed : {RowSet::of(half), RowSet::range(100, 107), RowSet()}) {
    SearchParams params = search_params(10, 50);
    params.allowed = &allowed;
    const SearchResult result = index->search(queries, params, {});
    for (int64_t q = 0; q < queries.rows(); ++q) {
      const int64_t count = result.counts[static_cast<size_t>(q)];
      EXPECT_EQ(count, std::min<int64_t>(10, allowed.size()));
      for (int64_t i = 0; i < count; ++i)
        EXPECT_TRUE(
            allowed.contains(static_cast<uint32_t>(result.neighbors.rows[static_cast<size_t>(q * 10 + i)])));
    }
  }
}

TEST(Vamana, ReturnsKRowsAlwaysAndEqualOnesAmongThem) {
  Matrix vectors = normal_vectors(1500, 4, 12);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 1; i < 900; ++i) std::copy_n(values, 4, values + i * 4);
  const auto index = vamana_of(vectors, Metric::kL2, "lvq8x8");
  const Matrix query = Matrix::copy_of(vectors.view().slice(0, 1));
  for (const int64_t k : {1, 900, 2000}) {
    const SearchResult result = index->search(query, search_params(k, 10), {});
    ASSERT_EQ(result.counts[0], std::min<int64_t>(k, 1500));
    for (int64_t i = 0; i < std::min<int64_t>(k, 900); ++i)
      ASSERT_EQ(result.neighbors.rows[static_cast<size_t>(i)], i);
  }
}

TEST(Vamana, StaysSoundAndFindsAsMuchWhileRowsComeAndGo) {
  const Matrix vectors = clusters_of(4000, 16, 13), queries = clusters_of(50, 16, 14);
  const auto part = [&](int64_t begin, int64_t end) {
    Embeddings some = embeddings_of(Matrix::copy_of(vectors.view().slice(begin, end)), Metric::kL2);
    some.ids = numbers_from(static_cast<uint64_t>(begin), end - begin);
    return some;
  };
  for (const GraphCodes codes : {GraphCodes::kLvq4x8, GraphCodes::kRabitq8}) {
    HnswParts parts = build_vamana(part(0, 1000), vamana_options(codes), {});
    for (int64_t begin = 0; begin < 3000; begin += 300) {
      std::vector<uint32_t> gone = parts.rows.live.rows();
      gone.resize(300);
      remove_from_vamana(parts, gone, {});
      expect_sound(parts);
      add_to_hnsw(parts, part(begin + 1000, begin + 1300), {});
      expect_sound(parts);
    }
    const HnswParts fresh = build_vamana(part(3000, 4000), vamana_options(codes), {});
    const auto found = [&](const HnswParts& some) {
      ScratchPool pool;
      SearchParams params = search_params(10, 20), exact = params;
      exact.exact = true;
      const auto walked = search_vamana(some, pool, queries, params, {}).neighbors.rows;
      const auto right = search_vamana(some, pool, queries, exact, {}).neighbors.rows;
      int64_t count = 0;
      for (size_t i = 0; i < walked.size(); ++i) {
        const auto begin = right.begin() + static_cast<int64_t>(i / 10 * 10);
        count += std::count(begin, begin + 10, walked[i]);
      }
      return static_cast<double>(count) / static_cast<double>(walked.size());
    };
    EXPECT_GE(found(parts), found(fresh) - 0.01);
  }
}

TEST(Vamana, EndsWhenItsTimeIsUp) {
  const Matrix vectors = clusters_of(1000, 8, 24), queries = normal_vectors(3, 8, 25);
  for (const GraphCodes codes : {GraphCodes::kLvq8, GraphCodes::kRabitq4}) {
    expect_ends_in_time(*vamana_of(vectors, Metric::kL2, name_of_enum(codes)), queries);
    // The clock is looked at within the walk: at every eighth hop, of 16 links each.
    const HnswParts parts = build_vamana(embeddings_of(vectors, Metric::kL2), vamana_options(codes), {});
    EXPECT_LE(walk_nodes(parts, queries.row<float>(0), 1000, Deadline::after(0)).size(), 1 + 8 * 16);
  }
}

TEST(Vamana, IsEmptyWhenAllIsRemovedAndTakesRowsAgain) {
  const auto index = vamana_of(normal_vectors(50, 4, 15), Metric::kL2, "lvq8");
  index->remove(Ids::row_numbers(50), {});
  EXPECT_EQ(index->search(normal_vectors(1, 4, 1), search_params(3, 10), {}).counts[0], 0);
  index->add(embeddings_of(normal_vectors(20, 4, 16), Metric::kL2), {});
  EXPECT_EQ(index->search(normal_vectors(1, 4, 1), search_params(30, 10), {}).counts[0], 20);
}

TEST(Vamana, TakesVectorsFarOutsideTheRangeOfTheFirst) {
  for (const GraphCodes codes : {GraphCodes::kFloat32, GraphCodes::kLvq8, GraphCodes::kRabitq8}) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct}) {
      HnswParts parts =
          build_vamana(embeddings_of(normal_vectors(100, 4, 17), metric), vamana_options(codes), {});
      Matrix far = normal_vectors(40, 4, 18);
      auto* values = far.mutable_data<float>();
      for (int64_t i = 0; i < 160; ++i) values[i] *= 1e6F;
      Embeddings more = embeddings_of(far, metric);
      more.ids = numbers_from(1000, 40);
      add_to_hnsw(parts, more, {});
      expect_sound(parts);
      EXPECT_EQ(parts.graph.num_nodes, 140);
    }
  }
}

TEST(Vamana, WorksAtEverySimdLevel) {
  const Matrix vectors = clusters_of(300, 37, 19), queries = clusters_of(10, 37, 20);
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    for (const std::string_view codes : {"lvq8", "lvq4x8", "rabitq8"}) {
      const auto index = vamana_of(vectors, Metric::kL2, codes);
      EXPECT_GE(true_recall(*index, vectors, queries, 5, 50), 0.94) << level << " " << codes;
    }
  }
  set_simd_level("");
}

TEST(Vamana, NamesItselfAndRefusesAnOddDegree) {
  const auto index = vamana_of(normal_vectors(700, 4, 21), Metric::kL2, "lvq8");
  SearchParams params = search_params(3, 10);
  params.explain = true;
  EXPECT_EQ(index->search(normal_vectors(1, 4, 1), params, {}).explain.at("index"), Value("vamana"));
  const std::string error = graph_file_error([] {
    build_index("vamana", embeddings_of(normal_vectors(50, 4, 21), Metric::kL2),
                Value::object({{"degree", 33}}), {});
  });
  EXPECT_NE(error.find("degree is 33"), std::string::npos);
}

TEST(Vamana, PutsCodesIntoHnswToo) {
  const Matrix vectors = clusters_of(2000, 24, 22), queries = clusters_of(20, 24, 23);
  const Value options = Value::object({{"m", 8}, {"ef_construction", 40}, {"codes", "lvq4x8"}});
  const auto index = build_index("hnsw", embeddings_of(vectors, Metric::kCosine), options, {});
  EXPECT_GE(true_recall(*index, vectors, queries, 10, 80), 0.97);
  EXPECT_LT(index->size_bytes(), hnsw_of(vectors, Metric::kCosine, 8)->size_bytes());
  expect_ends_in_time(*index, queries);
}

}  // namespace
}  // namespace whitney::search
