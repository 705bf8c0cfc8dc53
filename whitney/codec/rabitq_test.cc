#include "whitney/codec/rabitq.h"

#include <gtest/gtest.h>

#include "whitney/codec/block_cases_test.h"
#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/one_in_test.h"

namespace whitney::codec {
namespace {

Value bits(int count, int centroids = 1) {
  return Value::object({{"bits", count}, {"num_centroids", centroids}});
}

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return sum;
}

TEST(Rabitq, TakesABitADimensionAndNineBytes) {
  const Matrix vectors = normal_vectors(20, 33);
  EXPECT_EQ(fitted("rabitq", vectors, bits(1))->code_bytes(), 9 + 5);
  EXPECT_EQ(fitted("rabitq", vectors, bits(1))->fine_bytes(), 0);
  EXPECT_EQ(fitted("rabitq", vectors, bits(4))->fine_bytes(), 4 + 13);
}

// The mean over many rotations is the truth, within 5 deviations of the mean.
TEST(Rabitq, EstimatesWithoutBias) {
  const Matrix vectors = normal_vectors(20, 24), queries = normal_vectors(1, 24, 1);
  const float* query = queries.row<float>(0).data();
  for (const int count : {1, 3}) {
    double sum = 0, squares = 0;
    const int rotations = 1000 / static_cast<int>(one_in());
    for (int seed = 0; seed < rotations; ++seed) {
      Context context;
      context.seed = static_cast<uint64_t>(seed);
      const Value resolved =
          resolve_options(Registry::instance().get(Verb::kCompress, "rabitq"), bits(count));
      const auto codec = codec_method("rabitq").fit(Rows(vectors), resolved, context);
      const Codes codes = encode_rows(*codec, Rows(vectors.view().slice(3, 4)), context);
      const float estimate = codec->fine_scorer(Kernel::kSquaredL2, query)
                                 ->score(codes.codes.data(), count > 1 ? codes.fine.data() : nullptr);
      const double error = estimate - squared_distance(vectors.row<float>(3), queries.row<float>(0));
      sum += error;
      squares += error * error;
    }
    const double deviation = std::sqrt(squares / rotations);
    EXPECT_LT(std::abs(sum / rotations), 5 * deviation / std::sqrt(1.0 * rotations)) << count << " bits";
  }
}

TEST(Rabitq, OneEstimateInSeventeenErrsByMoreThanItsBound) {
  for (const int64_t dim : {96, 200}) {
    const Matrix vectors = normal_vectors(2000, dim), queries = normal_vectors(20, dim, 1);
    const auto codec = fitted("rabitq", vectors, bits(1));
    const Codes codes = encode_rows(*codec, Rows(vectors), {});
    std::vector<float> values(2000), bounds(2000);
    int64_t outside = 0;
    for (int64_t q = 0; q < 20; ++q) {
      codec->scorer(Kernel::kSquaredL2, queries.row<float>(q).data())
          ->score_with_bounds(codes.codes.data(), 2000, values.data(), bounds.data());
      for (int64_t i = 0; i < 2000; ++i) {
        const double truth = squared_distance(vectors.row<float>(i), queries.row<float>(q));
        outside += std::abs(values[static_cast<size_t>(i)] - truth) > bounds[static_cast<size_t>(i)] ? 1 : 0;
      }
    }
    const double share = static_cast<double>(outside) / (2000.0 * 20);
    EXPECT_GT(share, 0.04) << dim;
    EXPECT_LT(share, 0.07) << dim;
  }
}

TEST(Rabitq, RangesOfBlocksHoldTheEstimatesAndTheirBounds) {
  for (const int64_t dim : {20, 96, 257}) {
    const Matrix vectors = normal_vectors(777, dim), queries = normal_vectors(2, dim, 1);
    expect_ranges_of_scores(*fitted("rabitq", vectors, bits(1, 5)), vectors, queries, 0.5);
  }
  // Of vectors of norm 1, one of them zero, inner products are estimated otherwise.
  Matrix vectors = normal_vectors(300, 40), unit, queries;
  std::fill_n(vectors.mutable_data<float>() + 40, 40, 0.0F);
  const CompressedEmbeddings small = compress("rabitq", embeddings_of(vectors, "cosine"), bits(1, 5), {});
  normalize_rows({}, vectors, unit);
  normalize_rows({}, normal_vectors(2, 40, 1), queries);
  expect_ranges_of_scores(*small.codec, unit, queries, 0.5);
}

// The vector that a code stands for is along the code: o_bar = o, and nothing is estimated.
TEST(Rabitq, IsExactWhereTheVectorIsACodeItself) {
  const Matrix vectors = normal_vectors(50, 96), queries = normal_vectors(3, 96, 1);
  const auto codec = fitted("rabitq", vectors, bits(1));
  const Codes codes = encode_rows(*codec, Rows(vectors), {});
  const Matrix decoded = decode_rows(*codec, codes.codes.data(), nullptr, 50, {});
  const Codes again = encode_rows(*codec, Rows(decoded), {});
  std::vector<float> values(50), bounds(50);
  for (int64_t q = 0; q < 3; ++q) {
    const float* query = queries.row<float>(q).data();
    codec->scorer(Kernel::kSquaredL2, query)
        ->score_with_bounds(again.codes.data(), 50, values.data(), bounds.data());
    for (int64_t i = 0; i < 50; ++i) {
      const double truth = squared_distance(decoded.row<float>(i), queries.row<float>(q));
      EXPECT_NEAR(values[static_cast<size_t>(i)], truth, 1e-3 * truth);
      EXPECT_LT(bounds[static_cast<size_t>(i)], 0.01 * truth);
    }
  }
}

TEST(Rabitq, EightBitsErrByLessThanAThousandth) {
  const Matrix vectors = normal_vectors(300, 100), queries = normal_vectors(3, 100, 1);
  for (const Kernel kernel : {Kernel::kSquaredL2, Kernel::kInnerProduct}) {
    const auto codec = fitted("rabitq", vectors, bits(8, 4));
    const Codes codes = encode_rows(*codec, Rows(vectors), {});
    double errors = 0, sizes = 0;
    for (int64_t q = 0; q < 3; ++q) {
      const float* query = queries.row<float>(q).data();
      const auto scorer = codec->fine_scorer(kernel, query);
      for (int64_t i = 0; i < 300; ++i) {
        const float truth = distance(kernel, query, vectors.row<float>(i).data(), 100);
        errors += std::abs(truth - scorer->score(codes.codes.data() + i * codec->code_bytes(),
                                                 codes.fine.data() + i * codec->fine_bytes()));
        sizes += std::abs(truth);
      }
    }
    EXPECT_LT(errors / sizes, kernel == Kernel::kSquaredL2 ? 0.001 : 0.004);
  }
}

TEST(Rabitq, MoreBitsLoseLess) {
  const Matrix vectors = normal_vectors(200, 64);
  double last = 1;
  for (const int count : {1, 2, 4, 7}) {
    const double error = relative_error(*fitted("rabitq", vectors, bits(count)), Rows(vectors), 200, {});
    EXPECT_LT(error, last * 0.75) << count;
    last = error;
  }
  EXPECT_LT(last, 0.02);
}

TEST(Rabitq, ScoresOfUnitVectorsAreAboutTheirCosines) {
  const Embeddings embeddings = embeddings_of(normal_vectors(400, 96), "cosine");
  const CompressedEmbeddings small = compress("rabitq", embeddings, bits(6, 4), {});
  Matrix unit, queries;
  normalize_rows({}, embeddings.vectors, unit);
  normalize_rows({}, normal_vectors(2, 96, 1), queries);
  double errors = 0;
  for (int64_t q = 0; q < 2; ++q) {
    const auto scorer = small.codec->fine_scorer(Kernel::kInnerProduct, queries.row<float>(q).data());
    for (int64_t i = 0; i < 400; ++i) {
      errors += std::abs(
          distance(Kernel::kInnerProduct, queries.row<float>(q).data(), unit.row<float>(i).data(), 96) -
          scorer->score(small.code(i), small.fine(i)));
    }
  }
  EXPECT_LT(errors / 800, 0.004);
}

TEST(Rabitq, AVectorAtItsMeanAQueryAtTheMeanAndZeroAreFinite) {
  const Matrix vectors = matrix_of({{1, 2, 3}, {1, 2, 3}, {1, 2, 3}});
  for (const int count : {1, 4}) {
    const auto codec = fitted("rabitq", vectors, bits(count));
    EXPECT_EQ(round_trip(*codec, vectors, 0), (std::vector<float>{1, 2, 3}));
    const Codes codes = encode_rows(*codec, Rows(vectors), {});
    float value = 0, bound = 0;
    codec->scorer(Kernel::kSquaredL2, vectors.row<float>(0).data())
        ->score_with_bounds(codes.codes.data(), 1, &value, &bound);
    EXPECT_EQ(value, 0);
    EXPECT_EQ(bound, 0);
  }
  const CompressedEmbeddings zero =
      compress("rabitq", embeddings_of(matrix_of({{0, 0}, {1, 0}, {0, 1}}), "cosine"), bits(4), {});
  const float query[] = {0.6F, 0.8F};
  EXPECT_NEAR(zero.codec->fine_scorer(Kernel::kInnerProduct, query)->score(zero.code(0), zero.fine(0)), 0,
              1e-3);
}

}  // namespace
}  // namespace whitney::codec
