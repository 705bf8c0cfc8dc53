#include <algorithm>
#include <memory>
#include <utility>

#include "whitney/data/learner.h"
#include "whitney/graph/fastrp.h"
#include "whitney/graph/fastrp_plan.h"

namespace whitney::graph {

CostEstimate estimate_fastrp(const DataSize& size, const FastRPOptions& options, const Context& context) {
  const FastRPPlan plan = make_plan(options);
  const int64_t n = size.num_rows, k = plan.num_powers();
  int64_t num_matrices = plan.concatenate ? k + 2 : std::min<int64_t>(k + 1, 2);
  for (int64_t power = 0; power < k - 1 && !plan.concatenate; ++power) {
    if (plan.wants(power)) num_matrices = 3;
  }
  CostEstimate cost;
  // Matrices, and two scales and two norms a node.
  cost.peak_bytes = graph_bytes(size) + num_matrices * n * plan.dim * 4 + n * 16;
  // Multiply-adds of the products, at what one thread was measured to do; the rest is small beside them.
  constexpr double kMultiplyAddsPerSecond = 4e9;
  cost.seconds = static_cast<double>(k) * static_cast<double>(size.nnz) * static_cast<double>(plan.dim) /
                 (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

class FastRPLearner : public Learner {
 public:
  DataKind input() const override { return DataKind::kGraph; }
  Learned learn(const Dataset& data, const Value& options, const Context& context) const override {
    Embeddings result = fastrp(std::get<Graph>(data), options_from<FastRPOptions>(options), context);
    // A record holds no path: fastrp has set the fingerprint of the features in its place.
    Value recorded = options;
    recorded.set("features", Value());
    result.record.set("options", std::move(recorded));
    return result;
  }
  CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const override {
    return estimate_fastrp(size, options_from<FastRPOptions>(options), context);
  }
};

// clang-format off
const bool registered = register_method(declare_method<FastRPOptions>(
    Verb::kLearn,
    {.name = "fastrp",
     .class_name = "FastRP",
     .summary = "Node vectors by very sparse random projection of powers of the transition matrix",
     .description =
         "Turns a graph into node vectors without training: a random matrix, scaled by a power of the degrees, is "
         "multiplied a few times by the degree-normalised adjacency matrix; the powers are normalised by rows, "
         "weighted and summed, and the columns standardised. Seconds where walks take minutes, and cheap to tune: "
         "the weights decide how far a node looks. Use both an odd and an even power (graphs that are nearly "
         "bipartite show only one side to each), more powers on sparse graphs, and input adjacency where hubs tell "
         "what a node is. For roles rather than communities take another method.\n"
         "The random row of a node depends on the seed and its id only, so that a node keeps it when others are "
         "added or the file's order changes. Isolated nodes get zero vectors.\n"
         "The form of Neo4j GDS: --weights 0,1,1 --beta 0 --sparsity 3 --mean-by neighbor_count --standardize false; "
         "its names iteration_weights, normalization_strength, node_self_influence, feature_properties and "
         "property_ratio are understood.",
     .source = "Chen, Sultan, Tian, Chen, Skiena: Fast and Accurate Network Embeddings via Very Sparse Random "
               "Projection, CIKM 2019, arXiv 1908.11512",
     .example = "whitney learn fastrp edges.tsv -o nodes.safetensors --dim 256"},
    std::make_shared<FastRPLearner>()));
// clang-format on

}  // namespace

}  // namespace whitney::graph
