#include "whitney/train/gnn/sdne_reconstruction.h"

#include <algorithm>
#include <array>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/train/nn/one_torch_thread.h"

namespace whitney::gnn {
namespace {

/// Outputs of a block: with 256 nodes half a megabyte of values, and one of weights.
constexpr int64_t kBlock = 512;
/// Sums of blocks are added in so many lanes, each in order: a bound of threads and of memory, and the same
/// sums for any number of threads.
constexpr int64_t kLanes = 8;

/// f'(x) from f(x).
template <class Scalar>
Scalar slope(Activation activation, Scalar value) {
  switch (activation) {
    case Activation::kSigmoid:
      return value * (1 - value);
    case Activation::kRelu:
      return value > 0 ? 1 : 0;
    case Activation::kTanh:
      return 1 - value * value;
    case Activation::kLinear:
      return 1;
  }
  return 1;
}

void activate(Activation activation, torch::Tensor& values) {
  if (activation == Activation::kSigmoid) values.sigmoid_();
  if (activation == Activation::kRelu) values.relu_();
  if (activation == Activation::kTanh) values.tanh_();
}

/// Puts 2 v f' in the place of each value v, as if no edge were there, and gives the sum of squares.
template <Activation kActivation, class Scalar>
double take_row(Scalar* values, int64_t count) {
  constexpr int64_t kSums = 16;  // as many chains as hide an addition's latency, in the compiler's vectors
  std::array<Scalar, kSums> sums{};
  const auto take = [&](int64_t i, int64_t sum) {
    const Scalar value = values[i];
    sums[static_cast<size_t>(sum)] += value * value;
    values[i] = 2 * value * slope(kActivation, value);
  };
  int64_t i = 0;
  for (; i + kSums <= count; i += kSums) {
    for (int64_t sum = 0; sum < kSums; ++sum) take(i + sum, sum);
  }
  for (; i < count; ++i) take(i, 0);
  double total = 0;
  for (const Scalar sum : sums) total += static_cast<double>(sum);
  return total;
}

template <class Scalar>
double take_row(Activation activation, Scalar* values, int64_t count) {
  switch (activation) {
    case Activation::kSigmoid:
      return take_row<Activation::kSigmoid>(values, count);
    case Activation::kRelu:
      return take_row<Activation::kRelu>(values, count);
    case Activation::kTanh:
      return take_row<Activation::kTanh>(values, count);
    case Activation::kLinear:
      return take_row<Activation::kLinear>(values, count);
  }
  return 0;
}

/// An edge of a row, and what stands in its place.
struct Rebuilt {
  int64_t place;
  double value, weight;
};

/// Outputs [begin, begin + count) of a batch: their error, and in the place of the values its derivative by
/// what the activation was given.
template <class Scalar>
double take_block(const RowsToRebuild& rows, int64_t begin, int64_t count, Scalar* values) {
  double error = 0;
  std::vector<Rebuilt> edges;
  for (const int64_t node : rows.nodes) {
    const Graph& graph = *rows.graph;
    const std::span<const uint32_t> targets = graph.neighbors(node);
    edges.clear();
    for (auto at = std::ranges::lower_bound(targets, begin); at != targets.end() && *at < begin + count;
         ++at) {
      const int64_t entry = graph.offsets[node] + (at - targets.begin()), place = int64_t{*at} - begin;
      edges.push_back({place, static_cast<double>(values[place]), rows.weight_at(entry)});
    }
    error += take_row(rows.activation, values, count);
    const double counts = rows.beta * rows.beta;
    for (const auto& [place, value, weight] : edges) {
      const double apart = value - weight;
      error += counts * apart * apart - value * value;
      values[place] = static_cast<Scalar>(2 * counts * apart * slope(rows.activation, value));
    }
    values += count;
  }
  return error;
}

struct Reconstruction {
  double error = 0;
  /// m x h, n x h and n.
  torch::Tensor by_inner, by_weights, by_bias;
};

/// What one lane adds up.
struct Lane {
  double error = 0;
  torch::Tensor by_inner;
};

Reconstruction rebuild(const RowsToRebuild& rows, const torch::Tensor& inner, const torch::Tensor& map,
                       const torch::Tensor& bias, const Context& context) {
  const int64_t m = inner.size(0), h = inner.size(1), n = map.size(1);
  const int64_t num_blocks = (n + kBlock - 1) / kBlock, num_lanes = std::min(num_blocks, kLanes);
  Reconstruction result;
  result.by_weights = torch::empty({n, h}, inner.options());
  result.by_bias = torch::empty({n}, inner.options());
  std::vector<Lane> lanes(static_cast<size_t>(num_lanes));
  parallel_for(context, num_lanes, [&](int64_t l) {
    nn::use_one_torch_thread();
    const torch::NoGradGuard no_gradients;
    Lane& lane = lanes[static_cast<size_t>(l)];
    lane.by_inner = torch::zeros({m, h}, inner.options());
    for (int64_t block = l; block < num_blocks; block += num_lanes) {
      const int64_t begin = block * kBlock, count = std::min(kBlock, n - begin);
      const torch::Tensor weights = map.narrow(1, begin, count);
      torch::Tensor values = torch::addmm(bias.narrow(0, begin, count), inner, weights);
      activate(rows.activation, values);
      if (inner.scalar_type() == torch::kFloat64) {
        lane.error += take_block(rows, begin, count, values.mutable_data_ptr<double>());
      } else {
        lane.error += take_block(rows, begin, count, values.mutable_data_ptr<float>());
      }
      lane.by_inner.addmm_(values, weights.t());
      torch::Tensor by_weights = result.by_weights.narrow(0, begin, count),
                    by_bias = result.by_bias.narrow(0, begin, count);
      at::mm_out(by_weights, values.t(), inner);
      at::sum_out(by_bias, values, 0);
    }
  });
  for (const Lane& lane : lanes) {
    result.error += lane.error;
    result.by_inner = result.by_inner.defined() ? result.by_inner.add_(lane.by_inner) : lane.by_inner;
  }
  return result;
}

/// Its gradients are known when the number is: on the way back they are scaled.
struct ReconstructionFunction : torch::autograd::Function<ReconstructionFunction> {
  static torch::Tensor forward(torch::autograd::AutogradContext* saved, const torch::Tensor& inner,
                               const torch::Tensor& map, const torch::Tensor& bias, const RowsToRebuild& rows,
                               const Context& context) {
    const Reconstruction found = rebuild(rows, inner.contiguous(), map, bias, context);
    saved->saved_data["inner"] = found.by_inner;
    saved->saved_data["weights"] = found.by_weights;
    saved->saved_data["bias"] = found.by_bias;
    // What is beyond float32 becomes infinite, by which the training stops; `full` would throw.
    return torch::full({}, found.error, torch::kFloat64).to(inner.options());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* saved,
                                                 torch::autograd::variable_list gradients) {
    const auto factor = gradients[0].item<double>();
    const auto take = [&](const char* name) {
      torch::Tensor gradient = saved->saved_data[name].toTensor();
      saved->saved_data.erase(name);
      if (factor != 1) gradient.mul_(factor);
      return gradient;
    };
    WHITNEY_CHECK(saved->saved_data.size() == 3, "a batch's reconstruction is gone back through once");
    return {take("inner"), take("weights").t(), take("bias"), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor reconstruction_error(const RowsToRebuild& rows, const torch::Tensor& inner,
                                   const torch::Tensor& map, const torch::Tensor& bias,
                                   const Context& context) {
  return ReconstructionFunction::apply(inner, map, bias, rows, context);
}

// All n places of each row: ahat^2 everywhere, and at edges what (beta (ahat - a))^2 is more than that.
torch::Tensor reconstruction_error_by_torch(const RowsToRebuild& rows, const torch::Tensor& inner,
                                            const torch::Tensor& map, const torch::Tensor& bias) {
  const torch::Tensor values = activated(rows.activation, torch::addmm(bias, inner, map));
  std::vector<int64_t> entries;
  std::vector<double> weights;
  for (size_t i = 0; i < rows.nodes.size(); ++i) {
    const int64_t node = rows.nodes[i];
    for (int64_t entry = rows.graph->offsets[node]; entry < rows.graph->offsets[node + 1]; ++entry) {
      entries.push_back(static_cast<int64_t>(i) * map.size(1) + rows.graph->targets[entry]);
      weights.push_back(rows.weight_at(entry));
    }
  }
  const torch::Tensor at_edges =
      values.reshape({-1}).index_select(0, torch::tensor(entries, torch::kInt64).to(values.device()));
  const torch::Tensor wanted =
      torch::tensor(weights, torch::kFloat64).to(values.device(), values.scalar_type());
  const torch::Tensor errors = rows.beta * (at_edges - wanted);
  return values.square().sum() + (errors.square() - at_edges.square()).sum();
}

torch::Tensor activated(Activation activation, const torch::Tensor& values) {
  switch (activation) {
    case Activation::kSigmoid:
      return values.sigmoid();
    case Activation::kRelu:
      return values.relu();
    case Activation::kTanh:
      return values.tanh();
    case Activation::kLinear:
      return values;
  }
  return values;
}

}  // namespace whitney::gnn
