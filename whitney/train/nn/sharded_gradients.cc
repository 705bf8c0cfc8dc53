#include "whitney/train/nn/sharded_gradients.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/train/nn/one_torch_thread.h"

namespace whitney::nn {
namespace {

using Tensors = std::vector<torch::Tensor>;

struct ShardResult {
  double loss = 0;
  /// One for each input; not defined where the loss does not depend on it.
  Tensors gradients;
};

// Gradients are asked for by name instead of being gathered in `grad()`, where shards would meet.
ShardResult backward(const Objective& objective, const Shard& shard, const Tensors& shared,
                     const Tensors& inputs) {
  use_one_torch_thread();
  const torch::AutoGradMode gradients(true);
  const torch::Tensor loss = objective.loss(shard, shared);
  WHITNEY_CHECK(loss.numel() == 1, "a loss has ", loss.numel(), " numbers instead of one");
  ShardResult result;
  result.loss = loss.item<double>();
  if (loss.requires_grad())
    result.gradients = torch::autograd::grad({loss}, inputs, {}, std::nullopt, false, /*allow_unused=*/true);
  else
    result.gradients.resize(inputs.size());
  return result;
}

// Whether a tensor's memory belongs to nobody else, so that it can be added to in place.
bool is_own(const torch::Tensor& part) {
  return !part.is_sparse() && part.use_count() == 1 && part.storage().use_count() == 1 &&
         part.is_non_overlapping_and_dense();
}

void add_to(torch::Tensor& sum, torch::Tensor part) {
  if (!part.defined()) return;
  if (sum.defined())
    sum.add_(part);
  else
    sum = is_own(part) ? std::move(part) : part.is_sparse() ? part.coalesce() : part.clone();
}

// The gradients of what shards share, taken back to the parameters.
void go_back(const Tensors& shared, const Tensors& gradients, const Tensors& parameters, Tensors& sums) {
  Tensors outputs, given;
  for (size_t i = 0; i < shared.size(); ++i) {
    if (!gradients[i].defined() || !shared[i].requires_grad()) continue;
    outputs.push_back(shared[i]);
    given.push_back(gradients[i]);
  }
  if (outputs.empty()) return;
  Tensors back =
      torch::autograd::grad(outputs, parameters, given, std::nullopt, false, /*allow_unused=*/true);
  for (size_t i = 0; i < parameters.size(); ++i) add_to(sums[i], std::move(back[i]));
}

}  // namespace

double add_gradients(Objective& objective, std::span<const int64_t> batch, const BatchPlace& place,
                     int num_shards, const Context& context) {
  const OneTorchThread one;
  const torch::AutoGradMode gradients(true);
  const auto n = static_cast<int64_t>(batch.size());
  const int64_t shards = std::min<int64_t>(num_shards, n);
  const Tensors parameters = objective.parameters().tensors();
  const Tensors shared =
      place.prepared ? objective.shared_of(*place.prepared, context) : objective.shared(batch, context);
  Tensors inputs = parameters, leaves;
  for (const torch::Tensor& tensor : shared) {
    leaves.push_back(tensor.detach().requires_grad_(tensor.requires_grad()));
    if (tensor.requires_grad()) inputs.push_back(leaves.back());
  }

  std::vector<ShardResult> results(static_cast<size_t>(shards));
  parallel_for(context, shards, [&](int64_t s) {
    const int64_t begin = n * s / shards, end = n * (s + 1) / shards;
    const Shard shard{.examples = batch.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
                      .offset = begin,
                      .num_in_step = place.num_in_step,
                      .step = place.step,
                      .batch = place.batch,
                      .prepared = place.prepared};
    results[static_cast<size_t>(s)] = backward(objective, shard, leaves, inputs);
  });

  double loss = 0;
  Tensors sums(inputs.size());
  for (ShardResult& result : results) {
    loss += result.loss;
    for (size_t i = 0; i < inputs.size(); ++i) add_to(sums[i], std::move(result.gradients[i]));
    result.gradients.clear();
  }
  Tensors of_shared(shared.size());
  size_t next = parameters.size();
  for (size_t i = 0; i < shared.size(); ++i) {
    if (shared[i].requires_grad()) of_shared[i] = sums[next++];
  }
  go_back(shared, of_shared, parameters, sums);
  const torch::NoGradGuard done;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const torch::Tensor& parameter = parameters[i];
    torch::Tensor gradient = parameter.grad();
    add_to(gradient, std::move(sums[i]));
    parameter.mutable_grad() = gradient;
  }
  return loss;
}

}  // namespace whitney::nn
