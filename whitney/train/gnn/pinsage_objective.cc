#include "whitney/train/gnn/pinsage_objective.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/train/gnn/ranking_loss.h"
#include "whitney/train/nn/one_torch_thread.h"

namespace whitney::gnn {
namespace {

torch::Tensor as_tensor(const std::vector<int64_t>& values) { return torch::tensor(values, torch::kInt64); }

std::vector<uint8_t> guarded_pairs(const PinSageLabels& labels, const PinSageOptions& options,
                                   const Context& context) {
  if (options.layers == 0 || options.leak_guard == LeakGuard::kNone) return {};
  if (options.leak_guard == LeakGuard::kPair) return std::vector<uint8_t>(labels.train.size(), 1);
  std::vector<uint8_t> guarded = shared_contexts(labels.graph, labels.train, context);
  for (uint8_t& count : guarded) count = count == 1 ? 1 : 0;
  return guarded;
}

/// Numbers the items of a batch as they come.
class Places {
 public:
  int64_t operator()(uint32_t item) {
    const auto [found, is_new] = place_of_.try_emplace(item, std::ssize(items));
    if (is_new) items.push_back(item);
    return found->second;
  }
  std::vector<uint32_t> items;

 private:
  std::unordered_map<uint32_t, int64_t> place_of_;
};

}  // namespace

PinSageObjective::PinSageObjective(const PinSageLabels& labels, const PinSageFeatures& features,
                                   const infer::PinSageSettings& settings, const PinSageOptions& options,
                                   torch::TensorOptions type, const Context& context)
    : labels_(labels),
      features_(features),
      settings_(settings),
      options_(options),
      network_(settings, context.seed, type),
      negatives_(labels.graph, labels.train, options, context),
      guarded_(guarded_pairs(labels, options, context)),
      producers_(context.num_threads() > 1 ? options.producers : 0) {
  if (settings.layers > 0) neighborhoods_ = infer::pinsage_neighborhoods(labels.graph, settings, context);
}

void PinSageObjective::begin_epoch(int64_t epoch, const Context& /*context*/) { epoch_ = epoch; }

HiddenEdges PinSageObjective::hidden_edges(std::span<const int64_t> batch) const {
  HiddenEdges hidden;
  if (guarded_.empty()) return hidden;
  for (const int64_t example : batch) {
    if (guarded_[static_cast<size_t>(example)] == 0) continue;
    const auto [query, answer] = labels_.train[static_cast<size_t>(example)];
    hidden.emplace_back(query, answer);
    hidden.emplace_back(answer, query);
  }
  std::ranges::sort(hidden);
  return hidden;
}

std::unique_ptr<const nn::PreparedBatch> PinSageObjective::prepare(std::span<const int64_t> batch,
                                                                   int64_t number) const {
  nn::use_one_torch_thread();
  auto prepared = std::make_unique<PinSageBatch>();
  Places place;
  std::vector<int64_t> queries, answers, negatives, hard;
  for (const int64_t example : batch) {
    const auto [query, answer] = labels_.train[static_cast<size_t>(example)];
    queries.push_back(place(query));
    answers.push_back(place(answer));
  }
  for (const uint32_t item : negatives_.shared(number)) negatives.push_back(place(item));
  const int64_t num_hard = curriculum(epoch_, options_);
  std::vector<uint32_t> drawn;
  for (const int64_t example : batch)
    negatives_.hard(labels_.train[static_cast<size_t>(example)].query, num_hard, epoch_, example, drawn);
  for (const uint32_t item : drawn) hard.push_back(place(item));
  prepared->queries = as_tensor(queries);
  prepared->answers = as_tensor(answers);
  prepared->negatives = as_tensor(negatives);
  prepared->hard = as_tensor(hard).reshape({std::ssize(batch), num_hard});
  prepared->graph =
      local_graph(place.items, settings_.layers, neighborhoods_, hidden_edges(batch), features_);
  prepared->num_items = std::ssize(place.items);
  return prepared;
}

std::vector<torch::Tensor> PinSageObjective::shared_of(const nn::PreparedBatch& prepared,
                                                       const Context& context) {
  const auto& batch = dynamic_cast<const PinSageBatch&>(prepared);
  return {network_.forward(batch.graph, batch.num_items, context)};
}

torch::Tensor PinSageObjective::loss(const nn::Shard& shard, std::span<const torch::Tensor> shared) const {
  const auto& batch = dynamic_cast<const PinSageBatch&>(*shard.prepared);
  const torch::Tensor& vectors = shared[0];
  const torch::Device device = vectors.device();
  const int64_t count = std::ssize(shard.examples);
  const auto of_shard = [&](const torch::Tensor& places) {
    return places.narrow(0, shard.offset, count).to(device);
  };
  const torch::Tensor queries = of_shard(batch.queries), answers = of_shard(batch.answers),
                      hard = of_shard(batch.hard), negatives = batch.negatives.to(device);
  const torch::Tensor query = vectors.index_select(0, queries);
  RankedScores scores;
  scores.answers = (query * vectors.index_select(0, answers)).sum(1, /*keepdim=*/true);
  // Wrong answers: B x N shared ones beside B x H hard ones.
  scores.wrong = torch::matmul(query, vectors.index_select(0, negatives).t());
  torch::Tensor places = negatives.unsqueeze(0).expand({count, negatives.size(0)});
  if (hard.size(1) > 0) {
    const torch::Tensor rows = vectors.index_select(0, hard.flatten()).view({count, hard.size(1), -1});
    scores.wrong = torch::cat({scores.wrong, torch::matmul(rows, query.unsqueeze(2)).squeeze(2)}, 1);
    places = torch::cat({places, hard}, 1);
  }
  scores.counts = (places != answers.unsqueeze(1)) & (places != queries.unsqueeze(1));
  const torch::Tensor sum = options_.loss == PinSageLoss::kSoftmax
                                ? sampled_softmax_loss(scores, options_.temperature)
                                : max_margin_loss(scores, options_.margin);
  return sum / static_cast<double>(shard.num_in_step);
}

std::vector<std::string> PinSageObjective::notes() const {
  if (labels_.validation.empty()) return {};
  return {note_of_split(checksum_of(labels_))};
}

torch::Tensor PinSageObjective::vectors_of_all(const Context& context) const {
  const nn::OneTorchThread one;
  std::vector<uint32_t> all(static_cast<size_t>(features_.num_items()));
  std::iota(all.begin(), all.end(), 0U);
  const LocalGraph graph = local_graph(all, settings_.layers, neighborhoods_, {}, features_);
  return network_.forward(graph, std::ssize(all), context).to(torch::kCPU, torch::kFloat32).contiguous();
}

std::optional<std::string> PinSageObjective::not_finite(const Context& context) {
  const torch::NoGradGuard no_gradients;
  if (vectors_of_all(context).isfinite().all().item<bool>()) return std::nullopt;
  return "the vectors of items";
}

std::vector<nn::Metric> PinSageObjective::evaluate(const Context& context) {
  if (labels_.validation.empty()) return {};
  const torch::Tensor vectors = vectors_of_all(context);
  // No score is higher than one that is no number: every answer would come first.
  if (!vectors.isfinite().all().item<bool>()) fail("the vectors of items have values that are no numbers");
  constexpr int64_t kListed = 10;
  double hits = 0, reciprocal = 0;
  for (const int64_t rank : ranks_of_answers(labels_.validation, vectors, context)) {
    hits += rank <= kListed ? 1 : 0;
    reciprocal += 1 / static_cast<double>(rank);
  }
  const auto count = static_cast<double>(labels_.validation.size());
  return {{"hit@10", hits / count}, {"mrr", reciprocal / count}};
}

std::vector<int64_t> ranks_of_answers(std::span<const ItemPair> pairs, const torch::Tensor& vectors,
                                      const Context& context) {
  constexpr int64_t kBlock = 128;
  std::vector<int64_t> ranks(pairs.size());
  parallel_blocks(context, std::ssize(pairs), kBlock, [&](int64_t begin, int64_t end) {
    nn::use_one_torch_thread();
    const torch::NoGradGuard no_gradients;
    std::vector<int64_t> queries;
    for (int64_t p = begin; p < end; ++p) queries.push_back(pairs[static_cast<size_t>(p)].query);
    const torch::Tensor scores =
        torch::matmul(vectors.index_select(0, as_tensor(queries)), vectors.t()).contiguous();
    const int64_t num_items = vectors.size(0);
    for (int64_t p = begin; p < end; ++p) {
      const auto [query, answer] = pairs[static_cast<size_t>(p)];
      const float* row = scores.const_data_ptr<float>() + (p - begin) * num_items;
      int64_t rank = 1;
      for (int64_t item = 0; item < num_items; ++item) {
        if (item == query || item == answer) continue;
        if (row[item] > row[answer] || (row[item] == row[answer] && item < answer)) ++rank;
      }
      ranks[static_cast<size_t>(p)] = rank;
    }
  });
  return ranks;
}

}  // namespace whitney::gnn
