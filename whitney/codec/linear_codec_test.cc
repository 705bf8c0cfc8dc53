#include "whitney/codec/linear_codec.h"

#include <gtest/gtest.h>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/codec/rotation_transform.h"
#include "whitney/core/error_of.h"

namespace whitney::codec {
namespace {

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

TEST(RotationTransform, KeepsNormsAndInnerProductsAndTurnsBack) {
  for (const int64_t dim : {1, 63, 64, 96, 784}) {
    const RotationTransform rotation(dim, 42);
    const Matrix vectors = normal_vectors(2, dim);
    std::vector<float> a(vectors.row<float>(0).begin(), vectors.row<float>(0).end()),
        b(vectors.row<float>(1).begin(), vectors.row<float>(1).end());
    std::vector<float> turned_a(static_cast<size_t>(rotation.dim())), turned_b(turned_a), back(a);
    rotation.apply(a.data(), turned_a.data());
    rotation.apply(b.data(), turned_b.data());
    const double size = dot(a, a) + dot(b, b);
    EXPECT_NEAR(dot(turned_a, turned_a), dot(a, a), 1e-5 * size) << dim;
    EXPECT_NEAR(dot(turned_a, turned_b), dot(a, b), 1e-5 * size) << dim;
    rotation.invert(turned_a.data(), back.data());
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(back[i], a[i], 1e-5 * std::sqrt(size)) << dim;
  }
}

TEST(RotationTransform, SpreadsOneCoordinateOverAll) {
  for (const int64_t dim : {64, 96, 784}) {
    const RotationTransform rotation(dim, 42);
    std::vector<float> unit(static_cast<size_t>(dim)), turned(static_cast<size_t>(rotation.dim()));
    unit[static_cast<size_t>(dim) / 3] = 1;
    rotation.apply(unit.data(), turned.data());
    // A random direction's largest of D coordinates is about sqrt(2 ln D / D); the seed is fixed.
    const double expected =
        std::sqrt(2 * std::log(static_cast<double>(turned.size())) / static_cast<double>(turned.size()));
    float largest = 0;
    for (const float value : turned) largest = std::max(largest, std::abs(value));
    EXPECT_LT(largest, 2 * expected) << dim;
  }
}

TEST(Rotation, ScoresAreThoseOfTheDecodedVectors) {
  for (const int64_t dim : {1, 33, 96, 128}) {
    const Matrix vectors = normal_vectors(40, dim), queries = normal_vectors(2, dim, 1);
    expect_scores_of_decoded(*fitted("rotation", vectors), vectors, queries);
  }
}

TEST(Rotation, TakesTheHarmOutOfAnOutlyingCoordinate) {
  Matrix vectors = normal_vectors(200, 128);
  auto* values = vectors.mutable_data<float>();
  for (int64_t i = 0; i < 200; ++i) values[i * 128 + 5] *= 40;
  const Value four = Value::object({{"bits", "4"}}),
              inner = Value::object({{"codec", "lvq"}, {"codec.bits", "4"}});
  const auto error_of_rest = [&](const Codec& codec) {
    double sum = 0;
    for (int64_t i = 0; i < 200; ++i) {
      const std::vector<float> back = round_trip(codec, vectors, i);
      for (size_t j = 0; j < 128; ++j) {
        const double error = back[j] - vectors.row<float>(i)[j];
        sum += j == 5 ? 0 : error * error;
      }
    }
    return sum;
  };
  EXPECT_LT(error_of_rest(*fitted("rotation", vectors, inner)),
            error_of_rest(*fitted("lvq", vectors, four)) / 2);
}

TEST(Matryoshka, KeepsTheFirstDimensions) {
  const Matrix vectors = matrix_of({{1, 2, 3, 4}, {-1, 0.5F, 2, 1}});
  const auto codec = fitted("matryoshka", vectors, Value::object({{"dim", 2}}));
  EXPECT_EQ(codec->code_bytes(), 4);
  EXPECT_EQ(round_trip(*codec, vectors, 0), (std::vector<float>{1, 2, 0, 0}));
}

TEST(Matryoshka, NormalisesTheFirstDimensionsAnewUnderCosine) {
  const Matrix vectors = matrix_of({{3, 4, 12}});
  const CompressedEmbeddings small =
      compress("matryoshka", embeddings_of(vectors, "cosine"), Value::object({{"dim", 2}}), {});
  const Matrix back = small.decode({}).vectors;
  EXPECT_NEAR(back.row<float>(0)[0], 0.6, 1e-3);
  EXPECT_NEAR(back.row<float>(0)[1], 0.8, 1e-3);
  // The query's cosine is that of its own first dimensions: (4, 3) and (3, 4).
  const float query[] = {4, 3, -100};
  float score = 0;
  small.codec->scorer(Kernel::kInnerProduct, query)->score(small.code(0), 1, &score);
  EXPECT_NEAR(score, 24.0 / 25, 1e-3);
}

TEST(Matryoshka, ScoresAreThoseOfTheDecodedVectors) {
  const Matrix vectors = normal_vectors(40, 33), queries = normal_vectors(2, 33, 1);
  expect_scores_of_decoded(*fitted("matryoshka", vectors, Value::object({{"dim", 20}, {"codec", "lvq"}})),
                           vectors, queries);
}

TEST(Matryoshka, RefusesMoreDimensionsThanThereAre) {
  const std::string text =
      error_of([] { fitted("matryoshka", normal_vectors(3, 8), Value::object({{"dim", 9}})); });
  EXPECT_NE(text.find("9"), std::string::npos) << text;
}

}  // namespace
}  // namespace whitney::codec
