#include "whitney/train/recsys/ngcf_dropout.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "whitney/core/fast_random.h"
#include "whitney/core/random.h"
#include "whitney/core/shuffle_first.h"
#include "whitney/recommend/ngcf_layer.h"

namespace whitney::recsys {
namespace {

/// A layer's graph while messages are taken out of it.
struct Messages {
  SparseMatrix matrix;
  /// Of nodes to themselves.
  std::vector<double> self;
};

void scale(float& weight, double factor) { weight = static_cast<float>(weight * factor); }

void leave_out_entries(SparseMatrix& matrix, double share, uint64_t seed, uint64_t step) {
  const double keep = 1 - share;
  FastRandom random(seed, "ngcf node dropout", step);
  for (float& weight : matrix.weights) {
    weight = random.uniform() < keep ? static_cast<float>(weight / keep) : 0.0F;
  }
}

void leave_out_nodes(Messages& messages, double share, uint64_t seed, uint64_t step, size_t layer) {
  const size_t n = messages.self.size();
  const size_t left_out = std::min(static_cast<size_t>(std::lround(share * static_cast<double>(n))), n - 1);
  std::vector<uint32_t> nodes(n);
  std::iota(nodes.begin(), nodes.end(), 0U);
  std::vector<double> factors(n, static_cast<double>(n) / static_cast<double>(n - left_out));
  RandomStream random(seed, "ngcf dropout of nodes in layer " + std::to_string(layer), step);
  shuffle_first(std::span(nodes), left_out, random);
  for (size_t i = 0; i < left_out; ++i) factors[nodes[i]] = 0;
  for (size_t e = 0; e < messages.matrix.columns.size(); ++e) {
    scale(messages.matrix.weights[e], factors[messages.matrix.columns[e]]);
  }
  for (size_t node = 0; node < n; ++node) messages.self[node] *= factors[node];
}

void leave_out_messages(Messages& messages, double share, uint64_t seed, uint64_t step, size_t layer) {
  const size_t num_entries = messages.matrix.weights.size(), n = messages.self.size();
  std::vector<uint8_t> codes(num_entries + n);
  recommend::draw_left_out(seed, message_dropout_purpose(step) + std::to_string(layer), 0, std::ssize(codes),
                           1 - share, codes.data());
  const auto factor = [&](size_t message) { return codes[message] == 0 ? 1 / (1 - share) : 0; };
  for (size_t e = 0; e < num_entries; ++e) scale(messages.matrix.weights[e], factor(e));
  for (size_t node = 0; node < n; ++node) messages.self[node] *= factor(num_entries + node);
}

torch::Tensor as_tensor(std::span<const double> values, const torch::TensorOptions& type) {
  torch::Tensor result = torch::empty({std::ssize(values)}, torch::kFloat64);
  std::ranges::copy(values, result.mutable_data_ptr<double>());
  return result.to(type.dtype()).to(type.device());
}

}  // namespace

std::vector<LayerGraph> thinned_graphs(const nn::SparseOperator& whole, const NgcfOptions& options,
                                       uint64_t seed, std::optional<uint64_t> step,
                                       const torch::TensorOptions& type) {
  const bool of_messages = options.message_dropout > 0 && output_dropout(options) == 0,
             of_nodes = options.node_dropout > 0 && options.node_dropout_of == NodeDropout::kNodes,
             of_entries = options.node_dropout > 0 && !of_nodes;
  const size_t num_layers = options.layers.size();
  if (!step || !(of_messages || of_nodes || of_entries)) return {num_layers, LayerGraph{whole, {}}};
  SparseMatrix entries = whole.matrix();
  if (of_entries) leave_out_entries(entries, options.node_dropout, seed, *step);
  if (!of_messages && !of_nodes) return {num_layers, LayerGraph{nn::SparseOperator(std::move(entries)), {}}};
  std::vector<LayerGraph> graphs;
  for (size_t layer = 1; layer <= num_layers; ++layer) {
    Messages messages{entries, std::vector<double>(static_cast<size_t>(entries.rows()), 1)};
    if (of_nodes) leave_out_nodes(messages, options.node_dropout, seed, *step, layer);
    if (of_messages) leave_out_messages(messages, options.message_dropout, seed, *step, layer);
    graphs.push_back({nn::SparseOperator(std::move(messages.matrix)),
                      options.self_message ? as_tensor(messages.self, type) : torch::Tensor()});
  }
  return graphs;
}

double output_dropout(const NgcfOptions& options) {
  return options.message_dropout_of == MessageDropout::kOutputs ? options.message_dropout : 0;
}

std::string message_dropout_purpose(uint64_t step) {
  return "ngcf message dropout " + std::to_string(step) + ".";
}

}  // namespace whitney::recsys
