#include "whitney/train/recsys/ngcf_options.h"

#include <algorithm>

#include "whitney/core/plug_in.h"
#include "whitney/train/recsys/ngcf.h"

namespace whitney::recsys {

std::vector<std::string> NgcfOptions::ineffective() const {
  std::vector<std::string> names = training.ineffective(rate);
  if (validation == 0 && training.stop_metric) names.emplace_back("stop_metric");
  if (!training.soup.empty()) {  // Nothing is trained.
    for (const char* name : {"learning_rate", "factorization_epochs", "refit"}) names.emplace_back(name);
  }
  if (refit && (validation == 0 || !training.stop_metric)) names.emplace_back("refit");
  if (!layers.empty()) return names;
  for (const char* name : {"adjacency", "self_message", "two_activations", "slope", "biases", "normalize",
                           "message_dropout", "node_dropout"}) {
    names.emplace_back(name);
  }
  return names;
}

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
  cost.peak_bytes = interactions_bytes(size) + nn::kLibtorchBytes + size.nnz * kEntryBytes +
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
         "Triples are drawn as LightGCN's authors do: users with replacement. Training stops by recall@20 of a tenth of every user's "
         "items, and --refit then learns from all for as many epochs; the authors looked at the test set.",
     .source = "Wang, He, Wang, Feng, Chua: Neural Graph Collaborative Filtering, SIGIR 2019, arXiv 1905.08108",
     .example = "whitney learn ngcf events.tsv -o model.safetensors --layers 64,64 --epochs 60",
     .part = "train"},
    run, estimate_ngcf);
// clang-format on

}  // namespace

}  // namespace whitney::recsys
