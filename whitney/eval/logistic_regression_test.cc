#include "whitney/eval/logistic_regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

constexpr int64_t kRows = 12, kDim = 3;

/// Twelve rows of quarters, and two labels, all by a formula that another language repeats exactly.
Matrix worked_features() {
  Matrix features(kRows, kDim);
  float* out = features.mutable_data<float>();
  for (int64_t i = 0; i < kRows; ++i) {
    for (int64_t j = 0; j < kDim; ++j)
      out[i * kDim + j] = static_cast<float>((i * 7 + j * 5 + i * j) % 11 - 5) / 4;
  }
  return features;
}

std::vector<uint8_t> worked_targets() {
  std::vector<uint8_t> targets;
  for (int64_t i = 0; i < kRows; ++i) targets.push_back((i * i + 3 * i) % 5 < 2 ? 1 : 0);
  for (int64_t i = 0; i < kRows; ++i) targets.push_back(i % 4 == 1 ? 1 : 0);
  return targets;
}

struct Problem {
  Matrix features;
  std::vector<uint8_t> targets;
};

/// Noisy labels of random rows; the last label has 3 positive rows.
Problem random_problem(int64_t rows, int64_t dim, int64_t num_labels) {
  RandomStream random(5, "test", 0);
  Problem problem{Matrix(rows, dim), std::vector<uint8_t>(static_cast<size_t>(rows * num_labels))};
  float* x = problem.features.mutable_data<float>();
  for (int64_t i = 0; i < rows * dim; ++i) x[i] = static_cast<float>(random.normal());
  for (int64_t label = 0; label < num_labels; ++label) {
    for (int64_t i = 0; i < rows; ++i) {
      const double score = x[i * dim + label % dim] - 1 + random.normal();
      problem.targets[static_cast<size_t>(label * rows + i)] = label + 1 == num_labels ? i < 3 : score > 0;
    }
  }
  return problem;
}

TEST(LogisticLoss, HasTheGradientThatDifferencesShow) {
  const Problem problem = random_problem(15, 4, 2);
  const Context context;
  const LogisticLoss objective(context, problem.features, problem.targets, 0.7);
  const std::vector<int64_t> labels = {1, 0};
  const std::vector<double> at = {0.3, -0.2, 0.5, 0.1, -0.4, -0.6, 0.2, 0.05, 0.7, 0.9};
  std::vector<double> losses(2), gradients(10), unused(10);
  objective.evaluate(labels, at, losses, gradients);
  // Scores are float32: a step of 1e-2 leaves errors of about 1e-7 / 1e-2 (rounding) and 1e-4 / 6 f'''
  // (formula).
  constexpr double kStep = 1e-2;
  for (size_t p = 0; p < at.size(); ++p) {
    std::vector<double> above = at, below = at, up(2), down(2);
    above[p] += kStep;
    below[p] -= kStep;
    objective.evaluate(labels, above, up, unused);
    objective.evaluate(labels, below, down, unused);
    EXPECT_NEAR(gradients[p], (up[p / 5] - down[p / 5]) / (2 * kStep), 1e-4) << "parameter " << p;
  }
}

TEST(LogisticLoss, IsTheMeanLossPlusThePenaltyOfWeightsAndBias) {
  // One row x = 2, y = 1, w = 0.5, b = 1: z = 2; log(1 + e^-2) + (0.25 + 1) / (2 C), C = 4.
  Matrix feature(1, 1);
  feature.mutable_data<float>()[0] = 2;
  const std::vector<uint8_t> target = {1};
  std::vector<double> loss(1), gradient(2);
  const Context context;
  LogisticLoss(context, feature, target, 4)
      .evaluate(std::vector<int64_t>{0}, std::vector<double>{0.5, 1}, loss, gradient);
  EXPECT_NEAR(loss[0], std::log1p(std::exp(-2.0)) + 1.25 / 8, 1e-9);
  const double residual = 1 / (1 + std::exp(-2.0)) - 1;
  EXPECT_NEAR(gradient[0], 2 * residual + 0.5 / 4, 1e-6);
  EXPECT_NEAR(gradient[1], residual + 1.0 / 4, 1e-6);
}

TEST(LogisticRegression, EqualsLiblinearsSolution) {
  // scikit-learn 1.9.1, LogisticRegression(solver="liblinear", tol=1e-12): coefficients, intercept.
  const std::vector<std::vector<double>> small_c = {{-0.18186696, 0.11298162, -0.08091532, -0.07948330},
                                                    {0.08736638, -0.25301446, -0.11551389, -0.22693590}};
  const std::vector<std::vector<double>> large_c = {{-1.13190592, 0.93774733, -0.68150852, -0.40775783},
                                                    {0.52358775, -1.80773519, -0.28282464, -1.12398973}};
  for (const auto& [c, want] : {std::pair{0.1, small_c}, {2.0, large_c}}) {
    const LogisticModel model = train_logistic_regression(
        Context(), worked_features(), worked_targets(), {.c = c, .tolerance = 1e-7, .max_iterations = 1000});
    for (int64_t label = 0; label < 2; ++label) {
      const auto& expected = want[static_cast<size_t>(label)];
      for (size_t j = 0; j < 3; ++j)
        EXPECT_NEAR(model.weights.row<float>(label)[j], expected[j], 2e-6) << "C = " << c;
      EXPECT_NEAR(model.biases[static_cast<size_t>(label)], expected[3], 2e-6) << "C = " << c;
    }
  }
}

TEST(LogisticRegression, EndsWhereTheGradientIsZero) {
  const Problem problem = random_problem(300, 20, 4);
  for (double c : {0.1, 1.0, 100.0}) {
    const LogisticModel model =
        train_logistic_regression(Context(), problem.features, problem.targets, {.c = c});
    EXPECT_EQ(model.num_unfinished, 0);
    // The conditions of optimality, in float64: sum_i (p_i - y_i) (x_i, 1) / m + (w, b) / (C m) = 0.
    for (int64_t label = 0; label < 4; ++label) {
      const auto w = model.weights.row<float>(label);
      std::vector<double> gradient(21);
      for (int64_t i = 0; i < 300; ++i) {
        const auto x = problem.features.row<float>(i);
        double z = model.biases[static_cast<size_t>(label)];
        for (size_t j = 0; j < 20; ++j) z += double{w[j]} * x[j];
        const double residual =
            1 / (1 + std::exp(-z)) - problem.targets[static_cast<size_t>(label * 300 + i)];
        for (size_t j = 0; j < 20; ++j) gradient[j] += residual * x[j] / 300;
        gradient[20] += residual / 300;
      }
      for (size_t j = 0; j < 20; ++j) gradient[j] += w[j] / (c * 300);
      gradient[20] += model.biases[static_cast<size_t>(label)] / (c * 300);
      for (double slope : gradient) EXPECT_LT(std::abs(slope), 1.1e-5) << "C = " << c << ", label " << label;
    }
  }
}

TEST(LogisticRegression, GivesALabelTheSameModelAloneAndAmongOthers) {
  const Problem problem = random_problem(100, 7, 3);
  const LogisticModel together = train_logistic_regression(Context(), problem.features, problem.targets, {});
  const std::vector<uint8_t> second(problem.targets.begin() + 100, problem.targets.begin() + 200);
  const LogisticModel alone = train_logistic_regression(Context(), problem.features, second, {});
  const auto a = together.weights.row<float>(1), b = alone.weights.row<float>(0);
  EXPECT_EQ(std::vector(a.begin(), a.end()), std::vector(b.begin(), b.end()));
  EXPECT_EQ(together.biases[1], alone.biases[0]);
}

TEST(LogisticRegression, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Problem problem = random_problem(250, 9, 5);
  const auto train = [&](int threads) {
    Context context;
    context.threads = threads;
    return train_logistic_regression(context, problem.features, problem.targets, {});
  };
  const LogisticModel one = train(1);
  for (int threads : {2, 5}) {
    const LogisticModel many = train(threads);
    EXPECT_EQ(many.biases, one.biases);
    EXPECT_EQ(std::memcmp(many.weights.bytes().data(), one.weights.bytes().data(),
                          static_cast<size_t>(one.weights.bytes().size())),
              0);
  }
}

TEST(LogisticRegression, NeverPredictsALabelWithoutAnExample) {
  std::vector<uint8_t> targets(2 * kRows);
  std::fill(targets.begin() + kRows, targets.end(), uint8_t{1});
  const LogisticModel model = train_logistic_regression(Context(), worked_features(), targets, {});
  EXPECT_EQ(model.biases[0], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(model.biases[1], std::numeric_limits<double>::infinity());
  const Matrix scores = decision_scores(Context(), model, worked_features());
  EXPECT_EQ(scores.row<float>(0)[0], -std::numeric_limits<float>::infinity());
}

TEST(LogisticRegression, ScoresByWeightsAndBias) {
  const LogisticModel model =
      train_logistic_regression(Context(), worked_features(), worked_targets(), {.c = 1});
  const Matrix features = worked_features();
  const Matrix scores = decision_scores(Context(), model, features);
  for (int64_t i = 0; i < kRows; ++i) {
    for (int64_t label = 0; label < 2; ++label) {
      double want = model.biases[static_cast<size_t>(label)];
      for (size_t j = 0; j < 3; ++j)
        want += double{model.weights.row<float>(label)[j]} * features.row<float>(i)[j];
      EXPECT_NEAR(scores.row<float>(i)[static_cast<size_t>(label)], want, 1e-5);
    }
  }
}

TEST(LogisticRegression, CountsLabelsThatDidNotConverge) {
  const Problem problem = random_problem(100, 7, 3);
  const LogisticModel model = train_logistic_regression(Context(), problem.features, problem.targets,
                                                        {.c = 1, .tolerance = 1e-5, .max_iterations = 2});
  EXPECT_EQ(model.num_unfinished, 3);
}

TEST(LogisticRegression, StopsWhenAskedTo) {
  CancellationToken token;
  token.request();
  Context context;
  context.cancellation = &token;
  EXPECT_THROW(train_logistic_regression(context, worked_features(), worked_targets(), {}), Cancelled);
}

}  // namespace
}  // namespace whitney::eval
