#include "whitney/search/ivf_regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "whitney/search/ivf_cases_test.h"

namespace whitney::search {
namespace {

constexpr int64_t kRows = 12'000, kLists = 200;

IvfParts some_parts(Metric metric) {
  const Matrix vectors = grouped_vectors(kRows, 6, 3);
  return build_ivf(embeddings_of(vectors, metric), ivf_options(Value::object(), kLists), {});
}

std::vector<float> measured_by(const IvfParts& parts, std::span<const float> vector) {
  std::vector<float> centred(vector.size()), measured(static_cast<size_t>(parts.centroids.stride()));
  std::ranges::transform(vector, parts.centroids.centre(), centred.begin(), std::minus<>());
  const MatrixView view{centred.data(), 1, parts.dim, parts.dim};
  parts.centroids.measure_landmarks(view, measured.data());
  parts.centroids.measure_others(view, measured.data());
  return measured;
}

TEST(IvfRegions, MeasuringInTwoPartsGivesTheSame) {
  for (const Metric metric : {Metric::kL2, Metric::kCosine, Metric::kInnerProduct}) {
    const IvfParts parts = some_parts(metric);
    const Matrix queries = grouped_vectors(5, 6, 4);
    const auto stride = static_cast<size_t>(parts.centroids.stride());
    std::vector<float> whole(5 * stride), apart(5 * stride);
    parts.centroids.measure(queries, whole.data());
    parts.centroids.measure_landmarks(queries, apart.data());
    parts.centroids.measure_others(queries, apart.data());
    EXPECT_EQ(apart, whole);
  }
}

TEST(IvfRegions, EveryCentroidHasTheLandmarkThatIsNearest) {
  const IvfParts parts = some_parts(Metric::kL2);
  ASSERT_EQ(parts.centroids.num_landmarks(), 48);
  const std::vector<uint8_t>& nearest = parts.centroids.nearest_landmarks();
  ASSERT_EQ(nearest.size(), kLists);
  for (int64_t list = 0; list < kLists; ++list) {
    const auto square_to = [&](int64_t landmark) {
      double sum = 0;
      for (size_t j = 0; j < 6; ++j) {
        const double difference = parts.centroids.centroid(list)[j] - parts.centroids.centroid(landmark)[j];
        sum += difference * difference;
      }
      return sum;
    };
    for (int64_t landmark = 0; landmark < 48; ++landmark)
      EXPECT_LE(square_to(nearest[static_cast<size_t>(list)]), square_to(landmark) + 1e-4);
  }
}

// Few rows pass, so that all are counted: those of some landmarks' lists.
TEST(IvfRegions, TellsWhereWhatPassesLies) {
  const IvfParts parts = some_parts(Metric::kL2);
  const std::vector<uint8_t>& nearest = parts.centroids.nearest_landmarks();
  std::vector<uint64_t> bits((kRows + 63) / 64);
  std::vector<int64_t> rows(48), passing(48);
  int64_t num_passing = 0;
  for (size_t row = 0; row < static_cast<size_t>(kRows); ++row) {
    const uint8_t landmark = nearest[parts.places[row].list];
    ++rows[landmark];
    if (landmark != 5 && (landmark != 6 || row % 4 != 0)) continue;
    bits[row / 64] |= uint64_t{1} << (row % 64);
    ++passing[landmark];
    ++num_passing;
  }
  ASSERT_GT(passing[5], 20);
  ASSERT_LT(num_passing, 2048);
  const ListRegions regions = list_regions(parts, bits, num_passing);
  const double all = static_cast<double>(num_passing) / kRows;
  for (size_t i = 0; i < 48; ++i) {
    const double known = (static_cast<double>(passing[i]) + 8 * all) / (static_cast<double>(rows[i]) + 8);
    EXPECT_EQ(regions[i].rows, static_cast<float>(rows[i])) << i;
    EXPECT_NEAR(regions[i].passing, known * static_cast<double>(rows[i]), 1e-3) << i;
  }
  // Around a landmark of those that pass the least number of lists holds enough, far from it many are needed.
  IvfPlan plan;
  plan.nprobe = 4, plan.least_passing = 20;
  const ListsSeen near = lists_around(parts, plan, regions, measured_by(parts, parts.centroids.centroid(5)));
  EXPECT_EQ(near.lists, 4);
  EXPECT_GE(near.compared, 20);
  const ListsSeen far = lists_around(parts, plan, regions, measured_by(parts, parts.centroids.centroid(40)));
  EXPECT_GT(far.lists, 10 * near.lists);
  EXPECT_GE(far.compared, 20);
}

TEST(IvfRegions, OfManyThatPassASampleTells) {
  const IvfParts parts = some_parts(Metric::kL2);
  std::vector<uint64_t> bits(kRows / 64, 0xFFFF'0000'FFFF'0000);
  bits.push_back(0);
  const ListRegions regions = list_regions(parts, bits, kRows / 2);
  for (const ListRegion& region : regions) EXPECT_NEAR(region.passing / region.rows, 0.5, 0.3);
}

// The queries of a call that lists answer need not follow one another.
TEST(IvfRegions, QueriesThatGoDifferentWaysDoNotDisturbEachOther) {
  constexpr int64_t kFar = 24'000, kCols = 4, kPassing = 5000;
  Matrix vectors = normal_vectors(kFar, kCols, 3);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 0; i < kFar; ++i) values[i * kCols] += 0.01F * static_cast<float>(i);
  const RowSet allowed = RowSet::range(0, kPassing);
  Matrix queries(7, kCols);
  for (const int64_t q : {0, 1, 2, 3, 4, 5, 6}) {
    const int64_t row = q == 0 || q == 3 || q == 6 ? kFar - 10 - q : 10 + q;
    std::ranges::copy(vectors.row<float>(row), queries.mutable_data<float>() + q * kCols);
  }
  for (const IvfCase& one : ivf_cases()) {
    const auto index = ivf_of(vectors, Metric::kL2, one.options, 400);
    SearchParams params = probing(10, 8);
    params.allowed = &allowed;
    params.explain = true;
    const SearchResult found = index->search(queries, params, {});
    EXPECT_EQ(found.explain.at("actuals").at("switched"), Value(3)) << one.name;
    for (int64_t q = 0; q < 7; ++q) {
      const SearchResult alone = index->search(queries.view().slice(q, q + 1), params, {});
      const auto of_query = std::span(found.neighbors.rows).subspan(static_cast<size_t>(q * 10), 10);
      EXPECT_TRUE(std::ranges::equal(of_query, alone.neighbors.rows)) << one.name << ", query " << q;
    }
  }
}

}  // namespace
}  // namespace whitney::search
