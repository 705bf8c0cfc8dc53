#include "whitney/codec/lvq.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/error_of.h"

namespace whitney::codec {
namespace {

Value bits(const char* name, bool mean = true) {
  return Value::object({{"bits", name}, {"remove_mean", mean}});
}

// Step of the first level: the vector's range, without the mean, in 2^B - 1 steps.
double step_of(const Matrix& vectors, int64_t i, int first_bits) {
  const auto row = vectors.row<float>(i);
  const auto [least, most] = std::ranges::minmax_element(row);
  return (static_cast<double>(*most) - *least) / ((1 << first_bits) - 1);
}

TEST(Lvq, ErrsByHalfAStepOfItsOwnAtMost) {
  const Matrix vectors = normal_vectors(300, 33);
  for (const auto& [name, first] : {std::pair("8", 8), std::pair("4", 4)}) {
    const auto codec = fitted("lvq", vectors, bits(name, false));
    EXPECT_EQ(codec->code_bytes(), 4 + (first == 8 ? 33 : 17));
    for (int64_t i = 0; i < 300; ++i) {
      const std::vector<float> back = round_trip(*codec, vectors, i);
      // Offset and step are rounded outwards to float16, 11 bits of values of at most 8.
      const double most = step_of(vectors, i, first) / 2 * 1.002 + 8.0 / 2048;
      for (size_t j = 0; j < back.size(); ++j)
        EXPECT_LE(std::abs(back[j] - vectors.row<float>(i)[j]), most) << name;
    }
  }
}

TEST(Lvq, TheSecondLevelErrsByItsOwnStepAtMost) {
  const Matrix vectors = normal_vectors(200, 40);
  for (const auto& [name, first, second] :
       {std::tuple("4x4", 4, 4), std::tuple("4x8", 4, 8), std::tuple("8x4", 8, 4), std::tuple("8x8", 8, 8)}) {
    const auto codec = fitted("lvq", vectors, bits(name, false));
    for (int64_t i = 0; i < 200; ++i) {
      const std::vector<float> back = round_trip(*codec, vectors, i);
      // The first step may have grown by the rounding of offset and step.
      const double first_step = step_of(vectors, i, first) * 1.002 + 8.0 / 1024 / ((1 << first) - 1);
      const double most = first_step / (1 << second) * 1.001 + 4e-6;
      for (size_t j = 0; j < back.size(); ++j)
        EXPECT_LE(std::abs(back[j] - vectors.row<float>(i)[j]), most) << name;
    }
  }
}

TEST(Lvq, TwoLevelsLoseLessThanOne) {
  const Matrix vectors = normal_vectors(200, 48);
  const auto error = [&](const char* name) {
    return relative_error(*fitted("lvq", vectors, bits(name)), Rows(vectors), 200, {});
  };
  EXPECT_LT(error("8"), error("4") / 10);
  EXPECT_LT(error("4x4"), error("4") / 10);
  EXPECT_LT(error("4x8"), error("4x4") / 10);
}

TEST(Lvq, DegenerateVectorsStayFiniteAndNear) {
  const Matrix vectors =
      matrix_of({{0, 0, 0}, {5, 5, 5}, {-3, -2, -7}, {1000, 0.001F, -0.002F}, {1e-7F, 2e-7F, 3e-7F}});
  for (const char* name : {"8", "4x8"}) {
    for (const bool mean : {true, false}) {
      const auto codec = fitted("lvq", vectors, bits(name, mean));
      for (int64_t i = 0; i < vectors.rows(); ++i) {
        const std::vector<float> back = round_trip(*codec, vectors, i);
        for (size_t j = 0; j < 3; ++j) EXPECT_NEAR(back[j], vectors.row<float>(i)[j], 3) << "row " << i;
      }
    }
  }
}

TEST(Lvq, TinyAndHugeDataKeepTheirDigits) {
  for (const float factor : {1e-30F, 1e-6F, 1e6F, 1e30F}) {
    Matrix vectors = normal_vectors(50, 16);
    auto* values = vectors.mutable_data<float>();
    for (int64_t i = 0; i < 50 * 16; ++i) values[i] *= factor;
    EXPECT_LT(relative_error(*fitted("lvq", vectors, bits("8")), Rows(vectors), 50, {}), 0.01) << factor;
  }
}

TEST(Lvq, RefusesAVectorFarBeyondThoseItWasFittedTo) {
  const auto codec = fitted("lvq", normal_vectors(50, 4), bits("8"));
  const Matrix far = matrix_of({{1e9F, 0, 0, 0}});
  EXPECT_NE(error_of([&] { round_trip(*codec, far, 0); }).find("too far beyond"), std::string::npos);
}

TEST(Lvq, KeepsTheMeanOutWhereThatHelps) {
  // A mean that differs by dimension and dwarfs the deviations: removed. Integers of few steps: they stay
  // exact.
  Matrix shifted = normal_vectors(200, 16);
  auto* values = shifted.mutable_data<float>();
  for (int64_t i = 0; i < 200 * 16; ++i) values[i] += static_cast<float>(10 * (i % 16));
  EXPECT_LT(relative_error(*fitted("lvq", shifted), Rows(shifted), 200, {}), 0.01);
  Matrix integers(200, 17);
  RandomStream random(1, "pixels", 0);
  for (int64_t i = 0; i < 200 * 17; ++i) {
    integers.mutable_data<float>()[i] = i % 17 == 0   ? 0.0F
                                        : i % 17 == 1 ? 15.0F
                                                      : static_cast<float>(random.below(16));
  }
  EXPECT_EQ(relative_error(*fitted("lvq", integers, Value::object({{"bits", "4"}})), Rows(integers), 200, {}),
            0);
}

TEST(Lvq, ScoresAreThoseOfTheDecodedVectors) {
  for (const int64_t dim : {1, 15, 16, 17, 63, 64, 96, 127, 128, 129, 784}) {
    const Matrix vectors = normal_vectors(70, dim), queries = normal_vectors(2, dim, 1);
    for (const char* name : {"4", "8", "4x8"}) {
      for (const bool mean : {true, false}) {
        expect_scores_of_decoded(*fitted("lvq", vectors, bits(name, mean)), vectors, queries);
      }
    }
  }
}

}  // namespace
}  // namespace whitney::codec
