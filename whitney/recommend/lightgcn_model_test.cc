#include "whitney/recommend/lightgcn_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"
#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

/// E_0 by the rows of users, then items.
std::vector<std::vector<double>> begin_of(const LightGcnModel& model) {
  std::vector<std::vector<double>> rows;
  for (const uint32_t place : model.graph().place_of) {
    const auto row = model.vectors().row<float>(place);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

void set_row(LightGcnModel& model, size_t node, const std::vector<float>& row) {
  std::ranges::copy(row, model.mutable_vectors() + model.graph().place_of[node] * row.size());
}

/// (1 / (K + 1)) sum of L^k E_0 in float64 by plain sums over pairs.
std::vector<std::vector<double>> plain_propagation(const Interactions& events, int layers,
                                                   const std::vector<std::vector<double>>& begin) {
  const auto degrees = item_degrees(events);
  const auto num_users = static_cast<size_t>(events.num_users());
  auto power = begin, sum = begin;
  for (int k = 0; k < layers; ++k) {
    auto next = begin;
    for (auto& row : next) row.assign(row.size(), 0.0);
    for (size_t u = 0; u < num_users; ++u) {
      for (const uint32_t item : events.items_of(static_cast<int64_t>(u))) {
        const double weight =
            1 / std::sqrt(static_cast<double>(events.degree(static_cast<int64_t>(u)) * degrees[item]));
        for (size_t c = 0; c < next[u].size(); ++c) {
          next[u][c] += weight * power[num_users + item][c];
          next[num_users + item][c] += weight * power[u][c];
        }
      }
    }
    power = next;
    for (size_t r = 0; r < sum.size(); ++r) {
      for (size_t c = 0; c < sum[r].size(); ++c) sum[r][c] += power[r][c];
    }
  }
  for (auto& row : sum) {
    for (double& value : row) value /= layers + 1;
  }
  return sum;
}

double plain_loss(const Interactions& events, int layers, const std::vector<std::vector<double>>& begin,
                  const BprTriples& triples, double regularization) {
  const auto end = plain_propagation(events, layers, begin);
  const auto num_users = static_cast<size_t>(events.num_users());
  double loss = 0;
  for (size_t t = 0; t < triples.users.size(); ++t) {
    const size_t u = triples.users[t], i = num_users + triples.positives[t],
                 j = num_users + triples.negatives[t];
    double margin = 0, squares = 0;
    for (size_t c = 0; c < end[u].size(); ++c) {
      margin += end[u][c] * (end[i][c] - end[j][c]);
      squares += begin[u][c] * begin[u][c] + begin[i][c] * begin[i][c] + begin[j][c] * begin[j][c];
    }
    loss += std::log1p(std::exp(-margin)) + regularization / 2 * squares;
  }
  return loss / static_cast<double>(triples.size());
}

TEST(LightGcnModel, IsTheMeanOfTheFirstTwoPowersByHand) {
  // The card's case: item 0 has degree 1, item 1 degree 2; weights 1 / sqrt(2) and 1 / 2, so that
  // L E_0 of user 0 is (0.7071 + 0.5, 0.5), and the mean with e_u = (1, 0) is half of (2.2071, 0.5).
  const Interactions events = events_of(2, 2, {{0, 0}, {0, 1}, {1, 1}});
  at_each_level([&] {
    LightGcnModel model(events, 2, 1, 0.1, 1);
    const std::vector<std::vector<float>> begin = {{1, 0}, {7, 9}, {1, 0}, {1, 1}};
    for (size_t node = 0; node < begin.size(); ++node) {
      set_row(model, node, begin[node]);
    }
    const Factors factors = model.factors({});
    EXPECT_NEAR(factors.users.row<float>(0)[0], (1 + 1.20710678) / 2, 1e-6);
    EXPECT_NEAR(factors.users.row<float>(0)[1], 0.25, 1e-6);
  });
}

TEST(LightGcnModel, IsThePolynomialOfTheMatrix) {
  const Interactions events = grouped_events(30, 40, 3, 5);
  for (const int layers : {0, 1, 2, 3, 4}) {
    LightGcnModel model(events, 5, layers, 1.0, 2);
    const auto expected = plain_propagation(events, layers, begin_of(model));
    const Factors factors = model.factors({});
    for (size_t u = 0; u < 30; ++u) {
      for (size_t c = 0; c < 5; ++c) {
        ASSERT_NEAR(factors.users.row<float>(static_cast<int64_t>(u))[c], expected[u][c], 2e-6);
      }
    }
    for (size_t i = 0; i < 40; ++i) {
      for (size_t c = 0; c < 5; ++c) {
        ASSERT_NEAR(factors.items.row<float>(static_cast<int64_t>(i))[c], expected[30 + i][c], 2e-6);
      }
    }
  }
}

TEST(LightGcnModel, WeighsUsersOfSecondOrderByTheItemsTheyShare) {
  // The weight of user 1 on user 0 after two layers: 1/sqrt(|N_0| |N_1|) * sum over shared items of 1/|N_i|.
  // Users 0 and 1 share items 1 (of 2 users) and 2 (of 3): (1/2 + 1/3) / sqrt(3 * 2), over K + 1 = 3.
  const Interactions events = events_of(3, 3, {{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}});
  LightGcnModel model(events, 1, 2, 0.1, 1);
  for (size_t node = 0; node < 6; ++node) {
    set_row(model, node, {node == 1 ? 1.0F : 0.0F});
  }
  EXPECT_NEAR(model.factors({}).users.row<float>(0)[0], (5.0 / 6) / std::sqrt(6.0) / 3, 1e-7);
}

TEST(LightGcnModel, LossAndGradientAgreeWithCentralDifferences) {
  // Items 38 and 39 have no user (they come as negatives), users repeat, and some items are in no triple.
  const Interactions events = grouped_events(12, 40, 4, 3);
  const BprTriples triples = BprSampler(events, 9).sample(0, 17, {});
  for (const int layers : {0, 1, 2, 3}) {
    LightGcnModel model(events, 33, layers, 0.5, 4);
    Matrix gradient(52, 33);
    const auto begin = begin_of(model);
    const double loss = model.loss_and_gradient(triples, 0.3, gradient, {});
    EXPECT_NEAR(loss, plain_loss(events, layers, begin, triples, 0.3), 1e-5);
    for (size_t node = 0; node < 52; node += 3) {
      const auto row = gradient.row<float>(model.graph().place_of[node]);
      for (size_t c = node % 4; c < 33; c += 8) {
        constexpr double kStep = 1e-5;
        auto up = begin, down = begin;
        up[node][c] += kStep;
        down[node][c] -= kStep;
        const double expected =
            (plain_loss(events, layers, up, triples, 0.3) - plain_loss(events, layers, down, triples, 0.3)) /
            (2 * kStep);
        ASSERT_NEAR(row[c], expected, 1e-6 + 1e-4 * std::abs(expected))
            << "layers " << layers << ", node " << node << ", column " << c;
      }
    }
  }
}

TEST(LightGcnModel, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Interactions events = grouped_events(6000, 4000, 7, 5);
  const BprTriples triples = BprSampler(events, 9).sample(0, 300, {});
  const auto run = [&](int threads) {
    LightGcnModel model(events, 34, 3, 0.1, 4);
    Matrix gradient(10000, 34);
    const double loss = model.loss_and_gradient(triples, 1e-2, gradient, with_threads(threads));
    std::vector<float> values(gradient.mutable_data<float>(), gradient.mutable_data<float>() + 10000 * 34);
    values.push_back(static_cast<float>(loss));
    return values;
  };
  const std::vector<float> one = run(1);
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(5), one);
}

}  // namespace
}  // namespace whitney::recommend
