#include "whitney/train/gnn/pinsage_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "whitney/core/plug_in.h"
#include "whitney/data/artifact.h"
#include "whitney/data/file_format.h"
#include "whitney/data/input_size.h"
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

namespace {

/// What the file of features tells about them; where it is not told, a thousand.
struct FeaturesSize {
  int64_t width = 1000;
  /// Of the values that are not 0.
  double share = 1;

  /// As PinSageFeatures does.
  bool is_sparse() const { return share < 0.2; }
  /// Of the rows of a batch: a matrix and its transpose where they are sparse.
  double row_bytes() const { return static_cast<double>(width) * (is_sparse() ? 16 * share : 4); }
  /// Values of a row that are multiplied.
  double values() const { return static_cast<double>(width) * (is_sparse() ? share : 1); }
};

/// By some of the rows of an artifact, which is mapped; other files would have to be read whole.
double share_of_nonzeros(const std::string& path) {
  constexpr int64_t kRows = 500;
  const data::FileName name = data::file_format(path, data::TxtMeaning::kWord2vec);
  if (name.format != data::FileFormat::kSafetensors || name.is_packed) return 1;
  const Artifact artifact = Artifact::open(path);
  if (artifact.find("vectors") == nullptr) return 1;
  const Embeddings features = load_embeddings(artifact);
  const MatrixView rows = features.vectors.view();
  if (rows.rows == 0 || rows.cols == 0) return 1;
  const int64_t step = (rows.rows + kRows - 1) / kRows;
  std::vector<float> row(static_cast<size_t>(rows.cols));
  int64_t found = 0, all = 0;
  for (int64_t i = 0; i < rows.rows; i += step, all += rows.cols) {
    copy_row_as_float(rows, i, row.data());
    found += rows.cols - std::ranges::count(row, 0.0F);
  }
  return static_cast<double>(found) / static_cast<double>(all);
}

FeaturesSize features_size(const PinSageOptions& options) {
  FeaturesSize size;
  if (!options.features || options.features->value == "-") return size;
  size.width = std::max<int64_t>(estimate_vectors_size(options.features->value).dim, 1);
  size.share = share_of_nonzeros(options.features->value);
  return size;
}

}  // namespace

CostEstimate estimate_pinsage(const DataSize& size, const PinSageOptions& options, const Context& context) {
  const FeaturesSize features = features_size(options);
  int64_t parameters = 0;
  for (const auto& shape : options.settings(features.width, 0).shapes())
    parameters += shape.rows * shape.cols;
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
  cost.peak_bytes =
      interactions_bytes(size) + nn::kLibtorchBytes + nn::training_bytes(parameters, 2, options.training) +
      2 * size.nnz * (4 + 4) + items * features.width * 2 * static_cast<int64_t>(sizeof(float)) +
      items * (options.neighbors * 8 + (options.hard_negatives > 0 ? band * 12 : 0)) +
      nodes * (kVectors * (options.dim + options.hidden) * 4 + kBatches * options.neighbors * 8 +
               static_cast<int64_t>(kBatches * features.row_bytes()));
  constexpr double kFlopsPerSecond = 2e10;
  const double labels = static_cast<double>(size.nnz);
  const double steps = labels / static_cast<double>(options.training.batch_size) + 1;
  const double of_a_step =
      6.0 * static_cast<double>(nodes) * (options.hidden + options.dim) * features.values() +
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
