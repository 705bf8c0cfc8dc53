#include "whitney/train/recsys/ngcf_objective.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/fast_random.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/eval/ranking_quality.h"
#include "whitney/recommend/recommender.h"
#include "whitney/train/nn/losses.h"
#include "whitney/train/nn/row_functions.h"

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
  triples_ = sampler_.sample(epoch * train_.size(), train_.size(), context);
}

torch::Tensor NgcfObjective::step(const Layer& layer, const torch::Tensor& sums,
                                  const torch::Tensor& own) const {
  const auto mapped = [&](const torch::Tensor& x, const torch::Tensor& weights, const torch::Tensor& bias) {
    return options_.biases ? torch::addmm(bias, x, weights) : torch::mm(x, weights);
  };
  const auto activated = [&](const torch::Tensor& x) { return torch::leaky_relu(x, options_.slope); };
  torch::Tensor part1 = mapped(options_.self_message ? sums + own : sums, layer.weights1, layer.bias1);
  const torch::Tensor part2 = mapped(sums * own, layer.weights2, layer.bias2);
  // In place where nothing that goes back needs what was there: a pass over memory less.
  if (options_.two_activations) return activated(part1).add_(activated(part2));
  return activated(part1.add_(part2));
}

SparseMatrix NgcfObjective::thinned(uint64_t key) const {
  SparseMatrix matrix = graph_.matrix;
  const double keep = 1 - options_.node_dropout;
  FastRandom random(seed_, "ngcf node dropout", key);
  for (float& weight : matrix.weights) {
    weight = random.uniform() < keep ? static_cast<float>(weight / keep) : 0.0F;
  }
  return matrix;
}

torch::Tensor NgcfObjective::mask(const torch::Tensor& like, uint64_t key, size_t layer,
                                  const Context& context) const {
  constexpr int64_t kRows = 1024;
  torch::Tensor mask = torch::empty(like.sizes(), torch::kFloat32);
  auto* out = mask.mutable_data_ptr<float>();
  const int64_t width = like.size(1);
  const double keep = 1 - options_.message_dropout;
  const auto kept = static_cast<float>(1 / keep);
  // Each draw serves two values.
  const auto threshold = static_cast<uint64_t>(keep * 0x1p32);
  const std::string purpose = "ngcf message dropout " + std::to_string(layer) + "." + std::to_string(key);
  parallel_blocks(context, like.size(0), kRows, [&](int64_t begin, int64_t end) {
    FastRandom random(seed_, purpose, static_cast<uint64_t>(begin));
    for (int64_t i = begin * width; i < end * width; i += 2) {
      const uint64_t draw = random.next_u64();
      out[i] = (draw >> 32) < threshold ? kept : 0;
      if (i + 1 < end * width) out[i + 1] = (draw & 0xFFFFFFFFU) < threshold ? kept : 0;
    }
  });
  return mask.to(like.options());
}

torch::Tensor NgcfObjective::dropped(const torch::Tensor& vectors, std::optional<uint64_t> key, size_t layer,
                                     const Context& context) const {
  if (!key || options_.message_dropout == 0) return vectors;
  return torch::Tensor(vectors).mul_(mask(vectors, *key, layer, context));
}

/// Of the final vector, what a layer gives.
torch::Tensor NgcfObjective::part(const torch::Tensor& vectors) const {
  constexpr double kLeastLength = 1e-12;
  if (!options_.normalize) return vectors;
  return vectors / vectors.square().sum(1, true).clamp_min(kLeastLength * kLeastLength).sqrt();
}

torch::Tensor NgcfObjective::propagate(std::optional<uint64_t> dropout_key, const Context& context) const {
  const bool is_thinned = dropout_key && options_.node_dropout > 0;
  const nn::SparseOperator matrix = is_thinned ? nn::SparseOperator(thinned(*dropout_key)) : matrix_;
  torch::Tensor vectors = vectors_;
  std::vector<torch::Tensor> parts = {vectors};
  for (size_t l = 0; l < layers_.size(); ++l) {
    vectors = step(layers_[l], nn::sparse_product(matrix, vectors, context), vectors);
    vectors = dropped(vectors, dropout_key, l, context);
    parts.push_back(part(vectors));
  }
  return torch::cat(parts, 1);
}

torch::Tensor NgcfObjective::final_rows(const std::vector<uint32_t>& nodes, uint64_t dropout_key,
                                        const Context& context) const {
  const nn::SparseOperator matrix =
      options_.node_dropout > 0 ? nn::SparseOperator(thinned(dropout_key)) : matrix_;
  const torch::Tensor rows = places_of(nodes);
  torch::Tensor vectors = vectors_, own = nn::gather_rows(vectors, rows, context);
  std::vector<torch::Tensor> parts = {own};
  for (size_t l = 0; l < layers_.size(); ++l) {
    if (l + 1 < layers_.size()) {
      vectors = step(layers_[l], nn::sparse_product(matrix, vectors, context), vectors);
      vectors = dropped(vectors, dropout_key, l, context);
      own = nn::gather_rows(vectors, rows, context);
    } else {
      SparseMatrix some;
      select_rows(matrix.matrix().view(), nodes, some);
      own = step(layers_[l], nn::sparse_product(nn::SparseOperator(std::move(some)), vectors, context), own);
      own = dropped(own, dropout_key, l, context);
    }
    parts.push_back(part(own));
  }
  return torch::cat(parts, 1);
}

std::vector<torch::Tensor> NgcfObjective::shared(std::span<const int64_t> batch, const Context& context) {
  std::vector<uint32_t> places;  // of users, positives, negatives
  const auto add = [&](const std::vector<uint32_t>& from, size_t first) {
    for (const int64_t example : batch)
      places.push_back(graph_.place_of[first + from[static_cast<size_t>(example)]]);
  };
  const auto items = static_cast<size_t>(graph_.num_users);
  add(triples_.users, 0);
  add(triples_.positives, items);
  add(triples_.negatives, items);
  std::vector<uint32_t> nodes = places;
  std::ranges::sort(nodes);
  nodes.erase(std::ranges::unique(nodes).begin(), nodes.end());
  std::vector<uint32_t> at;
  for (const uint32_t place : places)
    at.push_back(static_cast<uint32_t>(std::ranges::lower_bound(nodes, place) - nodes.begin()));

  // The first example tells a batch from all others of the run: each comes once an epoch.
  const uint64_t key = static_cast<uint64_t>(epoch_ * train_.size() + batch[0]);
  const torch::Tensor final_vectors = final_rows(nodes, key, context);
  std::vector<torch::Tensor> rows = nn::gather_rows(final_vectors, places_of(at), context).chunk(3);
  if (options_.regularized == Regularized::kLearned) {
    for (const torch::Tensor& learned : nn::gather_rows(vectors_, places_of(places), context).chunk(3)) {
      rows.push_back(learned);
    }
  }
  return rows;
}

torch::Tensor NgcfObjective::loss(const nn::Shard& shard, std::span<const torch::Tensor> shared) const {
  std::vector<torch::Tensor> rows;
  for (const torch::Tensor& tensor : shared) {
    rows.push_back(tensor.slice(0, shard.offset, shard.offset + std::ssize(shard.examples)));
  }
  const double share = static_cast<double>(shard.examples.size()) / static_cast<double>(shard.num_in_step);
  const torch::Tensor ranking =
      nn::bpr_loss(nn::row_products(rows[0], rows[1]), nn::row_products(rows[0], rows[2]));
  const auto counted =
      options_.regularized == Regularized::kLearned ? std::span(rows).subspan(3) : std::span(rows).first(3);
  return ranking * share +
         options_.regularization *
             nn::half_squares(std::vector<torch::Tensor>(counted.begin(), counted.end()), shard.num_in_step);
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
  return factors;
}

std::vector<nn::Metric> NgcfObjective::evaluate(const Context& context) {
  if (held_out_.size() == 0) return {};
  constexpr int64_t kListed = 20;
  Factors found = factors(context);
  const auto recommender = recommend::factor_recommender(std::move(found.users), found.items);
  const Interactions* const seen[] = {&train_};
  Context quiet = context;
  quiet.progress = nullptr;
  const eval::UserQualities qualities = eval::full_ranking(*recommender, seen, held_out_, kListed, quiet);
  return {{"recall@20", eval::mean_of(qualities.recall)}, {"ndcg@20", eval::mean_of(qualities.ndcg)}};
}

}  // namespace whitney::recsys
