#include "whitney/linalg/small_decompositions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

TEST(SmallDecompositions, GiveTheSingularVectorsOfAMatrixByHand) {
  // [3 0; 4 5; 0 0]: A^T A = [25 20; 20 25], eigenvalues 45 and 5 with vectors (1, 1) and (1, -1) / sqrt 2.
  const SmallSvd svd = small_svd(std::vector<double>{3, 0, 4, 5, 0, 0}, 3, 2);
  ASSERT_EQ(svd.values.size(), 2U);
  EXPECT_NEAR(svd.values[0], std::sqrt(45.0), 1e-12);
  EXPECT_NEAR(svd.values[1], std::sqrt(5.0), 1e-12);
  EXPECT_NEAR(svd.right[0] * svd.right[2], 0.5, 1e-12);
  EXPECT_NEAR(svd.right[1] * svd.right[3], -0.5, 1e-12);
  const std::vector<double> a = {3, 0, 4, 5, 0, 0};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 2; ++j) {
      double sum = 0;
      for (size_t k = 0; k < 2; ++k) sum += svd.left[i * 2 + k] * svd.values[k] * svd.right[j * 2 + k];
      EXPECT_NEAR(sum, a[i * 2 + j], 1e-12);
    }
  }
}

TEST(SmallDecompositions, GiveTheEigenvectorsOfASymmetricMatrixLargestFirst) {
  // A path of three nodes: eigenvalues sqrt 2, 0, -sqrt 2; the first vector is (1, sqrt 2, 1) / 2.
  const SmallEigen eigen = small_symmetric_eigen(std::vector<double>{0, 1, 0, 1, 0, 1, 0, 1, 0}, 3);
  EXPECT_NEAR(eigen.values[0], std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(eigen.values[1], 0, 1e-12);
  EXPECT_NEAR(eigen.values[2], -std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(std::abs(eigen.vectors[0]), 0.5, 1e-12);
  EXPECT_NEAR(eigen.vectors[3] / eigen.vectors[0], std::sqrt(2.0), 1e-12);
}

TEST(SmallDecompositions, RefuseWhatIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(small_svd(std::vector<double>{1, nan}, 1, 2), Error);
  EXPECT_THROW(small_symmetric_eigen(std::vector<double>{nan}, 1), Error);
}

TEST(SmallDecompositions, TakeEmptyMatrices) {
  EXPECT_TRUE(small_svd({}, 0, 3).values.empty());
  EXPECT_TRUE(small_symmetric_eigen({}, 0).values.empty());
}

}  // namespace
}  // namespace whitney
