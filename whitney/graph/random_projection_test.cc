#include "whitney/graph/random_projection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace whitney::graph {
namespace {

constexpr int64_t kRows = 2000, kDim = 512;  // about 10^6 draws

struct Moments {
  double positive = 0, zero = 0, negative = 0, mean_norm2 = 0, mean = 0;
};

Moments moments_of(const RandomProjection& projection) {
  Moments moments;
  std::vector<float> row(kDim);
  for (uint64_t key = 0; key < kRows; ++key) {
    projection.write_row(key, row.data());
    for (float x : row) {
      (x > 0 ? moments.positive : x < 0 ? moments.negative : moments.zero) += 1.0 / (kRows * kDim);
      moments.mean_norm2 += double{x} * x / kRows;
      moments.mean += x / (kRows * kDim);
    }
  }
  return moments;
}

// Five deviations of a share p of 10^6 independent draws.
double tolerance(double p) { return 5 * std::sqrt(p * (1 - p) / (kRows * kDim)); }

TEST(RandomProjection, DrawsEntriesByTheVerySparseLaw) {
  for (double s : {2.0, 3.0, 17.5}) {
    const Moments moments = moments_of(RandomProjection(Projection::kVerySparse, kDim, s, 7, "test"));
    EXPECT_NEAR(moments.positive, 1 / (2 * s), tolerance(1 / (2 * s))) << "s = " << s;
    EXPECT_NEAR(moments.negative, 1 / (2 * s), tolerance(1 / (2 * s))) << "s = " << s;
    EXPECT_NEAR(moments.zero, 1 - 1 / s, tolerance(1 - 1 / s)) << "s = " << s;
    // |row|^2 = (s/d) * Binomial(d, 1/s): deviation of the mean sqrt((s - 1) / d / rows) = 0.004 for s
    // = 17.5.
    EXPECT_NEAR(moments.mean_norm2, 1, std::max(0.01, 5 * std::sqrt((s - 1) / (kRows * kDim))))
        << "s = " << s;
  }
}

TEST(RandomProjection, HasNoZeroWithSparsityOne) {
  const Moments moments = moments_of(RandomProjection(Projection::kVerySparse, kDim, 1, 7, "test"));
  EXPECT_EQ(moments.zero, 0);
  EXPECT_NEAR(moments.positive, 0.5, tolerance(0.5));
  EXPECT_NEAR(moments.mean_norm2, 1, 1e-5);
}

TEST(RandomProjection, DrawsNeighbouringEntriesIndependently) {
  // A pair of neighbours is non-zero together with probability 1/s^2.
  const double s = 3;
  const RandomProjection projection(Projection::kVerySparse, kDim, s, 11, "test");
  std::vector<float> row(kDim);
  int64_t pairs = 0, both = 0;
  for (uint64_t key = 0; key < kRows; ++key) {
    projection.write_row(key, row.data());
    for (size_t j = 0; j + 1 < row.size(); j += 2) {
      ++pairs;
      both += row[j] != 0 && row[j + 1] != 0 ? 1 : 0;
    }
  }
  const double p = 1 / (s * s), n = static_cast<double>(pairs);
  EXPECT_NEAR(static_cast<double>(both) / n, p, 5 * std::sqrt(p * (1 - p) / n));
}

TEST(RandomProjection, DrawsGaussianEntriesOfVarianceOneOverDim) {
  const Moments moments = moments_of(RandomProjection(Projection::kGaussian, kDim, 1, 7, "test"));
  const double n = kRows * kDim;
  EXPECT_NEAR(moments.mean, 0, 5 / std::sqrt(n * kDim));
  EXPECT_NEAR(moments.mean_norm2, 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(moments.positive, 0.5, tolerance(0.5));
}

TEST(RandomProjection, GivesTheSameRowInSparseAndDenseForm) {
  const RandomProjection projection(Projection::kVerySparse, 37, 2.5, 3, "test");
  std::vector<RandomProjection::Entry> entries;
  std::vector<float> dense(37), scattered(37);
  projection.write_row(99, dense.data());
  projection.sparse_row(99, entries);
  for (const auto& entry : entries) scattered[static_cast<size_t>(entry.column)] = entry.value;
  EXPECT_EQ(dense, scattered);
  EXPECT_FALSE(entries.empty());
}

TEST(RandomProjection, ChangesWithSeedPurposeAndKey) {
  const auto row = [](uint64_t seed, const char* purpose, uint64_t key) {
    std::vector<float> values(64);
    RandomProjection(Projection::kGaussian, 64, 1, seed, purpose).write_row(key, values.data());
    return values;
  };
  EXPECT_EQ(row(1, "a", 5), row(1, "a", 5));
  EXPECT_NE(row(1, "a", 5), row(2, "a", 5));
  EXPECT_NE(row(1, "a", 5), row(1, "b", 5));
  EXPECT_NE(row(1, "a", 5), row(1, "a", 6));
}

TEST(RandomKey, IsThatOfTheTextWhetherIdsAreIntegersOrStrings) {
  const Ids integers = Ids::integers({3, 17, 18446744073709551615ULL});
  const Ids strings = Ids::strings(std::vector<std::string>{"17", "x", "18446744073709551615"});
  EXPECT_EQ(random_key(integers, 1), random_key(strings, 0));
  EXPECT_EQ(random_key(integers, 2), random_key(strings, 2));
  EXPECT_NE(random_key(integers, 0), random_key(integers, 1));
}

}  // namespace
}  // namespace whitney::graph
