#include "whitney/search/lsh_tokens.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "whitney/search/lsh_cases_test.h"

namespace whitney::search {
namespace {

TEST(LshTokens, AreOneOfEachTableAndDoNotDependOnLengthsOrThreads) {
  const LshTokens tokens(8, 5, 3, 42);
  const Matrix rows = normal_rows(50, 8, 1);
  Matrix longer = Matrix::copy_of(rows);
  auto* values = longer.mutable_data<float>();
  for (int64_t i = 0; i < 50 * 8; ++i) values[i] *= 4;
  Context three_threads;
  three_threads.threads = 3;
  const RaggedEmbeddings found = tokens.of(rows, {}), same = tokens.of(longer, three_threads);
  EXPECT_EQ(found.num_dims, 5 * 8);
  ASSERT_EQ(found.indices.size(), 50 * 5);
  for (int64_t i = 0; i < found.indices.size(); ++i) {
    EXPECT_EQ(found.indices[i] / 8, i % 5) << i;
    EXPECT_EQ(found.indices[i], same.indices[i]) << i;
  }
  found.validate_entries();
}

// P(same side) = 1 - angle / pi (Charikar): of one plane a table, the share of tables in common.
TEST(LshTokens, AgreeAsOftenAsTheAngleTells) {
  constexpr int64_t kTables = 1024;
  const LshTokens tokens(2, kTables, 1, 7);
  for (const double angle : {0.3, 1.2, 2.6}) {
    Matrix pair(2, 2);
    auto* out = pair.mutable_data<float>();
    out[0] = 1;
    out[1] = 0;
    out[2] = static_cast<float>(std::cos(angle));
    out[3] = static_cast<float>(std::sin(angle));
    const RaggedEmbeddings found = tokens.of(pair, {});
    double common = 0;
    for (int64_t t = 0; t < kTables; ++t) common += found.indices[t] == found.indices[kTables + t] ? 1 : 0;
    const double expected = 1 - angle / std::numbers::pi;
    // Four deviations of a share of 1,024.
    EXPECT_NEAR(common / kTables, expected, 4 * std::sqrt(expected * (1 - expected) / kTables)) << angle;
  }
}

}  // namespace
}  // namespace whitney::search
