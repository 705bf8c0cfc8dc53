#include "whitney/eval/multinomial_regression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

struct Problem {
  Matrix features;
  std::vector<uint32_t> classes;
};

// Class l is likelier the larger feature l is.
Problem random_problem(int64_t rows, int64_t dim, uint32_t num_classes) {
  RandomStream random(5, "multinomial test", 0);
  Problem problem{Matrix(rows, dim), {}};
  float* x = problem.features.mutable_data<float>();
  for (int64_t i = 0; i < rows * dim; ++i) x[i] = static_cast<float>(random.normal());
  for (int64_t i = 0; i < rows; ++i) {
    uint32_t best = 0;
    double highest = -1e9;
    for (uint32_t l = 0; l < num_classes; ++l) {
      const double score = 2 * x[i * dim + l] + random.normal();
      if (score > highest) {
        highest = score;
        best = l;
      }
    }
    problem.classes.push_back(best);
  }
  return problem;
}

TEST(MultinomialLoss, HasTheGradientThatDifferencesShow) {
  const Problem problem = random_problem(15, 4, 3);
  const Context context;
  const MultinomialLoss objective(context, problem.features, problem.classes, 3, 0.7);
  std::vector<double> parameters;
  for (int i = 0; i < 15; ++i) parameters.push_back(std::sin(i) / 2);
  std::vector<double> gradient(15), ignored(15);
  objective.evaluate(parameters, gradient);
  for (size_t i = 0; i < 15; ++i) {
    constexpr double kStep = 1.0 / 128;  // float32 products: coarse steps
    std::vector<double> moved = parameters;
    moved[i] += kStep;
    const double above = objective.evaluate(moved, ignored);
    moved[i] -= 2 * kStep;
    EXPECT_NEAR(gradient[i], (above - objective.evaluate(moved, ignored)) / (2 * kStep), 5e-5) << i;
  }
}

// At zero every class has probability 1/3: the loss is log 3.
TEST(MultinomialLoss, IsTheLogarithmOfTheNumberOfClassesAtZero) {
  const Problem problem = random_problem(15, 4, 3);
  const Context context;
  std::vector<double> gradient(15);
  const MultinomialLoss objective(context, problem.features, problem.classes, 3, 1);
  EXPECT_NEAR(objective.evaluate(std::vector<double>(15), gradient), std::log(3.0), 1e-12);
}

TEST(MultinomialRegression, LearnsWhatTellsTheClasses) {
  const Problem problem = random_problem(600, 5, 4);
  const LogisticModel model =
      train_multinomial_regression(Context(), problem.features, problem.classes, 4, {.c = 1});
  EXPECT_EQ(model.num_unfinished, 0);
  const Matrix scores = decision_scores(Context(), model, problem.features);
  int64_t num_right = 0;
  for (int64_t i = 0; i < 600; ++i) {
    const auto row = scores.row<float>(i);
    num_right +=
        std::ranges::max_element(row) - row.begin() == problem.classes[static_cast<size_t>(i)] ? 1 : 0;
  }
  EXPECT_GT(num_right, 400);  // a quarter by chance
  for (int64_t l = 0; l < 4; ++l) EXPECT_GT(model.weights.row<float>(l)[static_cast<size_t>(l)], 0.5);
}

// Adding one vector to all classes changes no probability: the penalty chooses weights that sum to 0.
TEST(MultinomialRegression, GivesWeightsThatSumToZero) {
  const Problem problem = random_problem(60, 5, 3);
  const LogisticModel model =
      train_multinomial_regression(Context(), problem.features, problem.classes, 3, {.c = 0.5});
  for (size_t j = 0; j < 5; ++j) {
    float sum = 0;
    for (int64_t l = 0; l < 3; ++l) sum += model.weights.row<float>(l)[j];
    EXPECT_NEAR(sum, 0, 1e-3);
  }
}

TEST(MultinomialRegression, GivesTheSameBitsAtAnyNumberOfThreads) {
  const Problem problem = random_problem(700, 6, 3);
  std::vector<std::vector<double>> biases;
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    biases.push_back(
        train_multinomial_regression(context, problem.features, problem.classes, 3, {.c = 1}).biases);
  }
  EXPECT_EQ(biases[1], biases[0]);
  EXPECT_EQ(biases[2], biases[0]);
}

}  // namespace
}  // namespace whitney::eval
