#include "whitney/train/recsys/ngcf_pass.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/train/recsys/ngcf_cases_test.h"
#include "whitney/train/recsys/ngcf_objective.h"

namespace whitney::recsys {
namespace {

using recommend::grouped_events;

/// The gradients of parameters, given those of rows of final vectors.
std::vector<torch::Tensor> gradients_of(const NgcfObjective& objective, const torch::Tensor& rows) {
  const torch::Tensor given = torch::arange(rows.numel(), rows.options()).reshape(rows.sizes()).sin();
  return torch::autograd::grad({rows}, objective.parameters().tensors(), {given});
}

void expect_blocks_to_be_as_torch(const Interactions& events, const NgcfOptions& options,
                                  torch::ScalarType type, double tolerance) {
  const testing::ScopedTrace trace(__FILE__, __LINE__, option_values(options).to_json());
  NgcfObjective objective(events, {}, options, 3, type);
  std::vector<uint32_t> nodes(static_cast<size_t>(objective.graph().num_nodes()));
  std::iota(nodes.begin(), nodes.end(), 0U);  // of all, whose masks are then the same
  const torch::Tensor by_blocks = objective.final_rows(nodes, 7, {}), by_torch = objective.propagate(7, {});
  EXPECT_TRUE(torch::allclose(by_blocks, by_torch, tolerance, tolerance));
  const auto found = gradients_of(objective, by_blocks), expected = gradients_of(objective, by_torch);
  for (size_t i = 0; i < found.size(); ++i) {
    const auto apart = (found[i] - expected[i]).norm().item<double>();
    EXPECT_LT(apart, tolerance * expected[i].norm().item<double>()) << objective.parameters().all()[i].name;
  }
}

TEST(NgcfPass, LayersByBlocksAreThoseOfTorchForEachSwitch) {
  // In float32, which nothing else compares, gradients through the length of a short row lose digits.
  const Interactions events = grouped_events(20, 30, 3, 4);
  for (const NgcfOptions& options : all_switches(17, {16, 5})) {
    expect_blocks_to_be_as_torch(events, options, torch::kFloat64, 1e-10);
    expect_blocks_to_be_as_torch(events, options, torch::kFloat32, 2e-4);
  }
}

TEST(NgcfPass, AStepReadsTheRowsOfItsNodesAndTheirGradients) {
  // The rows of some nodes by the short way are those of all nodes by the long one, and so are gradients.
  const Interactions events = grouped_events(20, 30, 3, 4);
  for (const std::vector<int>& layers : {std::vector<int>{}, {3}, {3, 5, 4}}) {
    NgcfOptions options;
    options.dim = 4;
    options.layers = layers;
    options.message_dropout = 0;
    NgcfObjective objective(events, {}, options, 3, torch::kFloat64);
    const std::vector<uint32_t> nodes = {0, 7, 8, 31, 49};
    const torch::Tensor some = objective.final_rows(nodes, 1, {});
    const torch::Tensor all = objective.propagate(std::nullopt, {})
                                  .index_select(0, torch::tensor({0, 7, 8, 31, 49}, torch::kInt64));
    EXPECT_TRUE(torch::allclose(some, all));
    const auto of_some = gradients_of(objective, some), of_all = gradients_of(objective, all);
    for (size_t i = 0; i < of_all.size(); ++i) EXPECT_TRUE(torch::allclose(of_some[i], of_all[i]));
  }
}

TEST(NgcfPass, GradientsOfManyRunsOfRowsAreRightAndTheSameBytesAtAnyNumberOfThreads) {
  // Of so wide layers a run is 16 rows.
  const Interactions events = grouped_events(60, 51, 3, 4);
  NgcfOptions options;
  options.dim = 520;
  options.layers = {516, 3};
  options.message_dropout = 0;
  NgcfObjective objective(events, {}, options, 3, torch::kFloat32);
  std::vector<uint32_t> nodes(111);
  std::iota(nodes.begin(), nodes.end(), 0U);
  const auto at_threads = [&](int threads) {
    Context context;
    context.threads = threads;
    return gradients_of(objective, objective.final_rows(nodes, 7, context));
  };
  const auto one = at_threads(1), two = at_threads(2), five = at_threads(5),
             expected = gradients_of(objective, objective.propagate(std::nullopt, {}));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(torch::equal(one[i], two[i]));
    EXPECT_TRUE(torch::equal(one[i], five[i]));
    EXPECT_LT((one[i] - expected[i]).norm().item<double>(), 1e-4 * expected[i].norm().item<double>());
  }
}

}  // namespace
}  // namespace whitney::recsys
