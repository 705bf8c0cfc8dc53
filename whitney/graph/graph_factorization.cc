#include "whitney/graph/graph_factorization.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/graph/random_projection.h"

namespace whitney::graph {
namespace {

constexpr int64_t kBlocks = 16;  // even

struct Edge {
  uint32_t source;
  uint32_t target;
  float weight;
};

/// The edges between two blocks of nodes, each edge once.
using Buckets = std::vector<std::vector<Edge>>;

size_t bucket_of(int64_t a, int64_t b) {
  return static_cast<size_t>(std::min(a, b) * kBlocks + std::max(a, b));
}

Buckets edges_by_block(const Graph& graph) {
  Buckets buckets(static_cast<size_t>(kBlocks * kBlocks));
  const int64_t n = graph.num_nodes();
  for (int64_t u = 0; u < n; ++u) {
    for (int64_t e = graph.offsets[u]; e < graph.offsets[u + 1]; ++e) {
      const int64_t v = graph.targets[e];
      if (v >= u) break;  // each edge once, no self-loops; targets ascend
      buckets[bucket_of(u * kBlocks / n, v * kBlocks / n)].push_back(
          {static_cast<uint32_t>(u), static_cast<uint32_t>(v), graph.weighted() ? graph.weights[e] : 1.0F});
    }
  }
  return buckets;
}

/// A round's pairs of blocks, of which no two share one: round 0 pairs each block with itself, rounds 1 to
/// kBlocks - 1 are those of a tournament in which all meet (the circle method).
std::vector<size_t> buckets_of_round(int64_t round) {
  std::vector<size_t> buckets;
  if (round == 0) {
    for (int64_t block = 0; block < kBlocks; ++block) buckets.push_back(bucket_of(block, block));
    return buckets;
  }
  constexpr int64_t kCircle = kBlocks - 1;
  buckets.push_back(bucket_of(kCircle, round % kCircle));
  for (int64_t i = 1; i < kBlocks / 2; ++i)
    buckets.push_back(bucket_of((round + i) % kCircle, (round - i + kCircle) % kCircle));
  return buckets;
}

/// One step of the descent for an edge, both ends from their values before.
void descend(const Edge& edge, float* values, int64_t dim, float rate, float penalty) {
  constexpr int64_t kSums = 16;  // apart, so that the compiler adds several at once
  float* x = values + edge.source * dim;
  float* y = values + edge.target * dim;
  std::array<float, kSums> sums{};
  int64_t j = 0;
  for (; j + kSums <= dim; j += kSums) {
    for (int64_t s = 0; s < kSums; ++s) sums[static_cast<size_t>(s)] += x[j + s] * y[j + s];
  }
  float product = 0;
  for (; j < dim; ++j) product += x[j] * y[j];
  for (const float sum : sums) product += sum;
  const float error = rate * (edge.weight - product), keep = 1 - rate * penalty;
  for (int64_t k = 0; k < dim; ++k) {
    const float before = x[k];
    x[k] = keep * before + error * y[k];
    y[k] = keep * y[k] + error * before;
  }
}

Matrix random_start(const Graph& graph, int64_t dim, const Context& context) {
  Matrix result = Matrix::zeros(graph.num_nodes(), dim);
  float* values = result.mutable_data<float>();
  parallel_blocks(context, graph.num_nodes(), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto neighbors = graph.neighbors(i);
      if (std::ranges::all_of(neighbors, [i](uint32_t v) { return v == i; })) continue;
      RandomStream random(context.seed, "graph_factorization", random_key(graph.ids, i));
      for (int64_t j = 0; j < dim; ++j) values[i * dim + j] = static_cast<float>(0.1 * random.normal());
    }
  });
  return result;
}

}  // namespace

Embeddings graph_factorization(const Graph& given, const GraphFactorizationOptions& options,
                               const Context& context) {
  const Graph graph = undirected(given, "graph_factorization", context);
  Buckets buckets = edges_by_block(graph);
  Matrix vectors = random_start(graph, options.dim, context);
  float* values = vectors.mutable_data<float>();
  const auto rate = static_cast<float>(options.learning_rate), penalty = static_cast<float>(options.penalty);
  for (int sweep = 0; sweep < options.num_sweeps; ++sweep) {
    context.advance("sweeps", sweep, options.num_sweeps, "sweeps");
    for (int64_t round = 0; round < kBlocks; ++round) {
      const std::vector<size_t> pairs = buckets_of_round(round);
      parallel_for(context, std::ssize(pairs), [&](int64_t pair) {
        const size_t bucket = pairs[static_cast<size_t>(pair)];
        RandomStream random(context.seed, "graph_factorization order",
                            static_cast<uint64_t>(sweep) * buckets.size() + bucket);
        random.shuffle(std::span(buckets[bucket]));
        for (const Edge& edge : buckets[bucket]) descend(edge, values, options.dim, rate, penalty);
      });
    }
  }
  return node_embeddings(graph, std::move(vectors), Metric::kInnerProduct, "dot", "graph_factorization",
                         context);
}

CostEstimate estimate_graph_factorization(const DataSize& size, const GraphFactorizationOptions& options,
                                          const Context& context) {
  CostEstimate cost;
  // Lists of edges grow by doubling.
  cost.peak_bytes =
      undirected_bytes(size) + size.num_rows * options.dim * 4 + undirected_size(size).nnz / 2 * 12 * 3 / 2;
  constexpr double kMultiplyAddsPerSecond = 2e9;
  cost.seconds = 1.5 * options.num_sweeps * static_cast<double>(size.nnz) * options.dim /
                 (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<GraphFactorizationOptions>(
    {.name = "graph_factorization",
     .class_name = "GraphFactorization",
     .summary = "Node vectors whose products are the weights of edges, by gradient descent over the edges",
     .description =
         "Fits products of vectors to the weights of the edges that there are, and to nothing else: neighbours are found "
         "again nearly without fail, and nodes two steps apart hardly at all. A baseline for rebuilding graphs; for labels "
         "take another. The steps are small enough for weights of about 1; divide larger ones, or the rate.\n"
         "Weights of edges count; directions do not. Nodes without edges get zero vectors.",
     .source = "Ahmed, Shervashidze, Narayanamurthy, Josifovski, Smola: Distributed Large-scale Natural Graph "
               "Factorization, WWW 2013",
     .example = "whitney learn graph_factorization edges.tsv -o nodes.safetensors"},
    graph_factorization, estimate_graph_factorization);
// clang-format on

}  // namespace

}  // namespace whitney::graph
