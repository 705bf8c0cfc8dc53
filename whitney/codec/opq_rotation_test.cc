#include "whitney/codec/opq_rotation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/codec/projection_map.h"
#include "whitney/codec/rotation_transform.h"
#include "whitney/core/one_in_test.h"

namespace whitney::codec {
namespace {

/// Values of falling weights, turned: no subspace of the coordinates is like another.
Matrix correlated_vectors(int64_t n, int64_t dim) {
  const Matrix plain = normal_vectors(n, dim);
  const RotationTransform turn(dim, 5);
  Matrix result(n, dim);
  auto* const values = result.mutable_data<float>();
  std::vector<float> row(static_cast<size_t>(dim));
  for (int64_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < row.size(); ++j) row[j] = plain.row<float>(i)[j] / static_cast<float>(1 + j);
    turn.apply(row.data(), values + i * dim);
  }
  return result;
}

Value parts(int64_t count, int rounds) {
  return Value::object({{"num_subspaces", count}, {"bits", "4"}, {"num_rounds", rounds}});
}

TEST(AllocateComponents, GivesEachToThePartOfTheLeastProductThatHasRoom) {
  // 8 to the first (1 1 -> 8 1), 4 to the second (8 4), 2 to it again (8 8: full), the rest to the first.
  EXPECT_EQ(allocate_components({8, 4, 2, 1}, 2), (std::vector<int64_t>{0, 3, 1, 2}));
  // Widths 2 and 3.
  EXPECT_EQ(allocate_components({5, 4, 3, 2, 1}, 2).size(), 5U);
}

TEST(OpqRotation, IsOrthonormalAndNoRoundRaisesTheError) {
  const OpqRotation learned = learn_opq_rotation(correlated_vectors(1500, 24), {4, 16, 30}, {});
  for (int64_t i = 0; i < 24; ++i) {
    for (int64_t j = 0; j < 24; ++j) {
      EXPECT_NEAR(distance(Kernel::kInnerProduct, learned.rotation.row<float>(i).data(),
                           learned.rotation.row<float>(j).data(), 24),
                  i == j ? 1 : 0, 1e-5);
    }
  }
  EXPECT_GT(learned.errors.size(), 3U);
  for (size_t r = 1; r < learned.errors.size(); ++r) EXPECT_LT(learned.errors[r], learned.errors[r - 1]);
}

TEST(OpqRotation, IsTheSameAtAnyNumberOfThreads) {
  const Matrix vectors = correlated_vectors(900, 12);
  const auto learned = [&](int threads) {
    Context context;
    context.threads = threads;
    return learn_opq_rotation(vectors, {3, 16, 5}, context);
  };
  const OpqRotation one = learned(1);
  for (const int threads : {2, 5})
    EXPECT_TRUE(std::ranges::equal(learned(threads).rotation.bytes(), one.rotation.bytes()));
}

TEST(OpqRotation, OfPointsThatHardlyVaryIsOrthonormalToo) {
  // Two directions hold all; the others are constant.
  Matrix vectors = Matrix::zeros(400, 8);
  const Matrix noise = normal_vectors(400, 2);
  for (int64_t i = 0; i < 400; ++i) {
    for (int64_t j = 0; j < 8; ++j)
      vectors.mutable_data<float>()[i * 8 + j] = noise.row<float>(i)[static_cast<size_t>(j % 2)] + 3;
  }
  const OpqRotation learned = learn_opq_rotation(vectors, {2, 16, 10}, {});
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_NEAR(distance(Kernel::kInnerProduct, learned.rotation.row<float>(i).data(),
                         learned.rotation.row<float>(i).data(), 8),
                1, 1e-5);
}

TEST(Opq, LosesLessThanPq) {
  const Matrix vectors = correlated_vectors(1500 / one_in(), 24);
  const auto lost = [&](const char* method, const Value& options) {
    return relative_error(*fitted(method, vectors, options), Rows(vectors), 1500, {});
  };
  const double pq = lost("pq", Value::object({{"num_subspaces", 4}, {"bits", "4"}}));
  EXPECT_LT(lost("opq", parts(4, 0)), 0.9 * pq);
  EXPECT_LT(lost("opq", parts(4, 50)), 0.9 * pq);
}

TEST(Opq, OfNoRotationIsPq) {
  const Matrix vectors = normal_vectors(300, 6);
  Matrix identity = Matrix::zeros(6, 6);
  for (int64_t i = 0; i < 6; ++i) identity.mutable_data<float>()[i * 7] = 1;
  const Value options = resolve_options(Registry::instance().get(Verb::kCompress, "pq"),
                                        Value::object({{"num_subspaces", 3}, {"bits", "4"}}));
  const auto behind_identity = fit_linear(std::make_shared<ProjectionMap>(std::vector<float>(6), identity),
                                          Rows(vectors), {"pq", options}, {});
  const auto pq = fitted("pq", vectors, options);
  for (int64_t i = 0; i < 300; i += 7)
    EXPECT_EQ(round_trip(*behind_identity, vectors, i), round_trip(*pq, vectors, i));
}

TEST(Opq, ScoresAreThoseOfTheDecodedVectors) {
  const Matrix vectors = correlated_vectors(300, 21), queries = normal_vectors(3, 21, 1);
  expect_scores_of_decoded(*fitted("opq", vectors, parts(5, 3)), vectors, queries);
}

}  // namespace
}  // namespace whitney::codec
