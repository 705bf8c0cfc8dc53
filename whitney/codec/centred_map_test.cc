#include "whitney/codec/centred_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::codec {
namespace {

std::vector<float> decoded(const CompressedEmbeddings& compressed, int64_t row) {
  const Matrix vectors = compressed.decode({}).vectors;
  const auto values = vectors.row<float>(row);
  return {values.begin(), values.end()};
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

// Means 3 and 20; deviations sqrt(8/3) and sqrt(200/3); the third dimension never varies.
TEST(Standardize, TakesMeansOutAndDividesByDeviations) {
  const Matrix vectors = matrix_of({{1, 10, 0.1F}, {3, 30, 0.1F}, {5, 20, 0.1F}});
  const CompressedEmbeddings standard =
      compress("standardize", embeddings_of(vectors, "l2"), Value::object(), {});
  const double high = 2 / std::sqrt(8.0 / 3);
  const std::vector<std::vector<double>> wanted{{-high, -high, 0}, {0, high, 0}, {high, 0, 0}};
  for (int64_t row = 0; row < 3; ++row) {
    const std::vector<float> values = decoded(standard, row);
    for (size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(values[c], wanted[static_cast<size_t>(row)][c], 1e-3) << row << ", " << c;
  }
  // A query goes the same way: (5, 30, 0.1) becomes (high, high, 0), at distance 2 high from both coordinates
  // of the first row.
  const float query[] = {5, 30, 0.1F};
  float score = 0;
  standard.codec->scorer(Kernel::kSquaredL2, query)->score(standard.code(0), 1, &score);
  EXPECT_NEAR(score, 8 * high * high, 1e-2);
}

// Under cosine rows are (0.6, 0.8), (0.8, 0.6), (1, 0): means 0.8 and 1.4 / 3.
TEST(Standardize, NormalisesBeforeAndBehindUnderCosine) {
  const CompressedEmbeddings standard = compress(
      "standardize", embeddings_of(matrix_of({{3, 4}, {8, 6}, {2, 0}}), "cosine"), Value::object(), {});
  const double mean = 1.4 / 3, square = (0.64 + 0.36) / 3 - mean * mean;
  const double x = -0.2 / std::sqrt(0.08 / 3), y = (0.8 - mean) / std::sqrt(square),
               length = std::hypot(x, y);
  EXPECT_NEAR(decoded(standard, 0)[0], x / length, 1e-3);
  EXPECT_NEAR(decoded(standard, 0)[1], y / length, 1e-3);
}

// Around their mean (2, 1, 0), rows are +-3 along (0.6, 0.8, 0) and +-1 along (0, 0, 1).
TEST(AllButTheTop, RemovesTheMeanAndTheTopComponents) {
  const Matrix vectors = matrix_of({{3.8F, 3.4F, 1}, {3.8F, 3.4F, -1}, {0.2F, -1.4F, 1}, {0.2F, -1.4F, -1}});
  const auto compressed = [&](int64_t num_components) {
    return compress("all_but_the_top", embeddings_of(vectors, "l2"),
                    Value::object({{"num_components", num_components}}), {});
  };
  EXPECT_THAT(decoded(compressed(0), 0), testing::Pointwise(testing::FloatNear(1e-3F), {1.8F, 2.4F, 1.0F}));
  EXPECT_THAT(decoded(compressed(1), 0), testing::Pointwise(testing::FloatNear(1e-3F), {0.0F, 0.0F, 1.0F}));
  EXPECT_THAT(decoded(compressed(2), 0), testing::Pointwise(testing::FloatNear(1e-3F), {0.0F, 0.0F, 0.0F}));
  EXPECT_THAT(error_of([&] { compressed(3); }), testing::HasSubstr("\"num_components\" is 3"));
  // The default is a hundredth of the dimensions, 1 at least.
  EXPECT_THAT(decoded(compress("all_but_the_top", embeddings_of(vectors, "l2"), Value::object(), {}), 0),
              testing::Pointwise(testing::FloatNear(1e-3F), {0.0F, 0.0F, 1.0F}));
}

// n vectors of a direction that all share, huge and of a varying share, and of one of three classes.
Matrix ruled_by_one_direction(int64_t n, uint64_t item) {
  constexpr int64_t kDim = 24;
  Matrix matrix(n, kDim);
  auto* values = matrix.mutable_data<float>();
  RandomStream random(42, "shared direction", item);
  for (int64_t i = 0; i < n; ++i) {
    const double shared = 20 + 10 * random.normal();
    for (int64_t j = 0; j < kDim; ++j) {
      const double own = j % 3 == i % 3 ? 1 : 0;
      values[i * kDim + j] = static_cast<float>(own + 0.6 * random.normal() + (j < 4 ? shared : 0));
    }
  }
  return matrix;
}

// Share of the queries whose nearest vector is of their class: row i is of class i % 3.
double nearest_of_class(const CompressedEmbeddings& compressed, const Matrix& queries) {
  int64_t right = 0;
  for (int64_t q = 0; q < queries.rows(); ++q) {
    std::vector<float> scores(static_cast<size_t>(compressed.size())), query(24);
    Rows(queries, true).read(q, query.data());
    compressed.codec->scorer(Kernel::kInnerProduct, query.data())
        ->score(compressed.codes.codes.data(), compressed.size(), scores.data());
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    right += best % 3 == q % 3 ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(queries.rows());
}

TEST(AllButTheTop, FindsWhatASharedDirectionHides) {
  const Embeddings vectors = embeddings_of(ruled_by_one_direction(300, 0), "cosine");
  const Matrix queries = ruled_by_one_direction(150, 1);
  const double plain = nearest_of_class(compress("f16", vectors, Value::object(), {}), queries);
  const double better = nearest_of_class(compress("all_but_the_top", vectors, Value::object(), {}), queries);
  // 150 queries: a share's deviation is 0.04 at most.
  EXPECT_GT(better, plain + 0.2) << plain;
}

const char* const kMethods[] = {"standardize", "all_but_the_top"};

// The score of a query is the cosine of the query and the vector, both changed.
TEST(CentredMap, ComparesChangedQueriesWithChangedVectors) {
  const Embeddings vectors = embeddings_of(normal_vectors(40, 13), "cosine");
  const Matrix queries = normal_vectors(4, 13, 1);
  for (const char* method : kMethods) {
    const CompressedEmbeddings changed = compress(method, vectors, Value::object(), {});
    const TemporaryFolder folder;
    const std::string file = folder.file("base.safetensors");
    save_compressed(changed, file, false, {});
    const CompressedEmbeddings like =
        compress(method, embeddings_of(queries, "cosine"), Value::object({{"like", file}}), {});
    for (int64_t q = 0; q < 4; ++q) {
      std::vector<float> query(13);
      Rows(queries, true).read(q, query.data());
      for (int64_t row = 0; row < 40; ++row) {
        float score = 0;
        load_compressed(Artifact::open(file))
            .codec->scorer(Kernel::kInnerProduct, query.data())
            ->score(changed.code(row), 1, &score);
        EXPECT_NEAR(score, cosine(decoded(like, q), decoded(changed, row)), 2e-3) << method;
      }
    }
  }
}

// What stands for a vector of the file, asked as a query, is changed to the very vector of the file.
TEST(CentredMap, RestoresWhatAQueryIsChangedFrom) {
  for (const char* metric : {"cosine", "l2"}) {
    const Embeddings vectors = embeddings_of(normal_vectors(30, 9), metric);
    for (const char* method : kMethods) {
      const CompressedEmbeddings changed = compress(method, vectors, Value::object(), {});
      std::vector<float> restored(9);
      for (int64_t row = 0; row < 30; ++row) {
        changed.codec->restore(changed.code(row), nullptr, restored.data());
        float distance = 0;
        changed.codec->scorer(Kernel::kSquaredL2, restored.data())->score(changed.code(row), 1, &distance);
        EXPECT_NEAR(distance, 0, 1e-6) << method << ", " << metric;
        double square = 0;
        for (const float value : restored) square += static_cast<double>(value) * value;
        if (std::string_view(metric) != "cosine") continue;
        EXPECT_NEAR(square, 1, 1e-5) << "on the sphere of queries";
      }
    }
    // Standardising loses nothing but what f16 rounds.
    const CompressedEmbeddings standard = compress("standardize", vectors, Value::object(), {});
    EXPECT_LT(standard.record.at("quality").at("relative_error").as_real(), 2e-3) << metric;
  }
}

TEST(CentredMap, IsTakenFromAFileOfTheSameMethodWidthAndMetricOnly) {
  const TemporaryFolder folder;
  const std::string file = folder.file("base.safetensors");
  const auto compressed = [&](const char* method, int64_t dim, const char* metric) {
    return compress(method, embeddings_of(normal_vectors(9, dim, 3), metric), Value::object({{"like", file}}),
                    {});
  };
  save_compressed(compress("standardize", embeddings_of(normal_vectors(9, 5), "l2"), Value::object(), {}),
                  file, false, {});
  EXPECT_THAT(error_of([&] { compressed("all_but_the_top", 5, "l2"); }),
              testing::HasSubstr("was not written by compress all_but_the_top"));
  EXPECT_THAT(error_of([&] { compressed("standardize", 6, "l2"); }),
              testing::HasSubstr("not of vectors of 6 dimensions"));
  EXPECT_THAT(error_of([&] { compressed("standardize", 5, "cosine"); }),
              testing::HasSubstr("not of vectors compared by cosine"));
  EXPECT_EQ(compressed("standardize", 5, "inner_product").record.at("changes_vectors"), Value(true));
}

}  // namespace
}  // namespace whitney::codec
