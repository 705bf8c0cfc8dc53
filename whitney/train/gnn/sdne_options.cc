#include "whitney/train/gnn/sdne_options.h"

#include <algorithm>

#include "whitney/core/plug_in.h"
#include "whitney/train/gnn/sdne.h"

namespace whitney::gnn {

CostEstimate estimate_sdne(const DataSize& size, const SDNEOptions& options, const Context& context) {
  const int64_t n = size.num_rows;
  int64_t parameters = 0, before = n;
  for (const int width : options.hidden) {
    parameters += before * width;
    before = width;
  }
  parameters = 2 * (parameters + before * options.dim) + n;
  const nn::TrainingOptions& training = options.training;
  const int64_t of_a_shard = std::max<int64_t>(1, std::min(training.batch_size, n) / training.shards);
  const int64_t columns =
      options.negatives ? (*options.negatives + size.nnz / std::max<int64_t>(n, 1)) * options.dim : n;
  constexpr int64_t kCopies = 4;  // the reconstruction, its gradient, and what lies between
  const int64_t at_once = std::min<int64_t>(context.num_threads(), training.shards);
  CostEstimate cost;
  cost.peak_bytes = graph_bytes(size) + nn::kLibtorchBytes + nn::training_bytes(parameters, 2, training) +
                    at_once * of_a_shard * columns * kCopies * static_cast<int64_t>(sizeof(float));
  constexpr double kFlops = 2e10;
  const double widest = options.hidden.empty() ? options.dim : options.hidden.front();
  cost.seconds = 6.0 * static_cast<double>(training.epochs) * static_cast<double>(n) * widest *
                 static_cast<double>(options.negatives ? *options.negatives + 1 : n) /
                 (kFlops * context.num_threads());
  return cost;
}

namespace {

Embeddings run(const Graph& graph, const SDNEOptions& options, const Context& context) {
  return function_of_part<decltype(sdne)>("train", "sdne")(graph, options, context);
}

// clang-format off
const bool registered = register_graph_learner<SDNEOptions>(
    {.name = "sdne",
     .class_name = "SDNE",
     .summary = "Node vectors of a deep auto-encoder over the edges of each node",
     .description =
         "Squeezes each node's row of the adjacency matrix through a few layers and makes it reappear on the other side: nodes with the "
         "same neighbours get the same vector (second order), and the ends of an edge are drawn together (first order). Errors at edges "
         "count beta times more than errors where there is none, for a row is nearly empty. For graphs of up to some 50,000 nodes, for "
         "every node is compared with all; with negatives, larger ones.\n"
         "Unlike the paper's, layers begin with random weights (Xavier) and not with those of deep belief networks, follow Adam, and the "
         "first order of a batch is scaled up to stand for all edges. Weights are divided by the largest.",
     .source = "Wang, Cui, Zhu: Structural Deep Network Embedding, KDD 2016",
     .example = "whitney learn sdne edges.tsv -o nodes.safetensors --dim 128",
     .part = "train"},
    run, estimate_sdne);
// clang-format on

}  // namespace

}  // namespace whitney::gnn
