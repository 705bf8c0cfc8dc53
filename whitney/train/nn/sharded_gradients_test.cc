#include "whitney/train/nn/sharded_gradients.h"

#include <gtest/gtest.h>

#include <numeric>

#include "whitney/train/nn/small_objective_test.h"

namespace whitney::nn {
namespace {

std::vector<int64_t> all_examples() {
  std::vector<int64_t> examples(SmallObjective::kExamples);
  std::iota(examples.begin(), examples.end(), int64_t{0});
  return examples;
}

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

double gradients_of(SmallObjective& objective, std::span<const int64_t> examples, int shards,
                    int threads = 2) {
  const auto n = static_cast<int64_t>(examples.size());
  return add_gradients(objective, examples, {.num_in_step = n}, shards, with_threads(threads));
}

std::vector<float> gradient_numbers(const SmallObjective& objective) {
  Parameters gradients;
  for (const Parameter& parameter : objective.parameters().all())
    gradients.add(parameter.name, parameter.tensor.grad().clone());
  return numbers_of(gradients);
}

// The plain way: one graph, one call.
double whole_batch(SmallObjective& objective, std::span<const int64_t> examples) {
  const Context context;
  const auto shared = objective.shared(examples, context);
  const torch::Tensor loss =
      objective.loss({.examples = examples, .num_in_step = static_cast<int64_t>(examples.size())}, shared);
  loss.backward();
  return loss.item<double>();
}

TEST(ShardedGradients, AreThoseOfTheWholeBatch) {
  const std::vector<int64_t> examples = all_examples();
  SmallObjective plain(torch::kFloat64);
  const double loss = whole_batch(plain, examples);
  for (const int shards : {1, 3, 4, 64}) {
    SmallObjective objective(torch::kFloat64);
    EXPECT_NEAR(gradients_of(objective, examples, shards), loss, 1e-12) << shards;
    for (size_t i = 0; i < 2; ++i) {
      const torch::Tensor expected = plain.parameters().all()[i].tensor.grad();
      EXPECT_TRUE(objective.parameters().all()[i].tensor.grad().allclose(expected, 1e-10, 1e-12)) << shards;
    }
  }
}

TEST(ShardedGradients, AreTheSameBytesAtAnyNumberOfThreads) {
  std::vector<std::vector<float>> found;
  for (const int threads : {1, 2, 5}) {
    SmallObjective objective;
    gradients_of(objective, all_examples(), 5, threads);
    found.push_back(gradient_numbers(objective));
  }
  EXPECT_EQ(found[0], found[1]);
  EXPECT_EQ(found[0], found[2]);
}

TEST(ShardedGradients, AddUpOverTheBatchesOfAStep) {
  const std::vector<int64_t> examples = all_examples();
  const std::span<const int64_t> all(examples);
  SmallObjective once(torch::kFloat64), twice(torch::kFloat64);
  const double loss = gradients_of(once, all, 2);
  const int64_t n = SmallObjective::kExamples;
  double sum = add_gradients(twice, all.first(10), {.num_in_step = n}, 2, Context());
  sum += add_gradients(twice, all.subspan(10), {.batch = 1, .num_in_step = n}, 2, Context());
  EXPECT_NEAR(sum, loss, 1e-12);
  EXPECT_TRUE(
      twice.parameters().at("table").grad().allclose(once.parameters().at("table").grad(), 1e-10, 1e-12));
}

// A loss that knows nothing of one parameter, and gives the gradient of the other as a tensor without
// strides.
class Sum : public Objective {
 public:
  Sum() : used_(parameters_.add("used", torch::ones({4}))) { parameters_.add("idle", torch::ones({2})); }
  const Parameters& parameters() const override { return parameters_; }
  int64_t num_examples() const override { return 6; }
  torch::Tensor loss(const Shard&, std::span<const torch::Tensor>) const override { return used_.sum(); }

 private:
  Parameters parameters_;
  torch::Tensor used_;
};

TEST(ShardedGradients, LeaveParametersWithoutAGradientAlone) {
  Sum objective;
  const std::vector<int64_t> examples(6);
  EXPECT_EQ(add_gradients(objective, examples, {.num_in_step = 6}, 3, Context()), 12);
  EXPECT_TRUE(objective.parameters().at("used").grad().equal(torch::full({4}, 3.0F)));
  EXPECT_FALSE(objective.parameters().at("idle").grad().defined());
}

}  // namespace
}  // namespace whitney::nn
