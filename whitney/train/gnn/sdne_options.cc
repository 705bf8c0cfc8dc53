#include "whitney/train/gnn/sdne_options.h"

#include <algorithm>

#include "whitney/core/plug_in.h"
#include "whitney/train/gnn/sdne.h"

namespace whitney::gnn {

std::vector<std::string> SDNEOptions::ineffective() const {
  std::vector<std::string> names = training.ineffective(rate);
  if (!training.soup.empty()) {  // Nothing is trained.
    for (const char* name : {"learning_rate", "weight_decay"}) names.emplace_back(name);
  }
  return names;
}

namespace {

/// Numbers that a step holds beside parameters and gradients: the shards' drawn places of the last layer, or
/// of whole rows the blocks and lanes of sdne_reconstruction.cc.
int64_t numbers_of_a_step(const DataSize& size, const SDNEOptions& options, int64_t num_threads) {
  constexpr int64_t kCopies = 4;  // what is rebuilt, its gradient, and what lies between
  const nn::TrainingOptions& training = options.training;
  const int64_t n = size.num_rows, batch = std::min(training.batch_size, n);
  if (!options.negatives) {
    constexpr int64_t kBlock = 512, kLanes = 8;
    const int64_t inputs = options.hidden.empty() ? options.dim : options.hidden.front();
    return batch * (std::min(num_threads, kLanes) * kBlock + (kLanes + kCopies) * inputs);
  }
  const int64_t of_a_shard = std::max<int64_t>(1, batch / training.shards);
  const int64_t columns = (*options.negatives + size.nnz / std::max<int64_t>(n, 1)) * options.dim;
  return std::min<int64_t>(num_threads, training.shards) * of_a_shard * columns * kCopies;
}

}  // namespace

CostEstimate estimate_sdne(const DataSize& size, const SDNEOptions& options, const Context& context) {
  const int64_t n = size.num_rows;
  int64_t parameters = 0, before = n;
  for (const int width : options.hidden) {
    parameters += before * width;
    before = width;
  }
  parameters = 2 * (parameters + before * options.dim) + n;
  const nn::TrainingOptions& training = options.training;
  CostEstimate cost;
  const int shard_gradients = options.negatives ? training.shards : 1;  // all places: the batch's at once
  cost.peak_bytes = graph_bytes(size) + nn::kLibtorchBytes +
                    nn::training_bytes(parameters, 2, training, shard_gradients) +
                    numbers_of_a_step(size, options, context.num_threads()) * int64_t{sizeof(float)};
  if (options.keep == SDNEKeep::kDecoder) {
    const int64_t inputs = options.hidden.empty() ? options.dim : options.hidden.front();
    cost.peak_bytes += n * 2 * (inputs + 1) * int64_t{sizeof(float)};
  }
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
