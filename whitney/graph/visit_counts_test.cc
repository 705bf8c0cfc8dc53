#include "whitney/graph/visit_counts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney::graph {
namespace {

ItemContexts graph_of(int64_t num_items, const std::vector<std::vector<uint32_t>>& contexts) {
  SparseMatrix items_of;
  items_of.cols = num_items;
  for (const auto& items : contexts) {
    items_of.columns.insert(items_of.columns.end(), items.begin(), items.end());
    items_of.offsets.push_back(std::ssize(items_of.columns));
  }
  return item_contexts(std::move(items_of));
}

Context seeded(uint64_t seed) {
  Context context;
  context.seed = seed;
  return context;
}

Context on_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

/// One context of three items, and two items that share no context with another.
ItemContexts star() { return graph_of(5, {{0, 1, 2}, {3}}); }

/// 60 items in 40 contexts of 2 to 6 items.
ItemContexts random_graph() {
  RandomStream random(3, "visit counts test", 0);
  std::vector<std::vector<uint32_t>> contexts(40);
  for (auto& items : contexts) {
    items.resize(2 + random.below(5));
    for (uint32_t& item : items) item = static_cast<uint32_t>(random.below(60));
  }
  return graph_of(60, contexts);
}

std::vector<double> dense_row(const SparseMatrix& matrix, int64_t row) {
  std::vector<double> dense(static_cast<size_t>(matrix.cols));
  for (int64_t e = matrix.offsets[static_cast<size_t>(row)]; e < matrix.offsets[static_cast<size_t>(row) + 1];
       ++e) {
    dense[matrix.columns[static_cast<size_t>(e)]] += matrix.weights[static_cast<size_t>(e)];
  }
  return dense;
}

/// Half the sum of differences, over all rows.
double total_variation(const SparseMatrix& a, const SparseMatrix& b) {
  double sum = 0;
  for (int64_t row = 0; row < a.rows(); ++row) {
    const std::vector<double> left = dense_row(a, row);
    const std::vector<double> right = dense_row(b, row);
    for (size_t i = 0; i < left.size(); ++i) sum += std::abs(left[i] - right[i]) / 2;
  }
  return sum;
}

TEST(VisitCounts, ExactSharesOfAStarAreHalves) {
  const SparseMatrix found = truncated_page_rank(star(), {}, {});
  EXPECT_EQ(found.offsets, (std::vector<int64_t>{0, 2, 4, 6, 6, 6}));
  EXPECT_EQ(found.columns, (std::vector<uint32_t>{1, 2, 0, 2, 0, 1}));
  EXPECT_EQ(found.weights, std::vector<float>(6, 0.5F));
}

TEST(VisitCounts, WalksOfAStarVisitTheOtherTwoEquallyOften) {
  const SparseMatrix found = visit_counts(star(), {.visits = 30'000}, {});
  EXPECT_EQ(found.offsets, (std::vector<int64_t>{0, 2, 4, 6, 6, 6}));
  // Each visit falls on a, b or c with 1/3: about 20,000 on b or c, whose share of b deviates by
  // sqrt(1/4 / 20,000) = 0.0035.
  for (const float weight : found.weights) EXPECT_NEAR(weight, 0.5, 5 * 0.0036);
}

TEST(VisitCounts, ExactSharesAreThoseWorkedByHand) {
  // From 0: P gives 1/2, 1/2, 0; P^2 gives 3/8, 1/2, 1/8. P + (1 - 3/4) P^2 without 0: 5/8 and 1/32.
  const ItemContexts graph = graph_of(3, {{0, 1}, {1, 2}});
  const SparseMatrix found = truncated_page_rank(graph, {.stop = 0.75, .max_steps = 2}, {});
  EXPECT_EQ((std::vector<uint32_t>{found.columns[0], found.columns[1]}), (std::vector<uint32_t>{1, 2}));
  EXPECT_FLOAT_EQ(found.weights[0], 20.0F / 21);
  EXPECT_FLOAT_EQ(found.weights[1], 1.0F / 21);
}

TEST(VisitCounts, KeepTheMostVisitedAndNormaliseBehindTheCut) {
  // 2 is a neighbour of 0 through 1 only. In the star, equal scores stay by the lower row.
  const ItemContexts path = graph_of(3, {{0, 1}, {1, 2}});
  for (auto* counted : {&visit_counts, &truncated_page_rank}) {
    const SparseMatrix found = counted(path, {.neighbors = 1}, {});
    EXPECT_EQ(found.columns[0], 1U);
    EXPECT_EQ(found.weights, std::vector<float>(3, 1.0F));
  }
  EXPECT_EQ(truncated_page_rank(star(), {.neighbors = 1}, {}).columns, (std::vector<uint32_t>{1, 0, 0}));
}

TEST(VisitCounts, SharesSumToOneMostVisitedFirst) {
  const SparseMatrix found = visit_counts(random_graph(), {.neighbors = 7}, {});
  ASSERT_EQ(found.rows(), 60);
  for (size_t row = 0; row < 60; ++row) {
    double sum = 0;
    for (auto e = static_cast<size_t>(found.offsets[row]); e < static_cast<size_t>(found.offsets[row + 1]);
         ++e) {
      sum += found.weights[e];
      EXPECT_NE(found.columns[e], row);
      if (e > static_cast<size_t>(found.offsets[row])) {
        EXPECT_LE(found.weights[e], found.weights[e - 1]);
      }
    }
    const int64_t kept = found.offsets[row + 1] - found.offsets[row];
    EXPECT_LE(kept, 7);
    EXPECT_NEAR(sum, kept > 0 ? 1 : 0, 1e-6);
  }
}

TEST(VisitCounts, TendToTheExactSharesWithTheRootOfTheVisits) {
  // A hundred times the visits: a tenth of the distance, over the rows of 60 items within a few percent.
  const ItemContexts graph = random_graph();
  const SparseMatrix exact = truncated_page_rank(graph, {.neighbors = 60}, {});
  const double few = total_variation(visit_counts(graph, {.neighbors = 60, .visits = 400}, {}), exact);
  const double many = total_variation(visit_counts(graph, {.neighbors = 60, .visits = 40'000}, {}), exact);
  EXPECT_GT(few, 5 * many);
  EXPECT_LT(few, 20 * many);
}

TEST(VisitCounts, AreTheSameBytesAtAnyNumberOfThreads) {
  std::vector<std::vector<uint32_t>> contexts;
  for (uint32_t c = 0; c < 300; ++c) contexts.push_back({c, (7 * c + 1) % 301, (c * c) % 301});
  const ItemContexts graph = graph_of(301, contexts);
  for (auto* counted : {&visit_counts, &truncated_page_rank}) {
    const SparseMatrix one = counted(graph, {.neighbors = 9, .visits = 100}, on_threads(1));
    for (const int threads : {2, 5}) {
      const SparseMatrix more = counted(graph, {.neighbors = 9, .visits = 100}, on_threads(threads));
      EXPECT_EQ(more.offsets, one.offsets);
      EXPECT_EQ(more.columns, one.columns);
      EXPECT_EQ(more.weights, one.weights);
    }
  }
}

TEST(VisitCounts, FollowTheSeedButNotOtherItems) {
  const VisitOptions options{.visits = 50};
  const SparseMatrix found = visit_counts(star(), options, seeded(1));
  EXPECT_NE(visit_counts(star(), options, seeded(2)).weights, found.weights);
  // Another component changes nothing.
  const SparseMatrix wider = visit_counts(graph_of(7, {{0, 1, 2}, {3}, {5, 6}}), options, seeded(1));
  EXPECT_EQ(std::vector<float>(wider.weights.begin(), wider.weights.begin() + 6), found.weights);
}

TEST(VisitCounts, ServeAGraphWithoutItems) {
  EXPECT_EQ(visit_counts(graph_of(0, {}), {}, {}).rows(), 0);
  EXPECT_EQ(truncated_page_rank(graph_of(0, {}), {}, {}).rows(), 0);
}

TEST(VisitCounts, TakeUsersAsContexts) {
  const std::vector<uint32_t> users{0, 0, 1, 1};
  const std::vector<uint32_t> items{0, 1, 1, 2};
  const Interactions events =
      build_interactions(Ids::row_numbers(2), Ids::row_numbers(3),
                         {.users = users, .items = items, .values = {}, .times = {}}, {});
  const ItemContexts graph = item_contexts(events, {});
  EXPECT_EQ(graph.num_contexts(), 2);
  EXPECT_EQ(graph.contexts_of.columns, (std::vector<uint32_t>{0, 0, 1, 1}));
  EXPECT_EQ(graph.contexts_of.offsets, (std::vector<int64_t>{0, 1, 3, 4}));
}

TEST(VisitCounts, NameTheOptionThatIsOutOfRange) {
  const auto error_for = [](const VisitOptions& options) {
    return error_of([&] { visit_counts(star(), options, {}); });
  };
  EXPECT_NE(error_for({.neighbors = 0}).find("neighbors is 0"), std::string::npos);
  EXPECT_NE(error_for({.stop = 0}).find("stop is 0"), std::string::npos);
  EXPECT_NE(error_for({.stop = std::nan("")}).find("stop is nan"), std::string::npos);
  EXPECT_NE(error_for({.max_steps = 0}).find("max_steps is 0"), std::string::npos);
  EXPECT_NE(error_for({.visits = 0}).find("visits is 0"), std::string::npos);
}

}  // namespace
}  // namespace whitney::graph
