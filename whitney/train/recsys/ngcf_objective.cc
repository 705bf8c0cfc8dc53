#include "whitney/train/recsys/ngcf_objective.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/data/interactions_split.h"
#include "whitney/eval/ranking_quality.h"
#include "whitney/recommend/ngcf_layer.h"
#include "whitney/recommend/recommender.h"
#include "whitney/recommend/unmet.h"
#include "whitney/train/nn/row_functions.h"
#include "whitney/train/recsys/triple_losses.h"

namespace whitney::recsys {
namespace {

/// Uniform in +- sqrt(6 / (rows + cols)) (Glorot, Bengio 2010), each row by (seed, purpose, row).
torch::Tensor xavier(int64_t rows, int64_t cols, uint64_t seed, std::string_view purpose,
                     torch::TensorOptions type) {
  torch::Tensor values = torch::empty({rows, cols}, torch::kFloat64);
  const double most = std::sqrt(6.0 / static_cast<double>(rows + cols));
  auto* out = values.mutable_data_ptr<double>();
  for (int64_t row = 0; row < rows; ++row) {
    RandomStream random(seed, purpose, static_cast<uint64_t>(row));
    for (int64_t c = 0; c < cols; ++c) *out++ = most * (2 * random.uniform() - 1);
  }
  return values.to(type.dtype()).to(type.device());
}

torch::Tensor places_of(std::span<const uint32_t> nodes) {
  torch::Tensor places = torch::empty({std::ssize(nodes)}, torch::kInt64);
  std::ranges::copy(nodes, places.mutable_data_ptr<int64_t>());
  return places;
}

/// Which of them are not all finite.
std::optional<std::string> not_finite_of(const Factors& factors) {
  const auto is_finite = [](const Matrix& matrix) {
    const auto* values = static_cast<const float*>(matrix.view().data);
    return std::all_of(values, values + matrix.rows() * matrix.cols(),
                       [](float value) { return std::isfinite(value); });
  };
  if (!is_finite(factors.users)) return "the final vectors of users";
  if (!is_finite(factors.items)) return "the final vectors of items";
  return std::nullopt;
}

}  // namespace

NgcfObjective::NgcfObjective(const Interactions& train, const Interactions& held_out,
                             const NgcfOptions& options, uint64_t seed, torch::TensorOptions type)
    : train_(train),
      held_out_(held_out),
      options_(options),
      seed_(seed),
      graph_(recommend::interaction_graph(train, options.adjacency)),
      matrix_(graph_.matrix, graph_.transpose.rows() == 0),
      sampler_(train, seed) {
  const torch::Tensor by_row = xavier(graph_.num_nodes(), options.dim, seed, "ngcf vectors", type);
  torch::Tensor placed = torch::empty_like(by_row);
  placed.index_copy_(0, places_of(graph_.place_of).to(type.device()), by_row);
  vectors_ = parameters_.add("vectors", placed);
  int64_t before = options.dim;
  for (size_t l = 0; l < options.layers.size(); ++l) {
    const int64_t after = options.layers[l];
    const auto add = [&](const char* name, const torch::Tensor& values) {
      return parameters_.add(std::string(name) + "." + std::to_string(l + 1), values);
    };
    const std::string purpose = "ngcf layer " + std::to_string(l + 1);
    Layer layer;
    layer.weights1 = add("weights1", xavier(before, after, seed, purpose + " of sums", type));
    layer.weights2 = add("weights2", xavier(before, after, seed, purpose + " of products", type));
    if (options.biases) {
      layer.bias1 = add("bias1", xavier(1, after, seed, purpose + " offset of sums", type));
      layer.bias2 = add("bias2", xavier(1, after, seed, purpose + " offset of products", type));
    }
    layers_.push_back(std::move(layer));
    before = after;
  }
}

void NgcfObjective::begin_with(const Factors& factors) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor placed = torch::empty({graph_.num_nodes(), vectors_.size(1)}, torch::kFloat32);
  auto* out = placed.mutable_data_ptr<float>();
  for (int64_t node = 0; node < graph_.num_nodes(); ++node) {
    const auto row = node < graph_.num_users ? factors.users.row<float>(node)
                                             : factors.items.row<float>(node - graph_.num_users);
    std::ranges::copy(row, out + graph_.place_of[static_cast<size_t>(node)] * placed.size(1));
  }
  vectors_.copy_(placed);
}

void NgcfObjective::begin_epoch(int64_t epoch, const Context& context) {
  epoch_ = epoch;
  const int64_t examples = num_examples(), batch_size = options_.training.batch_size,
                batches = examples / batch_size;
  triples_ = is_drawn_by_batches() ? sampler_.sample_batches(epoch * batches, batches, batch_size, context)
                                   : sampler_.sample(epoch * examples, examples, context);
}

int64_t NgcfObjective::num_examples() const {
  const int64_t batch_size = options_.training.batch_size;
  return is_drawn_by_batches() ? (train_.size() / batch_size + 1) * batch_size : train_.size();
}

// A batch of different users is to stay together.
bool NgcfObjective::is_ordered() const { return is_drawn_by_batches(); }

torch::Tensor NgcfObjective::step(const Layer& layer, const torch::Tensor& sums, const torch::Tensor& own,
                                  const torch::Tensor& self) const {
  const auto mapped = [&](const torch::Tensor& x, const torch::Tensor& weights, const torch::Tensor& bias) {
    return options_.biases ? torch::addmm(bias, x, weights) : torch::mm(x, weights);
  };
  const auto activated = [&](const torch::Tensor& x) { return torch::leaky_relu(x, options_.slope); };
  const torch::Tensor with_self = !options_.self_message ? sums
                                  : self.defined()       ? torch::addcmul(sums, own, self.unsqueeze(1))
                                                         : sums + own;
  torch::Tensor part1 = mapped(with_self, layer.weights1, layer.bias1);
  const torch::Tensor part2 = mapped(sums * own, layer.weights2, layer.bias2);
  // In place where nothing that goes back needs what was there: a pass over memory less.
  if (options_.two_activations) return activated(part1).add_(activated(part2));
  return activated(part1.add_(part2));
}

std::vector<LayerGraph> NgcfObjective::layer_graphs(std::optional<uint64_t> dropout_key) const {
  return thinned_graphs(matrix_, options_, seed_, dropout_key, vectors_.options());
}

torch::Tensor NgcfObjective::dropped(const torch::Tensor& vectors, std::optional<uint64_t> key,
                                     size_t layer) const {
  const double share = output_dropout(options_), keep = 1 - share;
  if (!key || share == 0) return vectors;
  torch::Tensor codes = torch::empty(vectors.sizes(), torch::kUInt8);
  recommend::draw_left_out(seed_, message_dropout_purpose(*key) + std::to_string(layer), 0, codes.numel(),
                           keep, codes.mutable_data_ptr<uint8_t>());
  const torch::Tensor mask = (codes == 0).to(vectors.options()).mul_(1 / keep);
  return torch::Tensor(vectors).mul_(mask);
}

torch::Tensor NgcfObjective::propagate(std::optional<uint64_t> dropout_key, const Context& context) const {
  const std::vector<LayerGraph> graphs = layer_graphs(dropout_key);
  constexpr double kLeastLength = 1e-12;
  torch::Tensor vectors = vectors_;
  std::vector<torch::Tensor> parts = {vectors};
  for (size_t l = 0; l < layers_.size(); ++l) {
    vectors =
        step(layers_[l], nn::sparse_product(graphs[l].matrix, vectors, context), vectors, graphs[l].self);
    vectors = dropped(vectors, dropout_key, l + 1);
    const torch::Tensor squares = vectors.square().sum(1, true).clamp_min(kLeastLength * kLeastLength);
    parts.push_back(options_.normalize ? vectors / squares.sqrt() : vectors);
  }
  return torch::cat(parts, 1);
}

torch::Tensor NgcfObjective::final_rows(const std::vector<uint32_t>& nodes, uint64_t dropout_key,
                                        const Context& context) {
  if (!vectors_.device().is_cpu()) {
    return nn::gather_rows(propagate(dropout_key, context), places_of(nodes), context);
  }
  const NgcfPass pass{.graphs = layer_graphs(dropout_key),
                      .nodes = nodes,
                      .options = options_,
                      .seed = seed_,
                      .dropout = message_dropout_purpose(dropout_key)};
  return ngcf_rows(pass, parameters_.tensors(), memory_, context);
}

std::vector<torch::Tensor> NgcfObjective::shared(std::span<const int64_t> batch, const Context& context) {
  TriplePlaces triples;
  std::vector<uint32_t> nodes;
  const auto take = [&](const std::vector<uint32_t>& from, int64_t first, std::vector<uint32_t>& places) {
    for (const int64_t example : batch) {
      places.push_back(graph_.place_of[static_cast<size_t>(first + from[static_cast<size_t>(example)])]);
    }
    nodes.insert(nodes.end(), places.begin(), places.end());
  };
  take(triples_.users, 0, triples.users);
  take(triples_.positives, graph_.num_users, triples.positives);
  take(triples_.negatives, graph_.num_users, triples.negatives);
  std::ranges::sort(nodes);
  nodes.erase(std::ranges::unique(nodes).begin(), nodes.end());
  for (auto* places : {&triples.users, &triples.positives, &triples.negatives}) {
    for (uint32_t& place : *places) {
      place = static_cast<uint32_t>(std::ranges::lower_bound(nodes, place) - nodes.begin());
    }
  }

  // The first example tells a batch from all others of the run: each comes once an epoch.
  const uint64_t key = static_cast<uint64_t>(epoch_ * num_examples() + batch[0]);
  const torch::Tensor rows = final_rows(nodes, key, context).to(torch::kCPU);
  const bool of_final = options_.regularized == Regularized::kFinal;
  const torch::Tensor losses = triple_losses(rows, std::move(triples), options_.regularization,
                                             of_final ? rows.size(1) : options_.dim, context);
  return {options_.regularized == Regularized::kAll ? losses + pull_of_maps() : losses};
}

torch::Tensor NgcfObjective::pull_of_maps() const {
  torch::Tensor squares = torch::zeros({}, vectors_.options());
  for (const nn::Parameter& parameter : parameters_.all()) {
    if (!parameter.tensor.is_same(vectors_)) squares = squares + parameter.tensor.square().sum();
  }
  return (options_.regularization / 2 * squares).to(torch::kCPU);
}

torch::Tensor NgcfObjective::loss(const nn::Shard& shard, std::span<const torch::Tensor> shared) const {
  return shared[0].slice(0, shard.offset, shard.offset + std::ssize(shard.examples)).sum() /
         static_cast<double>(shard.num_in_step);
}

Factors NgcfObjective::factors(const Context& context) const {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor all = propagate(std::nullopt, context).to(torch::kCPU, torch::kFloat32).contiguous();
  const int64_t dim = all.size(1);
  Factors factors{Matrix(graph_.num_users, dim), Matrix(graph_.num_items, dim)};
  const auto* from = all.const_data_ptr<float>();
  const auto copy = [&](int64_t first, Matrix& to) {
    auto* out = to.mutable_data<float>();
    for (int64_t row = 0; row < to.rows(); ++row) {
      std::copy_n(from + graph_.place_of[static_cast<size_t>(first + row)] * dim, dim, out + row * dim);
    }
  };
  copy(0, factors.users);
  copy(graph_.num_users, factors.items);
  recommend::clear_unmet(factors, train_);
  return factors;
}

std::optional<std::string> NgcfObjective::not_finite(const Context& context) {
  return not_finite_of(factors(context));
}

std::vector<std::string> NgcfObjective::notes() const {
  if (held_out_.size() == 0) return {};
  const Interactions* const parts[] = {&train_, &held_out_};
  return {note_of_split(split_checksum(parts))};
}

std::vector<nn::Metric> NgcfObjective::evaluate(const Context& context) {
  if (held_out_.size() == 0) return {};
  constexpr int64_t kListed = 20;
  Factors found = factors(context);
  if (const auto which = not_finite_of(found)) fail(*which, " are not finite");
  const auto recommender = recommend::factor_recommender(std::move(found.users), found.items);
  const Interactions* const seen[] = {&train_};
  Context quiet = context;
  quiet.progress = nullptr;
  const eval::UserQualities qualities = eval::full_ranking(*recommender, seen, held_out_, kListed, quiet);
  return {{"recall@20", eval::mean_of(qualities.recall)}, {"ndcg@20", eval::mean_of(qualities.ndcg)}};
}

}  // namespace whitney::recsys
