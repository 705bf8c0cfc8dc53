#include "whitney/recommend/ials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "whitney/core/error_of.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// The loss as it is written: a sum over all pairs.
double dense_loss(const Interactions& events, const Factors& factors, const IalsOptions& options) {
  double loss = 0;
  const std::vector<int64_t> degrees = item_degrees(events);
  const auto n = static_cast<double>(events.num_users()), m = static_cast<double>(events.num_items());
  const auto square = [](std::span<const float> v) {
    double sum = 0;
    for (const float value : v) sum += double{value} * value;
    return sum;
  };
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const auto w = factors.users.row<float>(user);
    for (int64_t item = 0; item < events.num_items(); ++item) {
      const auto h = factors.items.row<float>(item);
      double product = 0;
      for (size_t j = 0; j < w.size(); ++j) product += double{w[j]} * h[j];
      if (std::ranges::binary_search(events.items_of(user), static_cast<uint32_t>(item)))
        loss += (product - 1) * (product - 1);
      loss += options.unobserved_weight * product * product;
    }
    const double count = static_cast<double>(events.degree(user)) + options.unobserved_weight * m;
    loss += options.regularization * std::pow(count, options.frequency_exponent) * square(w);
  }
  for (int64_t item = 0; item < events.num_items(); ++item) {
    const double count =
        static_cast<double>(degrees[static_cast<size_t>(item)]) + options.unobserved_weight * n;
    loss += options.regularization * std::pow(count, options.frequency_exponent) *
            square(factors.items.row<float>(item));
  }
  return loss;
}

const Interactions kEvents = grouped_events(40, 30, 3, 7);

TEST(Ials, TellsTheLossOfAllPairs) {
  const IalsOptions options{.dim = 5, .epochs = 2};
  const Factors factors = ials(kEvents, options, {});
  const double dense = dense_loss(kEvents, factors, options);
  EXPECT_NEAR(ials_loss(kEvents, factors, options), dense, 1e-6 * dense);
}

/// The largest gradient of the dense loss by the rows that were solved, as a share of the largest that the
/// data alone pull with: derived apart from the solver, in double.
double gradient_left(const Interactions& events, const Matrix& solved, const Matrix& others,
                     const IalsOptions& options) {
  const auto num_others = static_cast<double>(others.rows());
  double most = 0, largest_pull = 0;
  for (int64_t row = 0; row < solved.rows(); ++row) {
    const auto own = solved.row<float>(row);
    const double degree = static_cast<double>(events.degree(row));
    const double ridge = options.regularization * std::pow(degree + options.unobserved_weight * num_others,
                                                           options.frequency_exponent);
    for (size_t j = 0; j < own.size(); ++j) {
      double gradient = 2 * ridge * own[j], pull = 0;
      for (int64_t other = 0; other < others.rows(); ++other) {
        const auto vector = others.row<float>(other);
        double product = 0;
        for (size_t c = 0; c < own.size(); ++c) product += double{own[c]} * vector[c];
        gradient += 2 * options.unobserved_weight * product * vector[j];
        if (!std::ranges::binary_search(events.items_of(row), static_cast<uint32_t>(other))) continue;
        gradient += 2 * (product - 1) * vector[j];
        pull += 2 * vector[j];
      }
      most = std::max(most, std::abs(gradient));
      largest_pull = std::max(largest_pull, std::abs(pull));
    }
  }
  return most / largest_pull;
}

TEST(Ials, HasNoGradientLeftOnTheSideThatWasSolved) {
  const Interactions of_items = transposed(kEvents);
  at_each_level([&] {
    for (const int dim : {1, 3, 33}) {
      const IalsOptions options{.dim = dim, .epochs = 1};
      Factors factors = ials(kEvents, options, {});
      EXPECT_LT(gradient_left(of_items, factors.items, factors.users, options), 1e-4) << dim;
      EXPECT_GT(gradient_left(kEvents, factors.users, factors.items, options), 1e-2) << "solved for others";
      factors.users = ials_half_step(kEvents, factors.items, factors.users, options, {});
      EXPECT_LT(gradient_left(kEvents, factors.users, factors.items, options), 1e-4) << dim;
    }
  });
}

TEST(Ials, NeverRaisesTheLossByAHalfStep) {
  for (const IalsSolver solver : {IalsSolver::kCholesky, IalsSolver::kConjugateGradient}) {
    const IalsOptions options{.dim = 8, .epochs = 1, .solver = solver};
    const Interactions of_items = transposed(kEvents);
    Factors factors = ials(kEvents, options, {});
    double last = ials_loss(kEvents, factors, options);
    for (int step = 0; step < 6; ++step) {
      const auto expect_no_rise = [&] {
        const double loss = ials_loss(kEvents, factors, options);
        EXPECT_LE(loss, last * (1 + 1e-6)) << step;
        last = loss;
      };
      factors.users = ials_half_step(kEvents, factors.items, factors.users, options, {});
      expect_no_rise();
      factors.items = ials_half_step(of_items, factors.users, factors.items, options, {});
      expect_no_rise();
    }
  }
}

TEST(Ials, ComesToTheSameByConjugateGradients) {
  const IalsOptions exact{.dim = 6, .epochs = 20},
      stepwise{.dim = 6, .epochs = 20, .solver = IalsSolver::kConjugateGradient};
  const double by_cholesky = ials_loss(kEvents, ials(kEvents, exact, {}), exact),
               by_steps = ials_loss(kEvents, ials(kEvents, stepwise, {}), stepwise);
  EXPECT_NEAR(by_steps, by_cholesky, 0.02 * by_cholesky);
}

TEST(Ials, GivesEqualBytesWithAnyNumberOfThreads) {
  const Interactions events = grouped_events(500, 400, 5, 8);
  const IalsOptions options{.dim = 20, .epochs = 2};
  const Factors one = ials(events, options, with_threads(1));
  for (const int threads : {2, 5}) {
    const Factors many = ials(events, options, with_threads(threads));
    EXPECT_EQ(std::memcmp(one.users.bytes().data(), many.users.bytes().data(), one.users.bytes().size()), 0);
    EXPECT_EQ(std::memcmp(one.items.bytes().data(), many.items.bytes().data(), one.items.bytes().size()), 0);
  }
}

TEST(Ials, NamesTheHalfStepWhoseVectorsAreNoNumbers) {
  const IalsOptions options{.dim = 8, .epochs = 2, .unobserved_weight = 0, .regularization = 0};
  const std::string sentence =
      error_of([&] { ials(events_of(3, 3, {{0, 0}, {1, 1}, {2, 2}}), options, {}); });
  EXPECT_THAT(sentence, StartsWith("ials: the vector of the user \""));
  EXPECT_THAT(sentence, HasSubstr("\" is no longer a number after the half step of the users in epoch 1"));
  EXPECT_THAT(sentence, HasSubstr("try a larger regularization than 0, such as 0.003, or a smaller dim"));
}

TEST(Ials, LeavesUsersWithoutEventsAtZero) {
  const std::vector<uint32_t> users = {0}, items = {1};
  const Interactions events =
      build_interactions(Ids::row_numbers(2), Ids::row_numbers(2), {users, items, {}, {}}, {});
  const Factors factors = ials(events, {.dim = 2, .epochs = 3}, {});
  EXPECT_EQ(factors.users.row<float>(1)[0], 0);
  EXPECT_EQ(factors.items.row<float>(0)[1], 0);
}

}  // namespace
}  // namespace whitney::recommend
