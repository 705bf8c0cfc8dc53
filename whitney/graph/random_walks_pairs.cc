#include "whitney/graph/random_walks_pairs.h"

#include <algorithm>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/fast_random.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"

namespace whitney::graph {
namespace {

/// As many as take their steps in turns, and enough pairs for a chunk to be worth a task.
constexpr int64_t kChunkWalks = 32;

int64_t chunks_per_pass(int64_t n) { return (n + kChunkWalks - 1) / kChunkWalks; }

/// Pairs of a walk with contexts within b of a centre, b uniform in 1..window: 2 (b - those cut off at the
/// ends).
double pairs_per_walk(int64_t length, int64_t window) {
  double pairs = 0;
  for (int64_t distance = 1; distance <= std::min(window, length - 1); ++distance) {
    const double reached = static_cast<double>(window - distance + 1) / static_cast<double>(window);
    pairs += 2 * static_cast<double>(length - distance) * reached;
  }
  return pairs;
}

}  // namespace

ShuffledOrder::ShuffledOrder(int64_t n, uint64_t seed, uint64_t pass)
    : n_(static_cast<uint64_t>(n)), half_bits_(1), key_(RandomStream(seed, "walk order", pass).next_u64()) {
  while ((uint64_t{1} << (2 * half_bits_)) < n_) ++half_bits_;
}

uint32_t ShuffledOrder::operator[](int64_t i) const {
  constexpr int kRounds = 4;
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  auto x = static_cast<uint64_t>(i);
  do {
    uint64_t left = x >> half_bits_, right = x & mask;
    for (uint64_t round = 0; round < kRounds; ++round) {
      uint64_t z = (right + 1) * 0x9E3779B97F4A7C15 + key_ + round * 0xD1B54A32D192ED03;
      z = (z ^ (z >> 32)) * 0xD6E8FEB86659FD93;
      z = (z ^ (z >> 32)) * 0xD6E8FEB86659FD93;
      left = std::exchange(right, (left ^ (z >> 40)) & mask);
    }
    x = left << half_bits_ | right;
  } while (x >= n_);
  return static_cast<uint32_t>(x);
}

int64_t WalkPairs::num_chunks() const { return num_walks_ * chunks_per_pass(walks_.num_nodes()); }

double WalkPairs::pairs_per_chunk() const {
  const int64_t n = walks_.num_nodes();
  const double walks_per_chunk =
      static_cast<double>(n) / static_cast<double>(std::max<int64_t>(chunks_per_pass(n), 1));
  return pairs_per_walk(walks_.length(), window_) * walks_per_chunk;
}

void WalkPairs::walk(int64_t chunk, WalkBlock& block) const {
  const int64_t n = walks_.num_nodes(), per_pass = chunks_per_pass(n);
  const auto pass = static_cast<uint64_t>(chunk / per_pass);
  const int64_t begin = chunk % per_pass * kChunkWalks, end = std::min(begin + kChunkWalks, n);
  const ShuffledOrder order(n, seed_, pass);
  std::vector<uint32_t> starts;
  for (int64_t i = begin; i < end; ++i) starts.push_back(order[i]);
  walks_.walk(seed_, pass, starts, block);
}

void WalkPairs::read(int64_t chunk, text::PairBuffer& pairs) const {
  WalkBlock block;
  walk(chunk, block);
  FastRandom random(seed_, "window", static_cast<uint64_t>(chunk));
  for (int64_t i = 0; i < block.size(); ++i) pairs.add_sequence(block.walk(i), window_, random);
}

std::vector<int64_t> WalkPairs::count_nodes(const Context& context) const {
  const auto n = static_cast<size_t>(walks_.num_nodes());
  // Each worker counts for itself: sums of integers are the same in any order.
  std::vector<std::vector<int64_t>> counts(static_cast<size_t>(context.num_threads()));
  std::vector<WalkBlock> blocks(counts.size());
  parallel_for_workers(context, num_chunks(), [&](int worker, int64_t chunk) {
    std::vector<int64_t>& own = counts[static_cast<size_t>(worker)];
    WalkBlock& block = blocks[static_cast<size_t>(worker)];
    own.resize(n);
    walk(chunk, block);
    for (int64_t i = 0; i < block.size(); ++i) {
      if (block.walk(i).size() < 2) continue;
      for (const uint32_t node : block.walk(i)) ++own[node];
    }
  });
  std::vector<int64_t> total(n);
  for (const std::vector<int64_t>& own : counts) {
    for (size_t v = 0; v < own.size(); ++v) total[v] += own[v];
  }
  return total;
}

void check_can_train(const Graph& graph, std::string_view name) {
  if (graph.num_nodes() == 0) fail(name, ": the graph has no nodes");
  if (graph.num_nodes() > int64_t{1} << 30)
    fail(name, ": the graph has ", graph.num_nodes(), " nodes; at most 2^30 can be trained");
}

std::vector<std::string> ineffective_of(text::Softmax softmax, const text::SkipGramOptions& options) {
  std::vector<std::string> sentences;
  if (softmax != text::Softmax::kHierarchical) return sentences;
  const text::SkipGramOptions defaults;
  if (options.negatives != defaults.negatives)
    sentences.emplace_back("negatives has no effect: softmax hierarchical has no noise");
  if (options.noise_exponent != defaults.noise_exponent)
    sentences.emplace_back("noise_exponent has no effect: softmax hierarchical has no noise");
  return sentences;
}

Embeddings learn_from_walks(const Graph& graph, const WalkMaker& walks, const WalkTraining& training,
                            std::string_view name, const Context& context) {
  const WalkPairs pairs(walks, training.num_walks, training.window, context.seed);
  const std::vector<int64_t> counts = pairs.count_nodes(context);
  const auto num_alone = std::count(counts.begin(), counts.end(), 0);
  if (num_alone > 0) {
    context.note(concat(name, ": ", num_alone, " of ", graph.num_nodes(),
                        " nodes got a zero vector: no walk leads from them or to them"));
  }
  Embeddings result;
  result.ids = graph.ids;
  result.vectors = text::train_skip_gram({.source = &pairs, .counts = counts, .softmax = training.softmax},
                                         training.skip_gram, context);
  result.record.set("metric", name_of_enum(Metric::kCosine));
  return result;
}

CostEstimate estimate_walks(const DataSize& size, int64_t length, const WalkTraining& training,
                            const Context& context) {
  const int64_t n = size.num_rows;
  const double per_walk = pairs_per_walk(length, training.window);
  const double total = per_walk * static_cast<double>(n) * static_cast<double>(training.num_walks);
  // Alias tables of weighted steps, and counts of the nodes.
  const int64_t alias_bytes = size.weighted ? size.nnz * 8 : 0;
  const int64_t count_bytes = n * 8 * (context.num_threads() + 1);
  CostEstimate cost;
  cost.peak_bytes =
      graph_bytes(size) + alias_bytes + count_bytes +
      text::skip_gram_bytes(n, total, per_walk * kChunkWalks, training.softmax, false, training.skip_gram);
  // Each walk is made twice: to count its nodes, and to train on it.
  constexpr double kStepSeconds = 2e-8;
  const double steps = 2.0 * static_cast<double>(n * training.num_walks * length);
  cost.seconds = steps * kStepSeconds / context.num_threads() +
                 text::skip_gram_seconds(n, total, training.softmax, training.skip_gram, context);
  return cost;
}

}  // namespace whitney::graph
