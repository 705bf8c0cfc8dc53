#include "whitney/search/ivf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/prepare_run.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/search/flat.h"
#include "whitney/search/ivf_cases_test.h"
#include "whitney/search/searcher.h"

namespace whitney::search {
namespace {

constexpr Metric kAllMetrics[] = {Metric::kCosine, Metric::kInnerProduct, Metric::kL2};

TEST(Ivf, EqualsAFlatSearchWhenAllListsAreProbed) {
  const Matrix vectors = grouped_vectors(1500, 10, 1), queries = grouped_vectors(9, 10, 2);
  for (const Metric metric : kAllMetrics) {
    const auto index = ivf_of(vectors, metric, Value::object({{"codes", "flat"}}), 24);
    const SearchResult found = index->search(queries, probing(20, 24), {});
    const SearchResult truth =
        flat_index(embeddings_of(vectors, metric))->search(queries, probing(20, 1), {});
    EXPECT_EQ(found.neighbors.rows, truth.neighbors.rows) << name_of_enum(metric);
    for (size_t i = 0; i < found.neighbors.values.size(); ++i) {
      // Under cosine vectors are divided by their norms before they are compared.
      const double room = metric == Metric::kCosine ? 1e-6 : 0;
      ASSERT_NEAR(found.neighbors.values[i], truth.neighbors.values[i], room) << name_of_enum(metric);
    }
  }
}

TEST(Ivf, PutsEveryRowIntoTheListOfItsNearestCentroid) {
  const Matrix vectors = grouped_vectors(900, 6, 3);
  const IvfParts parts =
      build_ivf(embeddings_of(vectors, Metric::kL2), ivf_options(Value::object({{"codes", "flat"}}), 20), {});
  std::vector<int> times(900, 0);
  for (uint32_t j = 0; j < parts.lists.size(); ++j) {
    const auto rows = parts.lists[j].rows.span();
    EXPECT_TRUE(std::ranges::is_sorted(rows));
    for (uint32_t at = 0; at < rows.size(); ++at) {
      ++times[rows[at]];
      ASSERT_TRUE(parts.places[rows[at]].list == j && parts.places[rows[at]].at == at);
      const auto vector = vectors.row<float>(rows[at]);
      const double own = value_by_hand(vector, parts.centroids.centroid(j), Metric::kL2);
      for (int64_t other = 0; other < 20; ++other)
        ASSERT_LE(own, value_by_hand(vector, parts.centroids.centroid(other), Metric::kL2) + 1e-5);
    }
  }
  EXPECT_EQ(std::ranges::count(times, 1), 900);
}

TEST(Ivf, HasFourTimesTheRootOfListsAndThirtyNineVectorsInEach) {
  EXPECT_EQ(default_nlist(1'000'000), 4000);
  EXPECT_EQ(default_nlist(2000), 51);
  EXPECT_EQ(default_nlist(100), 2);
  EXPECT_EQ(default_nlist(3), 1);
}

TEST(Ivf, FindsNearlyAllNeighboursInAFewLists) {
  const Matrix vectors = grouped_vectors(1800, 24, 4), queries = grouped_vectors(40, 24, 5);
  for (const Metric metric : kAllMetrics) {
    const SearchResult truth =
        flat_index(embeddings_of(vectors, metric))->search(queries, probing(10, 1), {});
    for (const IvfCase& one : ivf_cases()) {
      SearchParams params = probing(10, 12);
      params.explain = true;
      const SearchResult found = ivf_of(vectors, metric, one.options, 60)->search(queries, params, {});
      const double least = one.name == "pq of 8 bits alone" ? 0.25
                           : one.name.ends_with("alone")    ? 0.85
                                                            : 0.93;
      EXPECT_GE(share_found(found, truth), least) << one.name << " " << name_of_enum(metric);
      EXPECT_LE(found.explain.at("actuals").at("lists").as_int(), 40 * 12);
      for (size_t i = 0; i < found.neighbors.rows.size(); ++i) {
        const auto query = queries.row<float>(static_cast<int64_t>(i / 10));
        const double value = value_by_hand(query, vectors.row<float>(found.neighbors.rows[i]), metric);
        const double room = one.name.ends_with("alone") ? 1 : one.name.ends_with("bytes") ? 0.05 : 1e-5;
        ASSERT_NEAR(found.neighbors.values[i], value, room * (1 + std::abs(value))) << one.name;
      }
    }
  }
}

TEST(Ivf, RanksExactlyWhatItsBoundsAdmit) {
  const Matrix vectors = grouped_vectors(3000, 32, 6), queries = grouped_vectors(30, 32, 7);
  for (const Metric metric : kAllMetrics) {
    const SearchResult truth =
        flat_index(embeddings_of(vectors, metric))->search(queries, probing(10, 1), {});
    // With e0 = 10 no estimate errs by more than its bound.
    const auto index = ivf_of(vectors, metric, Value::object({{"epsilon", 10.0}}), 40);
    SearchParams params = probing(10, 40);
    params.explain = true;
    EXPECT_EQ(index->search(queries, params, {}).neighbors.rows, truth.neighbors.rows)
        << name_of_enum(metric);
    const auto narrow = ivf_of(vectors, metric, Value::object(), 40);
    const SearchResult found = narrow->search(queries, params, {});
    EXPECT_GE(share_found(found, truth), 0.98) << name_of_enum(metric);
    EXPECT_EQ(found.explain.at("plan"), Value("codes in lists, then ranking by bounds"));
    EXPECT_EQ(found.explain.at("actuals").at("codes").as_int(), 30 * 3000);
    EXPECT_LT(found.explain.at("actuals").at("distances").as_int(), 30 * 1000);
  }
}

TEST(Ivf, AnswersEachQueryAloneAndAmongOthersAlike) {
  const Matrix vectors = grouped_vectors(fewer(2500), 20, 8), queries = grouped_vectors(fewer(60), 20, 9);
  RowSet half;
  for (uint32_t row = 0; row < vectors.rows(); row += 2) half.add(row);
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kCosine, one.options, fewer(50));
    for (const RowSet* allowed : {static_cast<const RowSet*>(nullptr), static_cast<const RowSet*>(&half)}) {
      SearchParams params = probing(7, 4);
      params.allowed = allowed;
      Context context;
      context.threads = 1;
      const SearchResult together = index->search(queries, params, context);
      context.threads = 5;
      const SearchResult shared = index->search(queries, params, context);
      EXPECT_EQ(shared.neighbors.rows, together.neighbors.rows) << one.name;
      EXPECT_EQ(shared.neighbors.values, together.neighbors.values) << one.name;
      for (int64_t q = 0; q < queries.rows(); q += 3) {
        const SearchResult alone = index->search(queries.view().slice(q, q + 1), params, context);
        for (size_t i = 0; i < 7; ++i) {
          const size_t at = static_cast<size_t>(q) * 7 + i;
          ASSERT_EQ(alone.neighbors.rows[i], together.neighbors.rows[at]) << one.name;
          ASSERT_EQ(alone.neighbors.values[i], together.neighbors.values[at]) << one.name;
        }
      }
    }
  }
}

TEST(Ivf, ReturnsAllThatAreDueUnderAFilter) {
  const auto num_rows = static_cast<uint32_t>(fewer(6000));
  const Matrix vectors = grouped_vectors(num_rows, 8, 10), queries = grouped_vectors(5, 8, 11);
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kL2, one.options, fewer(100));
    // Half of the rows, those far from the first query, a few, and none.
    std::vector<uint32_t> half, far;
    for (uint32_t row = 0; row < num_rows; ++row) {
      if (row % 2 == 0) half.push_back(row);
      if (value_by_hand(queries.row<float>(0), vectors.row<float>(row), Metric::kL2) > 4) far.push_back(row);
    }
    for (const RowSet& allowed : {RowSet::of(half), RowSet::of(far), RowSet::range(100, 107), RowSet()}) {
      SearchParams params = probing(10, 2);
      params.allowed = &allowed;
      const SearchResult found = index->search(queries, params, {});
      for (size_t q = 0; q < 5; ++q) {
        const int64_t count = found.counts[q];
        EXPECT_EQ(count, std::min<int64_t>(10, allowed.size())) << one.name;
        for (int64_t i = 0; i < count; ++i) {
          const int64_t row = found.neighbors.rows[q * 10 + static_cast<size_t>(i)];
          EXPECT_TRUE(allowed.contains(static_cast<uint32_t>(row)));
        }
      }
    }
  }
}

TEST(Ivf, FindsAboutAsManyUnderAFilterAsWithoutOne) {
  constexpr uint32_t kRows = 20'000;
  const Matrix vectors = normal_vectors(kRows, 12, 12), queries = normal_vectors(60, 12, 13);
  const auto index = ivf_of(vectors, Metric::kL2, Value::object({{"codes", "flat"}}), 200);
  const auto flat = flat_index(embeddings_of(vectors, Metric::kL2));
  const auto recall_among = [&](const RowSet* allowed) {
    SearchParams params = probing(10, 24);
    params.allowed = allowed;
    return share_found(index->search(queries, params, {}), flat->search(queries, params, {}));
  };
  const double without = recall_among(nullptr);
  for (const uint32_t step : {2, 6, 12}) {
    RowSet allowed;
    for (uint32_t row = 0; row < kRows; row += step) allowed.add(row);
    EXPECT_GE(recall_among(&allowed), without - 0.04) << step;
  }
}

TEST(Ivf, WritesTheSameFileForAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const Matrix vectors = grouped_vectors(fewer(1300), 16, 14);
  for (const IvfCase& one : ivf_cases()) {
    std::vector<std::string> files;
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      const auto index = ivf_of(vectors, Metric::kCosine, one.options, fewer(30), context);
      Embeddings more = embeddings_of(normal_vectors(70, 16, 15), Metric::kCosine);
      more.ids = ids_beginning_at(5000, 70);
      index->add(more, context);
      index->remove(ids_beginning_at(30, 50), context);
      index->save(folder.file("index"), true, context);
      std::ifstream file(folder.file("index"), std::ios::binary);
      files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    EXPECT_TRUE(files[0] == files[1] && files[0] == files[2]) << one.name;
  }
}

TEST(Ivf, AnswersAsIfBuiltOfTheRowsThatStay) {
  const Matrix vectors = grouped_vectors(2400, 9, 16), queries = grouped_vectors(6, 9, 17);
  for (const Metric metric : kAllMetrics) {
    const auto part = [&](int64_t begin, int64_t end) {
      Embeddings some = embeddings_of(Matrix::copy_of(vectors.view().slice(begin, end)), metric);
      some.ids = ids_beginning_at(static_cast<uint64_t>(begin), end - begin);
      return some;
    };
    const auto ivf = build_index("ivf", part(0, 1600), Value::object({{"codes", "flat"}, {"nlist", 25}}), {});
    const auto flat = flat_index(part(0, 1600));
    for (Index* index : {ivf.get(), flat.get()}) {
      for (int64_t begin = 1600; begin < 2400; begin += 100) {
        index->add(part(begin, begin + 100), {});
        index->remove(ids_beginning_at(static_cast<uint64_t>(begin) - 1500, 60), {});
      }
      index->add(part(130, 140), {});  // ids that were removed name new rows
    }
    const auto ids_of = [&](const Index& index) {
      const SearchResult found = index.search(queries, probing(12, 25), {});
      std::vector<std::string> ids;
      for (const int64_t row : found.neighbors.rows) ids.push_back(index.ids().text(row));
      return ids;
    };
    EXPECT_EQ(ivf->live().size(), flat->live().size());
    EXPECT_EQ(ids_of(*ivf), ids_of(*flat)) << name_of_enum(metric);
  }
}

TEST(Ivf, TakesRowsOneByOneAsItTakesThemTogether) {
  const TemporaryFolder folder;
  const Matrix vectors = grouped_vectors(700, 7, 35);
  std::vector<std::string> files;
  for (const int64_t step : {1, 300}) {
    const auto index =
        ivf_of(Matrix::copy_of(vectors.view().slice(0, 400)), Metric::kL2, Value::object(), 12);
    for (int64_t begin = 400; begin < 700; begin += step) {
      Embeddings some =
          embeddings_of(Matrix::copy_of(vectors.view().slice(begin, begin + step)), Metric::kL2);
      some.ids = ids_beginning_at(static_cast<uint64_t>(begin), step);
      index->add(some, {});
    }
    index->save(folder.file("index"), true, {});
    std::ifstream file(folder.file("index"), std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  EXPECT_TRUE(files[0] == files[1]);
}

TEST(Ivf, GivesBackWhatItHolds) {
  const Matrix vectors = grouped_vectors(600, 12, 18);
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kL2, one.options, 10);
    const double room = one.name.ends_with("vectors") ? 0 : one.name.ends_with("bytes") ? 0.1 : 2;
    for (const int64_t row : {0, 17, 599}) {
      const std::vector<float> vector = index->vector(row);
      EXPECT_LE(value_by_hand(vector, vectors.row<float>(row), Metric::kL2), room) << one.name;
    }
  }
}

TEST(Ivf, ReturnsKRowsAlwaysAndEqualOnesAmongThem) {
  Matrix vectors = normal_vectors(4000, 4, 19);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 1; i < 2600; ++i) std::copy_n(values, 4, values + i * 4);
  const Matrix query = Matrix::copy_of(vectors.view().slice(0, 1));
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kL2, one.options, 50);
    for (const int64_t k : {1, 700, 2600, 4000, 5000}) {
      const SearchResult found = index->search(query, probing(k, 1), {});
      ASSERT_EQ(found.counts[0], std::min<int64_t>(k, 4000)) << one.name;
      // Of equal vectors the smaller rows first, where vectors rank them all.
      for (int64_t i = 0; one.name == "vectors" && i < std::min<int64_t>(k, 2600); ++i)
        ASSERT_EQ(found.neighbors.rows[static_cast<size_t>(i)], i) << one.name;
    }
  }
}

TEST(Ivf, ScoresZeroVectorsZeroUnderCosine) {
  Matrix vectors = grouped_vectors(2000, 8, 20);
  auto* values = vectors.mutable_data<float>();
  std::fill_n(values + 50 * 8, 4 * 8, 0.0F);
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kCosine, one.options, 20);
    SearchParams params = probing(2000, 20);
    const SearchResult all = index->search(grouped_vectors(1, 8, 21), params, {});
    const double room = one.name.ends_with("alone") ? 0.3 : 1e-6;
    for (size_t i = 0; i < 2000; ++i) {
      if (all.neighbors.rows[i] >= 50 && all.neighbors.rows[i] < 54) {
        EXPECT_NEAR(all.neighbors.values[i], 0, room) << one.name;
      }
    }
    params.k = 5;
    const SearchResult none = index->search(Matrix::zeros(1, 8), params, {});
    EXPECT_EQ(none.counts[0], 5);
    for (const float value : none.neighbors.values) EXPECT_EQ(value, 0.0F) << one.name;
  }
}

TEST(Ivf, LeavesOutTheRowThatIsExcluded) {
  const Matrix vectors = grouped_vectors(1500, 8, 22);
  const auto index = ivf_of(vectors, Metric::kL2, Value::object(), 20);
  SearchParams params = probing(5, 3);
  params.excluded = {7, -1};
  Matrix queries(2, 8);
  for (int64_t q = 0; q < 2; ++q)
    std::ranges::copy(vectors.row<float>(7), queries.mutable_data<float>() + q * 8);
  const SearchResult found = index->search(queries, params, {});
  EXPECT_EQ(found.counts, (std::vector<int64_t>{5, 5}));
  EXPECT_EQ(std::count(found.neighbors.rows.begin(), found.neighbors.rows.begin() + 5, 7), 0);
  EXPECT_EQ(found.neighbors.rows[5], 7);
}

TEST(Ivf, IsEmptyWhenAllIsRemovedAndTakesRowsAgain) {
  for (const IvfCase& one : ivf_cases()) {
    for (const int64_t rows : {0, 60}) {
      const auto index =
          build_index("ivf", embeddings_of(normal_vectors(rows, 4, 23), Metric::kL2), one.options, {});
      if (rows > 0) index->remove(Ids::row_numbers(rows), {});
      EXPECT_EQ(index->search(normal_vectors(1, 4, 1), probing(3, 1), {}).counts[0], 0) << one.name;
      index->add(embeddings_of(normal_vectors(20, 4, 24), Metric::kL2), {});
      EXPECT_EQ(index->search(normal_vectors(1, 4, 1), probing(30, 1), {}).counts[0], 20) << one.name;
    }
  }
}

TEST(Ivf, PassesOverListsThatHoldNothingNearer) {
  const Matrix vectors = grouped_vectors(4000, 2, 33), queries = grouped_vectors(20, 2, 34);
  for (const Metric metric : kAllMetrics) {
    const auto index = ivf_of(vectors, metric, Value::object({{"codes", "flat"}}), 100);
    SearchParams params = probing(5, 100);
    params.explain = true;
    int64_t num_lists = 0;
    for (int64_t q = 0; q < 20; ++q) {
      const MatrixView one = queries.view().slice(q, q + 1);
      const SearchResult found = index->search(one, params, {});
      const SearchResult truth = flat_index(embeddings_of(vectors, metric))->search(one, probing(5, 1), {});
      EXPECT_LE(found.neighbors.values[4] - truth.neighbors.values[4], 1e-6) << name_of_enum(metric);
      EXPECT_GE(found.neighbors.values[4] - truth.neighbors.values[4], -1e-6) << name_of_enum(metric);
      num_lists += found.explain.at("actuals").at("lists").as_int();
    }
    EXPECT_LT(num_lists, 20 * 60) << name_of_enum(metric);
  }
}

TEST(Ivf, TellsWhatItExpectedAndDid) {
  const Matrix vectors = grouped_vectors(4000, 6, 25);
  const auto index = ivf_of(vectors, Metric::kL2, Value::object({{"codes", "flat"}}), 50);
  SearchParams params = probing(3, 5);
  params.explain = true;
  const Value lists = index->search(grouped_vectors(4, 6, 26), params, {}).explain;
  EXPECT_EQ(lists.at("plan"), Value("lists"));
  EXPECT_EQ(lists.at("estimates").at("distances").as_int(), 4 * 400);
  EXPECT_LE(lists.at("actuals").at("lists").as_int(), 4 * 5);
  EXPECT_GT(lists.at("actuals").at("distances").as_int(), 0);
  const RowSet few = RowSet::range(5, 105);
  params.allowed = &few;
  const Value scan = index->search(grouped_vectors(4, 6, 26), params, {}).explain;
  EXPECT_EQ(scan.at("plan"), Value("scan of the allowed rows"));
  EXPECT_EQ(scan.at("actuals").at("distances").as_int(), 4 * 100);
}

TEST(Ivf, EndsWhenItsTimeIsUpWithWhatItFound) {
  const Matrix vectors = grouped_vectors(2000, 6, 31), queries = grouped_vectors(3, 6, 32);
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kL2, one.options, 30);
    for (const bool exact : {false, true}) {
      SearchParams params = probing(5, 10);
      params.exact = exact;
      params.deadline = Deadline::after(0);
      const SearchResult late = index->search(queries, params, {});
      EXPECT_TRUE(late.partial) << one.name;
      EXPECT_EQ(late.counts.size(), 3);
      params.deadline = Deadline::after(1e9);
      const SearchResult in_time = index->search(queries, params, {});
      EXPECT_FALSE(in_time.partial);
      EXPECT_EQ(in_time.counts, (std::vector<int64_t>{5, 5, 5}));
    }
  }
}

TEST(Ivf, RefusesOptionsThatDoNotFit) {
  const Embeddings embeddings = embeddings_of(normal_vectors(100, 6, 27), Metric::kL2);
  const auto refusal = [&](const Value& options) {
    return error_of([&] { build_index("ivf", embeddings, options, {}); });
  };
  EXPECT_NE(refusal(Value::object({{"codes", "pq"}, {"bits", 5}})).find("4 or 8"), std::string::npos);
  EXPECT_NE(refusal(Value::object({{"nlist", 101}})).find("\"nlist\" is 101"), std::string::npos);
  EXPECT_NE(refusal(Value::object({{"codes", "pq"}, {"num_subspaces", 7}})).find("7"), std::string::npos);
  EXPECT_NE(refusal(Value::object({{"codes", "lsq"}})).find("rabitq"), std::string::npos);
  IvfOptions odd = ivf_options(Value::object({{"codes", "flat"}, {"bits", 3}, {"refine", "byte"}}), 2);
  EXPECT_EQ(odd.ineffective().size(), 2);
}

TEST(Ivf, RefusesQueriesThatDoNotFit) {
  const auto index = ivf_of(normal_vectors(100, 6, 28), Metric::kL2, Value::object(), 2);
  EXPECT_NE(error_of([&] { index->search(normal_vectors(1, 5, 1), probing(3, 1), {}); }).find("5 dimensions"),
            std::string::npos);
  Matrix odd = normal_vectors(1, 6, 1);
  odd.mutable_data<float>()[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(error_of([&] { index->search(odd, probing(3, 1), {}); }).find("NaN"), std::string::npos);
}

TEST(Ivf, IsAskedThroughASearcherWithItsOwnOptions) {
  const Searcher searcher(
      ivf_of(grouped_vectors(1500, 6, 29), Metric::kL2, Value::object({{"codes", "pq"}}), 20));
  SearchRequest request;
  request.k = 4;
  request.options = Value::object({{"nprobe", 3}, {"rescore", 50}});
  const SearchResult found = searcher.search(grouped_vectors(3, 6, 30), request, {});
  EXPECT_EQ(found.counts, (std::vector<int64_t>{4, 4, 4}));
  request.options = Value::object({{"nprobes", 3}});
  EXPECT_NE(error_of([&] { searcher.search(grouped_vectors(3, 6, 30), request, {}); }).find("nprobe"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney::search
