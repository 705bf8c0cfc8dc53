#include "whitney/train/nn/optimizers.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/train/nn/table_look_up.h"

namespace whitney::nn {
namespace {

torch::Tensor numbers(std::vector<int64_t> shape, uint64_t item) {
  int64_t n = 1;
  for (const int64_t size : shape) n *= size;
  return torch::tensor(random_floats(n, item, 1)).reshape(shape).clone();
}

/// A problem of two parameters whose gradients change as they go.
torch::Tensor loss_of(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.sin() * b).sum() + (a * a * b.cos()).sum() / 10;
}

/// Takes 12 steps by ours and by torch's and compares.
template <class TorchOptimizer, class TorchOptions>
void expect_like_torch(const OptimizerOptions& options, const TorchOptions& torch_options,
                       torch::Dtype dtype = torch::kFloat32) {
  const auto start = [&](uint64_t item) { return numbers({7, 5}, item).to(dtype); };
  Parameters parameters;
  const torch::Tensor a = parameters.add("a", start(1)), b = parameters.add("b", start(2));
  torch::Tensor c = start(1).requires_grad_(), d = start(2).requires_grad_();
  TorchOptimizer theirs(std::vector<torch::Tensor>{c, d}, torch_options);
  const auto ours = make_optimizer(options);
  for (int64_t step = 0; step < 12; ++step) {
    parameters.clear_gradients();
    loss_of(a, b).backward();
    ours->step(parameters, step, {});
    theirs.zero_grad();
    loss_of(c, d).backward();
    theirs.step();
  }
  EXPECT_TRUE(torch::allclose(a, c, 1e-5, 1e-6)) << (a - c).abs().max();
  EXPECT_TRUE(torch::allclose(b, d, 1e-5, 1e-6)) << (b - d).abs().max();
  EXPECT_FALSE(torch::allclose(a, start(1), 1e-3, 1e-3));
}

OptimizerOptions options_of(Update update, double rate) {
  OptimizerOptions options;
  options.update = update;
  options.learning_rate = rate;
  return options;
}

TEST(Optimizers, AdamIsThatOfTorch) {
  OptimizerOptions options = options_of(Update::kAdam, 0.05);
  options.weight_decay = 0.1;
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    expect_like_torch<torch::optim::Adam>(options, torch::optim::AdamOptions(0.05).weight_decay(0.1), dtype);
  }
}

TEST(Optimizers, AdamWIsThatOfTorch) {
  OptimizerOptions options = options_of(Update::kAdamW, 0.05);
  options.weight_decay = 0.1;
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    expect_like_torch<torch::optim::AdamW>(options, torch::optim::AdamWOptions(0.05).weight_decay(0.1),
                                           dtype);
  }
}

TEST(Optimizers, SgdWithMomentumIsThatOfTorch) {
  OptimizerOptions options = options_of(Update::kSgd, 0.05);
  options.momentum = 0.8;
  options.weight_decay = 0.1;
  expect_like_torch<torch::optim::SGD>(options,
                                       torch::optim::SGDOptions(0.05).momentum(0.8).weight_decay(0.1));
}

TEST(Optimizers, AdagradIsThatOfTorch) {
  OptimizerOptions options = options_of(Update::kAdagrad, 0.3);
  options.weight_decay = 0.1;
  options.epsilon = 1e-6;
  expect_like_torch<torch::optim::Adagrad>(options,
                                           torch::optim::AdagradOptions(0.3).weight_decay(0.1).eps(1e-6));
}

TEST(Optimizers, GroupsHaveRatesAndDecaysOfTheirOwn) {
  Parameters parameters;
  const torch::Tensor a = parameters.add("a", torch::ones({2}));
  parameters.begin_group({"slow", 0.1, 0.0});
  const torch::Tensor b = parameters.add("b", torch::ones({2}));
  OptimizerOptions options = options_of(Update::kSgd, 0.5);
  options.weight_decay = 0.2;
  Schedule schedule;
  schedule.warm_up_steps = 1;
  (2 * a + 2 * b).sum().backward();
  make_optimizer(options, schedule)->step(parameters, 0, {});
  // Half of the rate: a falls by 0.25 (2 + 0.2), b by 0.025 * 2.
  EXPECT_TRUE(torch::allclose(a, torch::full({2}, 0.45)));
  EXPECT_TRUE(torch::allclose(b, torch::full({2}, 0.95)));
}

/// Steps along sparse gradients of a table, of other rows each time.
torch::Tensor after_sparse_steps(Update update, int64_t num_steps, int threads = 1,
                                 torch::Dtype dtype = torch::kFloat32) {
  Parameters parameters;
  const torch::Tensor table = parameters.add("table", numbers({40, 3}, 5).to(dtype));
  const auto optimizer = make_optimizer(options_of(update, 0.1));
  for (int64_t step = 0; step < num_steps; ++step) {
    parameters.clear_gradients();
    const torch::Tensor rows = torch::tensor({step, int64_t{7}, 2 * step, int64_t{7}}, torch::kInt64);
    table_look_up(table, rows, with_threads(threads)).sin().sum().backward();
    optimizer->step(parameters, step, with_threads(threads));
  }
  return table.detach();
}

TEST(Optimizers, LazyAdamChangesTheRowsOfTheBatchAloneAsSparseAdamDoes) {
  const torch::Tensor before = numbers({40, 3}, 5), after = after_sparse_steps(Update::kLazyAdam, 2);
  for (int64_t row = 0; row < 40; ++row) {
    const bool is_touched = row <= 2 || row == 7;
    EXPECT_EQ(!torch::equal(after[row], before[row]), is_touched) << row;
  }
  // Row 1 is first touched in the second step: m = (1 - 0.9) g, v = (1 - 0.999) g^2, corrected as after two
  // steps, so it moves by 0.1 * (0.1 / 0.19) / sqrt(0.001 / 0.001999), whatever g is.
  const torch::Tensor moved = (before[1] - after[1]) / before[1].cos().sign();
  EXPECT_TRUE(torch::allclose(moved, torch::full({3}, 0.0744155), 1e-4)) << moved;
  // By torch's operations: the same steps in float64.
  EXPECT_TRUE(torch::allclose(after_sparse_steps(Update::kLazyAdam, 9).to(torch::kFloat64),
                              after_sparse_steps(Update::kLazyAdam, 9, 1, torch::kFloat64), 1e-4, 1e-5));
}

TEST(Optimizers, SparseGradientsCountAsZerosElsewhereByAdam) {
  const torch::Tensor one = after_sparse_steps(Update::kAdam, 1), two = after_sparse_steps(Update::kAdam, 2);
  EXPECT_TRUE(torch::equal(after_sparse_steps(Update::kLazyAdam, 1), one));
  EXPECT_FALSE(torch::equal(one[0], two[0]));  // goes on by its moments (and has no gradient in step 1)
}

TEST(Optimizers, GiveTheSameBytesAtAnyNumberOfThreads) {
  for (const Update update : {Update::kSgd, Update::kAdagrad, Update::kLazyAdam, Update::kAdam}) {
    const torch::Tensor one = after_sparse_steps(update, 6);
    EXPECT_TRUE(torch::equal(after_sparse_steps(update, 6, 2), one));
    EXPECT_TRUE(torch::equal(after_sparse_steps(update, 6, 5), one));
  }
}

TEST(Optimizers, GoOnFromTheirState) {
  Parameters parameters;
  const torch::Tensor a = parameters.add("a", torch::ones({3}));
  const auto take = [&](Optimizer& optimizer, int64_t step) {
    parameters.clear_gradients();
    (a * a * a).sum().backward();
    optimizer.step(parameters, step, {});
  };
  const auto straight = make_optimizer(options_of(Update::kAdam, 0.1));
  for (int64_t step = 0; step < 4; ++step) take(*straight, step);
  const torch::Tensor expected = a.detach().clone();
  {
    const torch::NoGradGuard no_gradients;
    a.fill_(1);
  }
  const auto first = make_optimizer(options_of(Update::kAdam, 0.1)),
             second = make_optimizer(options_of(Update::kAdam, 0.1));
  for (int64_t step = 0; step < 2; ++step) take(*first, step);
  second->load_state(first->state(), "run");
  for (int64_t step = 2; step < 4; ++step) take(*second, step);
  EXPECT_TRUE(torch::equal(a.detach(), expected));
  EXPECT_EQ(first->state()[0].name, "first_moment.a");
  const auto other = make_optimizer(options_of(Update::kAdagrad, 0.1));
  const std::string sentence = error_of([&] { other->load_state(first->state(), "run.safetensors"); });
  EXPECT_NE(sentence.find("run.safetensors: tensor first_moment.a"), std::string::npos) << sentence;
}

/// The device "meta" has shapes and no values: what moves there is seen without a graphics card.
TEST(Optimizers, StateOfACheckpointFollowsTheParametersToTheirDevice) {
  for (const Update update :
       {Update::kSgd, Update::kAdagrad, Update::kAdam, Update::kAdamW, Update::kLazyAdam}) {
    OptimizerOptions options = options_of(update, 0.1);
    options.momentum = 0.5;
    const auto take_step = [&](Optimizer& optimizer, torch::Device device) {
      Parameters parameters;
      const torch::Tensor a = parameters.add("a", torch::ones({3}, device));
      (a * a).sum().backward();
      optimizer.step(parameters, 0, {});
    };
    const auto first = make_optimizer(options), second = make_optimizer(options);
    take_step(*first, torch::kCPU);
    second->load_state(first->state(), "run");
    take_step(*second, torch::kMeta);
    for (const NamedTensor& kept : second->state()) EXPECT_TRUE(kept.tensor.is_meta()) << kept.name;
    EXPECT_FALSE(second->state().empty());
  }
}

}  // namespace
}  // namespace whitney::nn
