#include "whitney/train/recsys/ngcf_objective.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/lightgcn_model.h"
#include "whitney/train/nn/gradient_check.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/training_loop.h"
#include "whitney/train/recsys/ngcf_cases_test.h"

namespace whitney::recsys {
namespace {

using recommend::BprSampler;
using recommend::BprTriples;
using recommend::grouped_events;

std::vector<int64_t> all_examples(const Interactions& events) {
  std::vector<int64_t> examples(static_cast<size_t>(events.size()));
  std::iota(examples.begin(), examples.end(), int64_t{0});
  return examples;
}

torch::Tensor loss_of(NgcfObjective& objective, const std::vector<int64_t>& batch) {
  const auto shared = objective.shared(batch, {});
  const nn::Shard shard{.examples = batch, .num_in_step = std::ssize(batch)};
  return objective.loss(shard, shared);
}

void set(NgcfObjective& objective, const char* name, const torch::Tensor& values) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor(objective.parameters().at(name)).copy_(values);
}

/// Layers that give W1's half of their function alone: of nodes' sums.
void set_to_sums(NgcfObjective& objective, const std::vector<const char*>& layers, int64_t dim) {
  for (const char* layer : layers) {
    set(objective, (std::string("weights1.") + layer).c_str(), torch::eye(dim));
    set(objective, (std::string("weights2.") + layer).c_str(), torch::zeros({dim, dim}));
  }
}

torch::Tensor dense(const SparseMatrix& matrix) {
  torch::Tensor result = torch::zeros({matrix.rows(), matrix.cols}, torch::kFloat64);
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    for (auto e = static_cast<size_t>(matrix.offsets[static_cast<size_t>(row)]);
         e < static_cast<size_t>(matrix.offsets[static_cast<size_t>(row) + 1]); ++e) {
      result[row][matrix.columns[e]] = matrix.weights[e];
    }
  }
  return result;
}

/// User 0 has items 0 (of one user) and 1 (of two), user 1 has item 1.
Interactions three_events() {
  const std::vector<uint32_t> users = {0, 0, 1}, items = {0, 1, 1};
  return build_interactions(Ids::row_numbers(2), Ids::row_numbers(2), {users, items, {}, {}}, {});
}

TEST(NgcfObjective, AUsersMessagesAreThoseOfEquationSixByHand) {
  // e_u = (1, 0), e_i0 = (1, 0), e_i1 = (1, 1); W1 = W2 = I; p = 1 / sqrt(2) and 1 / 2. Messages to u:
  // p (e_i + e_i o e_u) = 0.7071 (2, 0) and 0.5 (2, 1), and e_u itself: (3.4142, 0.5).
  const Interactions events = three_events();
  NgcfOptions options = plain_options(2, {2});
  options.self_message = true;
  NgcfObjective objective(events, {}, options, 1, torch::kFloat64);
  Factors begin{Matrix(2, 2), Matrix(2, 2)};
  std::ranges::copy(std::vector<float>{1, 0, 3, 4}, begin.users.mutable_data<float>());
  std::ranges::copy(std::vector<float>{1, 0, 1, 1}, begin.items.mutable_data<float>());
  objective.begin_with(begin);
  set(objective, "weights1.1", torch::eye(2));
  set(objective, "weights2.1", torch::eye(2));
  const Factors factors = objective.factors({});
  const auto user = factors.users.row<float>(0);
  EXPECT_FLOAT_EQ(user[0], 1);
  EXPECT_FLOAT_EQ(user[1], 0);
  EXPECT_NEAR(user[2], 3.41421356, 1e-6);
  EXPECT_NEAR(user[3], 0.5, 1e-6);
}

TEST(NgcfObjective, WithoutLayersIsFactorisationByBpr) {
  const Interactions events = grouped_events(20, 30, 3, 4);
  NgcfOptions options = plain_options(5, {});
  options.regularization = 0.3;
  NgcfObjective objective(events, {}, options, 9, torch::kFloat64);
  recommend::LightGcnModel model(events, 5, 0, 0.3, 1);
  Factors begin = model.factors({});
  objective.begin_with(begin);
  objective.begin_epoch(0, {});
  const torch::Tensor loss = loss_of(objective, all_examples(events));
  loss.backward();
  Matrix gradient(50, 5);
  const auto triples = BprSampler(events, 9).sample(0, events.size(), {});
  EXPECT_NEAR(loss.item<double>(), model.loss_and_gradient(triples, 0.3, gradient, {}), 1e-6);
  const torch::Tensor found = objective.parameters().at("vectors").grad();
  for (int64_t row = 0; row < 50; ++row) {
    for (int64_t c = 0; c < 5; ++c) {
      EXPECT_NEAR(found[row][c].item<double>(), gradient.row<float>(row)[static_cast<size_t>(c)], 1e-6);
    }
  }
}

TEST(NgcfObjective, WithoutMapsAndActivationIsThePowersOfTheMatrix) {
  const Interactions events = grouped_events(20, 30, 3, 4);
  NgcfOptions options = plain_options(4, {4, 4});
  options.slope = 1;
  NgcfObjective objective(events, {}, options, 9, torch::kFloat64);
  set_to_sums(objective, {"1", "2"}, 4);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor all = objective.propagate(std::nullopt, {});
  const torch::Tensor matrix = dense(objective.graph().matrix);
  const torch::Tensor begin = all.slice(1, 0, 4);
  EXPECT_TRUE(torch::allclose(all.slice(1, 4, 8), matrix.matmul(begin)));
  EXPECT_TRUE(torch::allclose(all.slice(1, 8, 12), matrix.matmul(matrix.matmul(begin))));
}

TEST(NgcfObjective, GradientsAgreeWithCentralDifferencesForEachSwitch) {
  // Six nodes of unequal degrees.
  const Interactions events = recommend::events_of(3, 3, {{0, 0}, {0, 1}, {1, 1}, {2, 1}, {2, 2}});
  for (const NgcfOptions& options : all_switches(4, {4, 3})) {
    NgcfObjective objective(events, {}, options, 3, torch::kFloat64);
    objective.begin_epoch(0, {});
    const nn::GradientCheck check = nn::check_gradients([&] { return loss_of(objective, {0, 1, 2, 3}); },
                                                        objective.parameters().tensors());
    EXPECT_LT(check.worst_error, 1e-4) << check.where << ", options " << option_values(options).to_json();
  }
}

TEST(NgcfObjective, DropsNothingWhenItIsEvaluated) {
  const Interactions events = grouped_events(20, 30, 3, 4);
  NgcfOptions options;
  options.dim = 8;
  options.layers = {8};
  options.message_dropout = 0.5;
  NgcfObjective objective(events, {}, options, 3, torch::kFloat32);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor plain = objective.propagate(std::nullopt, {}), dropped = objective.propagate(7, {});
  EXPECT_TRUE(torch::equal(plain, objective.propagate(std::nullopt, {})));
  EXPECT_TRUE(torch::equal(dropped, objective.propagate(7, {})));
  // Of 400 values half are gone; five deviations are 50.
  EXPECT_NEAR((dropped.slice(1, 8) == 0).sum().item<double>(), 200, 50);
  EXPECT_EQ((plain == 0).sum().item<int64_t>(), 0);
}

TEST(NgcfObjective, AStepAddsUpTheMessagesThatAreLeftInEachLayer) {
  // Layers are the sums alone, so that the final vectors are E, M1 E and M2 M1 E, M a layer's messages.
  const Interactions events = grouped_events(20, 30, 3, 4);
  NgcfOptions options = paper_form(4, {4, 4});
  options.slope = 1;
  NgcfObjective objective(events, {}, options, 9, torch::kFloat64);
  set_to_sums(objective, {"1", "2"}, 4);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor all = objective.propagate(7, {});
  torch::Tensor expected = all.slice(1, 0, 4);
  for (int64_t layer = 1; layer <= 2; ++layer) {
    const LayerGraph graph = objective.layer_graphs(7)[static_cast<size_t>(layer) - 1];
    expected = (dense(graph.matrix.matrix()) + graph.self.diag()).matmul(expected);
    EXPECT_TRUE(torch::allclose(all.slice(1, 4 * layer, 4 * layer + 4), expected)) << layer;
  }
}

TEST(NgcfObjective, PullsTheBatchsRowsAndWhereAskedItsMapsToZeroByHand) {
  const Interactions events = three_events();
  NgcfOptions options = program_form(3, {4, 2});
  options.message_dropout = options.node_dropout = 0;
  options.sampling = recommend::Sampling::kWithReplacement;
  const auto loss = [&](Regularized regularized, double regularization) {
    options.regularized = regularized;
    options.regularization = regularization;
    NgcfObjective objective(events, {}, options, 3, torch::kFloat64);
    objective.begin_epoch(0, {});
    return loss_of(objective, {0, 1, 2}).item<double>();
  };
  NgcfObjective objective(events, {}, options, 3, torch::kFloat64);
  const BprTriples triples = BprSampler(events, 3).sample(0, 3, {});
  double of_rows = 0, of_maps = 0;
  for (size_t t = 0; t < 3; ++t) {
    for (const uint32_t row : {triples.users[t], 2 + triples.positives[t], 2 + triples.negatives[t]}) {
      of_rows +=
          objective.parameters().at("vectors")[objective.graph().place_of[row]].square().sum().item<double>();
    }
  }
  for (const char* name :
       {"weights1.1", "weights2.1", "bias1.1", "bias2.1", "weights1.2", "weights2.2", "bias1.2", "bias2.2"}) {
    of_maps += objective.parameters().at(name).square().sum().item<double>();
  }
  const double plain = loss(Regularized::kLearned, 0);
  EXPECT_NEAR(loss(Regularized::kLearned, 0.3) - plain, 0.15 * of_rows / 3, 1e-12);
  EXPECT_NEAR(loss(Regularized::kAll, 0.3) - plain, 0.15 * (of_rows / 3 + of_maps), 1e-12);
}

/// Keeps what its batches are.
class Listening : public NgcfObjective {
 public:
  using NgcfObjective::NgcfObjective;
  std::vector<torch::Tensor> shared(std::span<const int64_t> batch, const Context& context) override {
    batches.emplace_back(batch.begin(), batch.end());
    std::set<uint32_t> users;
    for (const int64_t example : batch) users.insert(triples().users[static_cast<size_t>(example)]);
    num_users.push_back(std::ssize(users));
    return NgcfObjective::shared(batch, context);
  }
  std::vector<std::vector<int64_t>> batches;
  std::vector<int64_t> num_users;
};

/// Trains for two epochs by batches of 32.
Listening listened_to(const Interactions& events, recommend::Sampling sampling) {
  NgcfOptions options;
  options.dim = 4;
  options.layers = {4};
  options.sampling = sampling;
  options.training.batch_size = 32;
  options.training.epochs = 2;
  options.training.stop_metric.reset();
  Listening objective(events, Interactions{}, options, 3, torch::kFloat32);
  const auto adam = nn::make_optimizer({}, {});
  nn::train(objective, *adam, options.training, {.method = "ngcf", .seed = 3}, {});
  return objective;
}

TEST(NgcfObjective, TakesStepsOfDifferentUsersWhereTheyAreDrawnWithoutReplacement) {
  const Interactions events = grouped_events(40, 30, 3, 4);
  const int64_t steps = events.size() / 32 + 1;
  ASSERT_NE(events.size() % 32, 0);
  const Listening without = listened_to(events, recommend::Sampling::kWithoutReplacement);
  EXPECT_EQ(without.num_examples(), 32 * steps);
  EXPECT_EQ(std::ssize(without.batches), 2 * steps);
  for (const int64_t users : without.num_users) EXPECT_EQ(users, 32);
  std::vector<int64_t> second(32);
  std::iota(second.begin(), second.end(), int64_t{32});
  EXPECT_EQ(without.batches[1], second);
  const BprTriples of_second_epoch = BprSampler(events, 3).sample_batches(steps, steps, 32, {});
  EXPECT_EQ(without.triples().users, of_second_epoch.users);
  const Listening with = listened_to(events, recommend::Sampling::kWithReplacement);
  EXPECT_EQ(with.num_examples(), events.size());
  EXPECT_LT(*std::ranges::min_element(with.num_users), 32);
}

}  // namespace
}  // namespace whitney::recsys
