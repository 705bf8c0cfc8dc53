#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/learner.h"
#include "whitney/infer/convolve.h"
#include "whitney/infer/pinsage_model.h"
#include "whitney/train/nn/training_options.h"

namespace whitney::gnn {

/// Which pairs do not see each other in the graph while they are trained on.
enum class LeakGuard : uint8_t { kNone, kOnlyContext, kPair };
inline constexpr auto enum_names(LeakGuard) {
  return std::array<std::string_view, 3>{"none", "only_context", "pair"};
}

/// What is asked of scores of right and wrong answers.
enum class PinSageLoss : uint8_t { kMaxMargin, kSoftmax };
inline constexpr auto enum_names(PinSageLoss) {
  return std::array<std::string_view, 2>{"max_margin", "softmax"};
}

/// Options of PinSage (Ying, He, Chen, Eksombatchai, Hamilton, Leskovec; KDD 2018, arXiv 1806.01973).
struct PinSageOptions {
  std::optional<Path> features;
  std::optional<Path> labels;
  std::optional<Path> like;
  int dim = 128;
  int hidden = 128;
  int layers = 2;
  infer::NeighborPooling pooling = infer::NeighborPooling::kImportance;
  int neighbors = 50;
  bool exact = false;
  double stop = 0.5;
  int max_steps = 16;
  int64_t visits = 1000;
  bool log_degree = true;
  int negatives = 500;
  int hard_negatives = 6;
  double hard_from = 0.01;
  double hard_to = 0.05;
  PinSageLoss loss = PinSageLoss::kMaxMargin;
  double margin = 0.1;
  double temperature = 0.07;
  bool normalize = true;
  LeakGuard leak_guard = LeakGuard::kOnlyContext;
  double learning_rate = 1e-3;
  double decay = 0.95;
  double validation = 0.05;
  int producers = 1;
  nn::TrainingOptions training = own_training();

  void fields(auto&& field) {
    field("features", features,
          "File of the items' features: vectors by id; every item of the events needs a row");
    field("labels", labels,
          "File of pairs of items, a query and a good answer a line; absent: items that follow one another "
          "in a "
          "context");
    field(
        "like", like,
        "File of a trained model whose weights are taken: nothing is trained, the items of these events get "
        "vectors. Only features are read besides");
    field("dim", dim, Range{1, 65536}, "Width d of a vector (1024 in the paper)");
    field("hidden", hidden, Range{1, 65536}, "Width m of a projected neighbour (2048 in the paper)");
    field("layers", layers, Range{0, 16},
          "Convolutions, K in the paper; 0: the head alone, which sees an item's features and no graph");
    field("pooling", pooling,
          "How neighbours are summed up: by their shares of visits (importance), evenly (mean), or the "
          "largest value of each place (max)");
    field("neighbors", neighbors, Range{1, 100'000}, "T: neighbours of an item");
    field("exact", exact,
          "Neighbourhoods by truncated personalised PageRank, to which walks tend; for graphs of up to some "
          "10,000 items");
    field("stop", stop, Range{1e-3, 1}, "Probability that a walk ends after a step");
    field("max_steps", max_steps, Range{1, 10'000},
          "Steps, to a context and on to an item, after which it ends");
    field("visits", visits, Range{1, 1e9}, "Visits of the walks of an item, all together");
    field("log_degree", log_degree, "Adds to the features in how many contexts an item is, as a logarithm");
    field("negatives", negatives, Range{1, 1e6},
          "Items drawn as wrong answers for all pairs of a batch together");
    field("hard_negatives", hard_negatives, Range{0, 1000},
          "Further wrong answers of each query that are near to it in the graph, at the end: epoch n has n - "
          "1");
    field("hard_from", hard_from, Range{0, 1},
          "Rank by personalised PageRank where these begin, as a share of the items; at least rank 20");
    field("hard_to", hard_to, Range{0, 1}, "Rank where they end; at most rank 5,000");
    field(
        "loss", loss,
        "What training lessens: the paper's margins that are not kept (max_margin), or the answer's surprise "
        "among the wrong ones (softmax), which looks most at those that are nearest: better heads of lists");
    field("margin", margin, Range{0, 1e6},
          "Delta: by how much the score of a good answer is to be higher than that of a wrong one");
    field("temperature", temperature, Range{1e-3, 1e3}, "What softmax divides scores by");
    field("normalize", normalize,
          "Vectors get length 1, so that scores are cosines; false: inner products, for a margin of about 1");
    field("leak_guard", leak_guard,
          "Which pairs of a batch are taken out of each other's neighbourhood: those that share no context "
          "but one, which made the label; all; or none");
    field("learning_rate", learning_rate, Range{1e-9, 10},
          "Of Adam, after the first epoch, in which it rises");
    field("decay", decay, Range{1e-6, 1}, "What the rate is multiplied with in each epoch after the first");
    field("validation", validation, Range{0, 0.9},
          "Share of the contexts (of the labels, where they are given) that is held out; its metrics are "
          "hit@10 and mrr");
    field("producers", producers, Range{0, 64},
          "Threads that make batches ahead of their steps, where more than one thread is allowed; the result "
          "does not depend on it");
    training.fields(field);
  }
  WHITNEY_API std::vector<std::string> ineffective() const;
  static std::vector<std::string> about_the_run() {
    std::vector<std::string> names = nn::TrainingOptions::about_the_run();
    names.emplace_back("producers");
    return names;
  }

  /// What the trained model will look like.
  WHITNEY_API infer::PinSageSettings settings(int64_t num_features, uint64_t seed) const;

 private:
  static nn::TrainingOptions own_training() {
    nn::TrainingOptions training;
    training.epochs = 60;
    training.batch_size = 2048;
    training.stop_metric = "hit@10";
    training.patience = 6;
    return training;
  }
};

/// Tells what pinsage will need, by the width that the file of features tells and, where it is an artifact,
/// by how many of its values are 0; were there 1,000 features where no file is given. Throws Error that names
/// the file.
WHITNEY_API CostEstimate estimate_pinsage(const DataSize& size, const PinSageOptions& options,
                                          const Context& context);

}  // namespace whitney::gnn
