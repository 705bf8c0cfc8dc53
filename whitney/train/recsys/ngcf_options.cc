#include "whitney/train/recsys/ngcf_options.h"

#include "whitney/core/plug_in.h"
#include "whitney/train/recsys/ngcf.h"

namespace whitney::recsys {

std::vector<std::string> NgcfOptions::ineffective() const {
  std::vector<std::string> names = training.ineffective(rate);
  if (validation == 0 && training.stop_metric) names.emplace_back("stop_metric");
  if (!training.soup.empty()) {  // Nothing is trained.
    for (const char* name : {"learning_rate", "factorization_epochs", "refit", "sampling"})
      names.emplace_back(name);
  }
  if (refit && (validation == 0 || !training.stop_metric)) names.emplace_back("refit");
  if (layers.empty()) {
    for (const char* name : {"adjacency", "self_message", "two_activations", "slope", "biases", "normalize",
                             "message_dropout", "node_dropout"}) {
      names.emplace_back(name);
    }
  }
  if (layers.empty() || message_dropout == 0) names.emplace_back("message_dropout_of");
  if (layers.empty() || node_dropout == 0) names.emplace_back("node_dropout_of");
  return names;
}

namespace {

/// The whole graph, and those of a step of which something is left out.
int64_t num_graphs(const NgcfOptions& options) {
  const bool of_messages =
                 options.message_dropout > 0 && options.message_dropout_of == MessageDropout::kMessages,
             of_nodes = options.node_dropout > 0 && options.node_dropout_of == NodeDropout::kNodes;
  if (of_messages || of_nodes) return 2 + std::ssize(options.layers);
  return options.node_dropout > 0 ? 2 : 1;
}

/// An epoch's triples and their order.
int64_t triple_bytes(const DataSize& size, const NgcfOptions& options) {
  constexpr int64_t kBytes = 3 * 4 + 8;
  const bool by_batches = options.sampling == recommend::Sampling::kWithoutReplacement;
  return kBytes * (by_batches ? size.nnz + options.training.batch_size : size.nnz);
}

}  // namespace

CostEstimate estimate_ngcf(const DataSize& size, const NgcfOptions& options, const Context& context) {
  const int64_t nodes = size.num_rows + size.num_items;
  int64_t width = options.dim, final_width = options.dim, parameters = nodes * options.dim;
  double flops = 0;
  for (const int after : options.layers) {
    parameters += 2 * width * after + 2 * after;
    flops += static_cast<double>(nodes) * 4 * static_cast<double>(width * after) +
             4.0 * static_cast<double>(size.nnz * width);
    width = after;
    final_width += after;
  }
  // What layers keep for their way back, and what a validation makes of all of them: some five matrices of
  // their widths.
  constexpr int64_t kMatrices = 5;
  constexpr int64_t kEntryBytes = 2 * 2 * 8;  // both directions, and the transpose
  CostEstimate cost;
  cost.peak_bytes = interactions_bytes(size) + nn::kLibtorchBytes +
                    num_graphs(options) * size.nnz * kEntryBytes + triple_bytes(size, options) +
                    nn::training_bytes(parameters, 2, options.training) +
                    kMatrices * nodes * final_width * static_cast<int64_t>(sizeof(float));
  constexpr double kFlopsPerSecond = 4e10;
  const double steps = static_cast<double>(size.nnz) / static_cast<double>(options.training.batch_size) + 1;
  cost.seconds = static_cast<double>(options.training.epochs) * steps * 3 * flops /
                 (kFlopsPerSecond * context.num_threads());
  return cost;
}

namespace {

RecommenderModel run(const Interactions& events, const NgcfOptions& options, const Context& context) {
  return function_of_part<decltype(ngcf)>("train", "ngcf")(events, options, context);
}

// clang-format off
const bool registered = register_recommender<NgcfOptions>(
    {.name = "ngcf",
     .class_name = "NGCF",
     .summary = "Vectors of users and items that pass through layers over the graph of who took what",
     .description =
         "Each layer adds up the vectors of a node's neighbours, alone and times its own, maps them and bends them; the final vector is "
         "those of all layers. The reference of graph models for recommendation, with all switches between the paper and its authors' "
         "program. For use, lightgcn is better on the same data at a fraction of the time, and rp3beta and ials need no training by "
         "gradients.\n"
         "As it is, its function, dropout and loss are those of the authors' program; --sampling without_replacement draws its batches, too. "
         "Those of the paper are --adjacency symmetric --self-message true --two-activations false --biases false --normalize false "
         "--message-dropout-of messages --node-dropout-of nodes --regularized all, with twice its lambda as --regularization; it has triples "
         "drawn at random, and does not say how.\n"
         "What is left out is made up for: the rest is multiplied so that its expected value is the whole. Training stops by recall@20 of a "
         "tenth of every user's items, and --refit then learns from all for as many epochs; the authors looked at the test set.",
     .source = "Wang, He, Wang, Feng, Chua: Neural Graph Collaborative Filtering, SIGIR 2019, arXiv 1905.08108",
     .example = "whitney learn ngcf events.tsv -o model.safetensors --layers 64,64 --epochs 60",
     .part = "train"},
    run, estimate_ngcf);
// clang-format on

}  // namespace

}  // namespace whitney::recsys
