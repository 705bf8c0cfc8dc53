#include "whitney/train/gnn/pinsage_options.h"

#include <algorithm>

#include "whitney/core/plug_in.h"
#include "whitney/train/gnn/pinsage.h"

namespace whitney::gnn {

std::vector<std::string> PinSageOptions::ineffective() const {
  std::vector<std::string> names;
  if (like) {  // Nothing is trained.
    for (const OptionSpec& spec : option_specs<PinSageOptions>()) {
      if (spec.name != "features" && spec.name != "like") names.push_back(spec.name);
    }
    return names;
  }
  names = training.ineffective();
  if (validation == 0 && training.stop_metric) names.emplace_back("stop_metric");
  if (exact || layers == 0) names.emplace_back("visits");
  names.emplace_back(loss == PinSageLoss::kSoftmax ? "margin" : "temperature");
  if (hard_negatives == 0) {
    names.emplace_back("hard_from");
    names.emplace_back("hard_to");
  }
  if (layers > 0) return names;
  for (const char* name : {"hidden", "pooling", "neighbors", "exact", "max_steps", "leak_guard"})
    names.emplace_back(name);
  if (hard_negatives == 0) names.emplace_back("stop");
  return names;
}

infer::PinSageSettings PinSageOptions::settings(int64_t num_features, uint64_t seed) const {
  infer::PinSageSettings settings;
  settings.features = num_features;
  settings.layers = layers;
  settings.hidden = hidden;
  settings.dim = dim;
  settings.visits = {.neighbors = neighbors, .stop = stop, .max_steps = max_steps, .visits = visits};
  settings.exact = exact;
  settings.seed = seed;
  settings.pooling = pooling;
  settings.log_degree = log_degree;
  settings.normalize = normalize;
  return settings;
}

CostEstimate estimate_pinsage(const DataSize& size, const PinSageOptions& options, const Context& context) {
  constexpr int64_t kFeatures = 1000;
  int64_t parameters = 0;
  for (const auto& shape : options.settings(kFeatures, 0).shapes()) parameters += shape.rows * shape.cols;
  const int64_t items = std::max<int64_t>(size.num_items, 1);
  const int64_t of_a_batch =
      2 * options.training.batch_size * (1 + options.hard_negatives) + options.negatives;
  // Neighbourhoods of a batch soon cover what the graph has; every node of them has some vectors, and their
  // gradients.
  const int64_t nodes = std::min<int64_t>(items, of_a_batch * options.neighbors);
  constexpr int64_t kVectors = 12, kBatches = 5;
  const auto band =
      std::min<int64_t>(5000, static_cast<int64_t>(options.hard_to * static_cast<double>(items)));
  CostEstimate cost;
  cost.peak_bytes = interactions_bytes(size) + nn::kLibtorchBytes +
                    nn::training_bytes(parameters, 2, options.training) + 2 * size.nnz * (4 + 4) +
                    items * kFeatures * 2 * static_cast<int64_t>(sizeof(float)) +
                    items * (options.neighbors * 8 + (options.hard_negatives > 0 ? band * 12 : 0)) +
                    nodes * (kVectors * (options.dim + options.hidden) * 4 +
                             kBatches * options.neighbors * 8 + kBatches * kFeatures * 4);
  constexpr double kFlopsPerSecond = 2e10;
  const double labels = static_cast<double>(size.nnz);
  const double steps = labels / static_cast<double>(options.training.batch_size) + 1;
  const double of_a_step =
      6.0 * static_cast<double>(nodes) * static_cast<double>((options.hidden + options.dim) * kFeatures) +
      6.0 * static_cast<double>(options.training.batch_size * options.negatives) * options.dim;
  cost.seconds = static_cast<double>(options.training.epochs) * steps * of_a_step /
                 (kFlopsPerSecond * context.num_threads());
  return cost;
}

namespace {

ItemModel run(const Interactions& events, const PinSageOptions& options, const Context& context) {
  return function_of_part<decltype(pinsage)>("train", "pinsage")(events, options, context);
}

// clang-format off
const bool registered = register_learner<Interactions, PinSageOptions, ItemModel>(
    {.name = "pinsage",
     .class_name = "PinSage",
     .summary = "Item vectors from features and the contexts that items share, also of new items",
     .description =
         "Items in contexts (pins in boards, products in baskets, skills in postings; contexts are the users of the events) with features "
         "(--features, vectors by id) get vectors of both: each layer maps the vectors of an item's most visited neighbours, sums them up "
         "and joins them with its own. Weights are shared by all items, so that the model also embeds items it has never seen (--like "
         "model.safetensors). For catalogues with content where items come every day; where there are only ids, lightgcn, ials and "
         "rp3beta need no features and less time.\n"
         "Labels are items that follow one another in a context, by their times, or pairs of a file. Scores are cosines (--normalize), "
         "for which the margin is 0.1; the paper tells neither. Neighbourhoods are drawn once, before the training, and the same ones "
         "are used after it. The pairs of a batch that share but the context which made the label are taken out of each other's "
         "neighbourhood (--leak-guard), else the model would read the answer from the graph. The rate rises in the first epoch and "
         "then decays, in Adam. Features that are mostly zeros are multiplied as sparse ones.",
     .source = "Ying, He, Chen, Eksombatchai, Hamilton, Leskovec: Graph Convolutional Neural Networks for Web-Scale Recommender "
               "Systems, KDD 2018, arXiv 1806.01973",
     .example = "whitney learn pinsage events.tsv --features features.safetensors -o model.safetensors",
     .part = "train"},
    run, estimate_pinsage);
// clang-format on

}  // namespace

}  // namespace whitney::gnn
