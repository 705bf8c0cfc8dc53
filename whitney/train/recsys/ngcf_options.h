#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/learner.h"
#include "whitney/recommend/bpr_triples.h"
#include "whitney/recommend/interaction_graph.h"
#include "whitney/train/nn/training_options.h"

namespace whitney::recsys {

/// What is pulled to zero.
enum class Regularized : uint8_t { kFinal, kLearned, kAll };
inline constexpr auto enum_names(Regularized) {
  return std::array<std::string_view, 3>{"final", "learned", "all"};
}

/// What message_dropout and node_dropout leave out (ngcf_dropout.h).
enum class MessageDropout : uint8_t { kOutputs, kMessages };
inline constexpr auto enum_names(MessageDropout) {
  return std::array<std::string_view, 2>{"outputs", "messages"};
}
enum class NodeDropout : uint8_t { kEntries, kNodes };
inline constexpr auto enum_names(NodeDropout) { return std::array<std::string_view, 2>{"entries", "nodes"}; }

/// Options of NGCF (Wang, He, Wang, Feng, Chua; SIGIR 2019, arXiv 1905.08108). The function, its dropout and
/// its loss are by default those of the authors' program, which differs from the paper; with sampling
/// without_replacement batches are the program's, too. The paper's are those of adjacency symmetric,
/// self_message, no two_activations, no biases, no normalize, message_dropout_of messages, node_dropout_of
/// nodes and regularized all, whose regularization is twice the paper's lambda.
struct NgcfOptions {
  int dim = 64;
  std::vector<int> layers = {64, 64, 64};
  recommend::Adjacency adjacency = recommend::Adjacency::kNorm;
  bool self_message = false;
  bool two_activations = true;
  double slope = 0.2;
  bool biases = true;
  bool normalize = true;
  double message_dropout = 0.1;
  MessageDropout message_dropout_of = MessageDropout::kOutputs;
  double node_dropout = 0;
  NodeDropout node_dropout_of = NodeDropout::kEntries;
  Regularized regularized = Regularized::kFinal;
  double regularization = 1e-5;
  recommend::Sampling sampling = recommend::Sampling::kWithReplacement;
  double learning_rate = 1e-3;
  RateOptions rate;
  int factorization_epochs = 0;
  double validation = 0.1;
  bool refit = false;
  nn::TrainingOptions training = own_training();

  void fields(auto&& field) {
    field("dim", dim, Range{1, 4096}, "Values of a learned vector");
    field(
        "layers", layers, Range{1, 4096},
        "Values after each step over the graph; the final vector is all of them, one after the other. None: "
        "factorisation by BPR");
    field("adjacency", adjacency,
          "symmetric: the paper's; norm: rows of A + I divided by their sums; plain: A; gcmc: D^-1 A; ngcf: "
          "D^-1 A + I");
    field("self_message", self_message, "Adds a node's own vector to what W1 maps, as in the paper");
    field(
        "two_activations", two_activations,
        "Activates both parts of a message and adds them, as the authors' program does; false: their sum, as "
        "in the paper");
    field("slope", slope, Range{0, 1}, "Of LeakyReLU below zero; 1 is no activation");
    field("biases", biases, "Adds offsets to both parts, as the authors' program does");
    field("normalize", normalize, "Divides each layer's part of the final vector by its length");
    field("message_dropout", message_dropout, Range{0, 0.99}, "Share of what a layer makes that is left out");
    field("message_dropout_of", message_dropout_of,
          "outputs: single values of a layer's vectors, as the authors' program; messages: what a node sends "
          "to one neighbour, or to itself, in one layer, as in the paper");
    field("node_dropout", node_dropout, Range{0, 0.99}, "Share of the graph that is left out");
    field("node_dropout_of", node_dropout_of,
          "entries: single ones of the matrix, the same in all layers, as the authors' program; nodes: all "
          "that a node sends, others in each layer, as in the paper");
    field("regularized", regularized,
          "final: the batch's rows of all layers, as the authors' program; learned: those of the first; all: "
          "those of the first, and maps and biases, as in the paper");
    field("regularization", regularization, Range{0, 1e6},
          "lambda: pulls these to zero, by lambda / 2 times their squares for each triple");
    field("sampling", sampling,
          "with_replacement: as many triples an epoch as there are events, of users drawn at random, as "
          "LightGCN's authors do; without_replacement: floor(events / batch_size) + 1 whole batches, each of "
          "users that are all different where there are enough, as the authors' program");
    field("learning_rate", learning_rate, Range{1e-9, 10}, "Of Adam");
    rate.fields(field);
    field("factorization_epochs", factorization_epochs, Range{0, 100'000},
          "Epochs of factorisation by BPR whose vectors it begins with; 0: random ones (Xavier)");
    field("validation", validation, Range{0, 0.9},
          "Share of each user's items that is held out; its metric is recall@20");
    field("refit", refit,
          "Then learns from all events anew, for as many epochs as were best (checkpoint: FILE.refit): what "
          "was "
          "held out counts, too");
    training.fields(field);
  }
  WHITNEY_API std::vector<std::string> ineffective() const;
  static std::vector<std::string> about_the_run() { return nn::TrainingOptions::about_the_run(); }

 private:
  static nn::TrainingOptions own_training() {
    nn::TrainingOptions training;
    training.epochs = 400;
    training.batch_size = 1024;
    training.stop_metric = "recall@20";
    training.evaluate_every = 10;
    training.patience = 5;
    return training;
  }
};

/// Tells what ngcf will need.
WHITNEY_API CostEstimate estimate_ngcf(const DataSize& size, const NgcfOptions& options,
                                       const Context& context);

}  // namespace whitney::recsys
