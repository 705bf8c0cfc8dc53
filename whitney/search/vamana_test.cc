#include "whitney/search/vamana.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "whitney/core/one_in_test.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/graph_cases_test.h"
#include "whitney/search/vamana_cases_test.h"

namespace whitney::search {
namespace {

constexpr std::array kAllGraphCodes = {GraphCodes::kFloat32, GraphCodes::kLvq4,    GraphCodes::kLvq8,
                                       GraphCodes::kLvq4x4,  GraphCodes::kLvq4x8,  GraphCodes::kLvq8x4,
                                       GraphCodes::kLvq8x8,  GraphCodes::kRabitq4, GraphCodes::kRabitq8};

// Of the k nearest of the vectors themselves, the share that a search finds. Ids are row numbers.
double true_recall(const Index& index, const Matrix& vectors, const Matrix& queries, int64_t k, int64_t ef) {
  const auto truth = build_index("flat", embeddings_of(vectors, index.metric()), Value::object(), {});
  SearchParams exact;
  exact.k = k;
  return share_found(index.search(queries, search_params(k, ef), {}), truth->search(queries, exact, {}));
}

TEST(Vamana, WalksToEveryNodeWhenEfReachesSize) {
  const Matrix vectors = normal_vectors(120, 7, 1), queries = normal_vectors(4, 7, 2);
  for (const Metric metric : kGraphMetrics) {
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
  const Matrix vectors = clustered_vectors(fewer(2000), 24, 3), queries = clustered_vectors(40, 24, 4);
  // Least shares of the true neighbours, in the order of kAllGraphCodes.
  const std::array least = {0.99, 0.75, 0.96, 0.96, 0.98, 0.98, 0.98, 0.75, 0.96};
  for (const Metric metric : kGraphMetrics) {
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
  for (const Metric metric : kGraphMetrics) {
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
  expect_same_file_for_any_threads([](const Matrix& vectors, const Context& context) {
    return vamana_of(vectors, Metric::kCosine, "lvq4x8", context);
  });
}

TEST(Vamana, ReturnsAllThatAreDueUnderAFilter) {
  const auto index = vamana_of(clustered_vectors(5000 / one_in(), 12, 10), Metric::kL2, "lvq8");
  expect_all_due_under_filters(*index, clustered_vectors(10, 12, 11));
}

TEST(Vamana, ReturnsKRowsAlwaysAndEqualOnesAmongThem) {
  const Matrix vectors = many_equal_vectors(12);
  expect_k_rows_and_equal_ones(*vamana_of(vectors, Metric::kL2, "lvq8x8"), vectors);
}

TEST(Vamana, StaysSoundAndFindsAsMuchWhileRowsComeAndGo) {
  const Matrix vectors = clustered_vectors(4000, 16, 13), queries = clustered_vectors(50, 16, 14);
  for (const GraphCodes codes : {GraphCodes::kLvq4x8, GraphCodes::kRabitq8}) {
    HnswParts parts = build_vamana(part_of(vectors, 0, 1000, Metric::kL2), vamana_options(codes), {});
    const int64_t last = one_in() > 1 ? 900 : 3000;
    for (int64_t begin = 0; begin < last; begin += 300) {
      std::vector<uint32_t> gone = parts.rows.live.rows();
      gone.resize(300);
      remove_from_vamana(parts, gone, {});
      expect_sound(parts);
      add_to_hnsw(parts, part_of(vectors, begin + 1000, begin + 1300, Metric::kL2), {});
      expect_sound(parts);
    }
    const HnswParts fresh =
        build_vamana(part_of(vectors, last, last + 1000, Metric::kL2), vamana_options(codes), {});
    const auto found = [&](const HnswParts& some) {
      ScratchPool pool;
      SearchParams params = search_params(10, 20), exact = params;
      exact.exact = true;
      return share_found(search_vamana(some, pool, queries, params, {}),
                         search_vamana(some, pool, queries, exact, {}));
    };
    EXPECT_GE(found(parts), found(fresh) - 0.01);
  }
}

TEST(Vamana, EndsWhenItsTimeIsUp) {
  const Matrix vectors = clustered_vectors(1000, 8, 24), queries = normal_vectors(3, 8, 25);
  for (const GraphCodes codes : {GraphCodes::kLvq8, GraphCodes::kRabitq4}) {
    expect_ends_in_time(*vamana_of(vectors, Metric::kL2, name_of_enum(codes)), queries);
    // The clock is looked at within the walk: at every eighth hop, of 16 links each.
    const HnswParts parts = build_vamana(embeddings_of(vectors, Metric::kL2), vamana_options(codes), {});
    EXPECT_LE(walk_nodes(parts, queries.row<float>(0), 1000, Deadline::after(0)).size(), 1 + 8 * 16);
  }
}

TEST(Vamana, IsEmptyWhenAllIsRemovedAndTakesRowsAgain) {
  expect_takes_rows_when_emptied(*vamana_of(normal_vectors(50, 4, 15), Metric::kL2, "lvq8"));
}

TEST(Vamana, TakesVectorsFarOutsideTheRangeOfTheFirst) {
  for (const GraphCodes codes : {GraphCodes::kFloat32, GraphCodes::kLvq8, GraphCodes::kRabitq8}) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct}) {
      HnswParts parts =
          build_vamana(embeddings_of(normal_vectors(100, 4, 17), metric), vamana_options(codes), {});
      add_to_hnsw(parts, far_vectors(1e6F, metric), {});
      expect_sound(parts);
      EXPECT_EQ(parts.graph.num_nodes, 140);
    }
  }
}

TEST(Vamana, WorksAtEverySimdLevel) {
  const Matrix vectors = clustered_vectors(300, 37, 19), queries = clustered_vectors(10, 37, 20);
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
  const Matrix vectors = clustered_vectors(2000, 24, 22), queries = clustered_vectors(20, 24, 23);
  const Value options = Value::object({{"m", 8}, {"ef_construction", 40}, {"codes", "lvq4x8"}});
  const auto index = build_index("hnsw", embeddings_of(vectors, Metric::kCosine), options, {});
  EXPECT_GE(true_recall(*index, vectors, queries, 10, 80), 0.97);
  EXPECT_LT(index->size_bytes(), hnsw_of(vectors, Metric::kCosine, 8)->size_bytes());
  expect_ends_in_time(*index, queries);
}

}  // namespace
}  // namespace whitney::search
