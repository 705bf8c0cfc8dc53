#include "whitney/train/gnn/sdne_objective.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "whitney/core/random.h"
#include "whitney/train/nn/sparse_product.h"

namespace whitney::gnn {

SDNEObjective::SDNEObjective(const Graph& graph, const SDNEOptions& options, uint64_t seed,
                             torch::TensorOptions type)
    : graph_(graph), options_(options), seed_(seed), place_of_(static_cast<size_t>(graph.num_nodes()), -1) {
  if (!graph.weights.empty()) largest_weight_ = *std::max_element(graph.weights.begin(), graph.weights.end());
  add_layers(seed, type);
}

void SDNEObjective::add_layers(uint64_t seed, torch::TensorOptions type) {
  std::vector<int64_t> widths = {graph_.num_nodes()};
  widths.insert(widths.end(), options_.hidden.begin(), options_.hidden.end());
  widths.push_back(options_.dim);
  for (size_t i = 0; i + 1 < widths.size(); ++i)
    encoder_.push_back(add_layer("encoder." + std::to_string(i), widths[i], widths[i + 1], seed, type));
  for (size_t i = widths.size() - 1; i > 0; --i)
    decoder_.push_back(add_layer("decoder." + std::to_string(i - 1), widths[i], widths[i - 1], seed, type));
  // A row is nearly empty: the reconstruction begins there.
  if (options_.activation != Activation::kSigmoid) return;
  const auto n = static_cast<double>(graph_.num_nodes());
  const double density = std::clamp(static_cast<double>(graph_.nnz()) / (n * n), 1e-6, 0.5);
  const torch::NoGradGuard no_gradients;
  decoder_.back().bias.fill_(std::log(density / (1 - density)));
}

// Uniform within +-sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010, eq. 16).
SDNEObjective::Layer SDNEObjective::add_layer(const std::string& name, int64_t inputs, int64_t outputs,
                                              uint64_t seed, torch::TensorOptions type) {
  RandomStream random(seed, "sdne weights " + name, 0);
  const double bound = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
  torch::Tensor weights =
      torch::empty({std::max(inputs, outputs), std::min(inputs, outputs)}, torch::kFloat64);
  double* values = weights.data_ptr<double>();
  for (int64_t i = 0; i < weights.numel(); ++i) values[i] = bound * (2 * random.uniform() - 1);
  return {parameters_.add(name + ".weights", weights.to(type)),
          parameters_.add(name + ".bias", torch::zeros({outputs}, type)), inputs < outputs};
}

RowsToRebuild SDNEObjective::rebuilt(std::span<const int64_t> nodes) const {
  return {&graph_, nodes, largest_weight_, options_.beta, options_.activation};
}

double SDNEObjective::weight_at(int64_t entry) const { return rebuilt({}).weight_at(entry); }

torch::Tensor SDNEObjective::activated(const torch::Tensor& values) const {
  return gnn::activated(options_.activation, values);
}

torch::Tensor SDNEObjective::numbers(const std::vector<double>& values) const {
  return torch::tensor(values, torch::kFloat64).to(encoder_.front().bias.options().requires_grad(false));
}

torch::Tensor SDNEObjective::places(const std::vector<int64_t>& values) const {
  return torch::tensor(values, torch::kInt64).to(encoder_.front().bias.device());
}

SparseMatrix SDNEObjective::rows_of(std::span<const int64_t> nodes) const {
  SparseMatrix rows;
  rows.cols = graph_.num_nodes();
  rows.offsets.assign(1, 0);
  for (const int64_t node : nodes) {
    for (int64_t entry = graph_.offsets[node]; entry < graph_.offsets[node + 1]; ++entry) {
      rows.columns.push_back(graph_.targets[entry]);
      if (!graph_.weights.empty()) rows.weights.push_back(static_cast<float>(weight_at(entry)));
    }
    rows.offsets.push_back(static_cast<int64_t>(rows.columns.size()));
  }
  return rows;
}

torch::Tensor SDNEObjective::encode(std::span<const int64_t> nodes, const Context& context) const {
  const Layer& first = encoder_.front();
  const nn::SparseOperator rows(rows_of(nodes));
  torch::Tensor values = activated(nn::sparse_product(rows, first.map().contiguous(), context) + first.bias);
  for (size_t i = 1; i < encoder_.size(); ++i)
    values = activated(torch::addmm(encoder_[i].bias, values, encoder_[i].map()));
  return values;
}

torch::Tensor SDNEObjective::before_last(torch::Tensor vectors) const {
  for (size_t i = 0; i + 1 < decoder_.size(); ++i)
    vectors = activated(torch::addmm(decoder_[i].bias, vectors, decoder_[i].map()));
  return vectors;
}

torch::Tensor SDNEObjective::decode(const torch::Tensor& vectors) const {
  return activated(torch::addmm(decoder_.back().bias, before_last(vectors), decoder_.back().map()));
}

torch::Tensor SDNEObjective::decoder_halves(std::span<const int64_t> nodes, const Context& context) const {
  const torch::Tensor at = places({nodes.begin(), nodes.end()}), inner = before_last(encode(nodes, context));
  const Layer& last = decoder_.back();
  return torch::cat({inner, torch::ones_like(inner.narrow(1, 0, 1)), last.map().t().index_select(0, at),
                     last.bias.index_select(0, at).unsqueeze(1)},
                    1);
}

std::vector<torch::Tensor> SDNEObjective::shared(std::span<const int64_t> batch, const Context& context) {
  for (const int64_t node : batch_) place_of_[static_cast<size_t>(node)] = -1;
  batch_.assign(batch.begin(), batch.end());
  for (size_t i = 0; i < batch_.size(); ++i)
    place_of_[static_cast<size_t>(batch_[i])] = static_cast<int64_t>(i);
  std::vector<torch::Tensor> shared = {encode(batch, context)};
  if (rebuilds_at_once()) {
    const Layer& last = decoder_.back();
    shared.push_back(
        reconstruction_error(rebuilt(batch_), before_last(shared[0]), last.map(), last.bias, context));
  }
  return shared;
}

torch::Tensor SDNEObjective::loss(const nn::Shard& shard, std::span<const torch::Tensor> shared) const {
  const auto size = static_cast<int64_t>(shard.examples.size());
  torch::Tensor sum;
  if (shared.size() > 1) {
    // The batch's whole error is the first shard's.
    sum = shard.offset == 0 ? shared[1] : torch::zeros_like(shared[1]);
  } else {
    const torch::Tensor inner = before_last(shared[0].narrow(0, shard.offset, size));
    const Layer& last = decoder_.back();
    sum = options_.negatives
              ? sampled_reconstruction(shard, inner)
              : reconstruction_error_by_torch(rebuilt(shard.examples), inner, last.map(), last.bias);
  }
  if (options_.alpha > 0) sum = sum + options_.alpha * first_order(shard, shared[0]);
  return sum / static_cast<double>(shard.num_in_step);
}

std::optional<std::string> SDNEObjective::not_finite(const Context& context) {
  constexpr int64_t kBlock = 1024;
  const torch::NoGradGuard no_gradients;
  for (int64_t begin = 0; begin < graph_.num_nodes(); begin += kBlock) {
    std::vector<int64_t> nodes(static_cast<size_t>(std::min(kBlock, graph_.num_nodes() - begin)));
    std::iota(nodes.begin(), nodes.end(), begin);
    const torch::Tensor vectors = encode(nodes, context);
    if (!vectors.isfinite().all().item<bool>()) return "the vectors of nodes";
    if (options_.keep != SDNEKeep::kDecoder) continue;
    if (!before_last(vectors).isfinite().all().item<bool>()) return "the decoder's vectors of nodes";
  }
  return std::nullopt;
}

// The places of edges, and some others that stand for all: each counts (n - degree) / negatives times.
torch::Tensor SDNEObjective::sampled_reconstruction(const nn::Shard& shard,
                                                    const torch::Tensor& inner) const {
  const int64_t n = graph_.num_nodes(), num_negatives = *options_.negatives;
  std::vector<int64_t> rows, columns;
  std::vector<double> weights, factors;
  const auto add = [&](size_t row, int64_t column, double weight, double factor) {
    rows.push_back(static_cast<int64_t>(row));
    columns.push_back(column);
    weights.push_back(weight);
    factors.push_back(factor);
  };
  for (size_t i = 0; i < shard.examples.size(); ++i) {
    const int64_t node = shard.examples[i], begin = graph_.offsets[node], end = graph_.offsets[node + 1];
    for (int64_t entry = begin; entry < end; ++entry)
      add(i, graph_.targets[entry], weight_at(entry), options_.beta * options_.beta);
    if (end - begin >= n) continue;  // no place is without an edge
    const double stands_for = static_cast<double>(n - (end - begin)) / static_cast<double>(num_negatives);
    RandomStream random(seed_, "sdne negatives", static_cast<uint64_t>(shard.step * n + node));
    const std::span<const uint32_t> neighbors = graph_.neighbors(node);
    for (int64_t drawn = 0; drawn < num_negatives;) {
      const auto column = static_cast<uint32_t>(random.below(static_cast<uint64_t>(n)));
      if (std::binary_search(neighbors.begin(), neighbors.end(), column)) continue;
      add(i, column, 0, stands_for);
      ++drawn;
    }
  }
  const torch::Tensor at = places(columns);
  const torch::Tensor products =
      (inner.index_select(0, places(rows)) * decoder_.back().map().t().index_select(0, at)).sum(1);
  const torch::Tensor values = activated(products + decoder_.back().bias.index_select(0, at));
  return ((values - numbers(weights)).square() * numbers(factors)).sum();
}

// Edges whose ends are both in the batch stand for all: of a node's edges, (B - 1) / (n - 1) are there by
// chance.
torch::Tensor SDNEObjective::first_order(const nn::Shard& shard, const torch::Tensor& vectors) const {
  std::vector<int64_t> from, to;
  std::vector<double> weights;
  for (size_t i = 0; i < shard.examples.size(); ++i) {
    const int64_t node = shard.examples[i];
    for (int64_t entry = graph_.offsets[node]; entry < graph_.offsets[node + 1]; ++entry) {
      const int64_t place = place_of_[graph_.targets[entry]];
      if (place < 0 || graph_.targets[entry] == static_cast<uint64_t>(node)) continue;
      from.push_back(shard.offset + static_cast<int64_t>(i));
      to.push_back(place);
      weights.push_back(weight_at(entry));
    }
  }
  const torch::Tensor apart = vectors.index_select(0, places(from)) - vectors.index_select(0, places(to));
  const double scale = batch_.size() < 2 ? 0
                                         : static_cast<double>(graph_.num_nodes() - 1) /
                                               static_cast<double>(batch_.size() - 1);
  return scale * (apart.square().sum(1) * numbers(weights)).sum();
}

}  // namespace whitney::gnn
