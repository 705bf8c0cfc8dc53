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
#include "whitney/train/nn/training_options.h"

namespace whitney::gnn {

enum class Activation : uint8_t { kSigmoid, kRelu, kTanh, kLinear };
inline constexpr auto enum_names(Activation) {
  return std::array<std::string_view, 4>{"sigmoid", "relu", "tanh", "linear"};
}

/// What a node's vector is: the middle of the auto-encoder, or what its second half rebuilds edges by.
enum class SDNEKeep : uint8_t { kVectors, kDecoder };
inline constexpr auto enum_names(SDNEKeep) { return std::array<std::string_view, 2>{"vectors", "decoder"}; }

/// Options of SDNE (Wang, Cui, Zhu 2016).
struct SDNEOptions {
  int dim = 128;
  std::vector<int> hidden = {500};
  Activation activation = Activation::kTanh;
  double beta = 10;
  double alpha = 0.01;
  std::optional<int> negatives = std::nullopt;
  double learning_rate = 1e-3;
  RateOptions rate;
  double weight_decay = 1e-5;
  SDNEKeep keep = SDNEKeep::kVectors;
  nn::TrainingOptions training = own_training();

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("hidden", hidden, Range{1, 65536},
          "Widths of the layers between a node's edges and its vector; the decoder has them in reverse");
    field("activation", activation,
          "Of every layer, the vectors and the reconstruction included; the paper's is sigmoid, which needs "
          "many more epochs");
    field("beta", beta, Range{1, 1e6},
          "How many times an error where there is an edge counts more than where there is none");
    field("alpha", alpha, Range{0, 1e6}, "Weight of the first order: squared distances of the ends of edges");
    field("negatives", negatives, Range{1, 1e9},
          "Places without an edge that are drawn for each node, to stand for all of them; absent: all are "
          "reconstructed, "
          "n products a node");
    field("learning_rate", learning_rate, Range{1e-12, 1e3}, "Step of Adam");
    rate.fields(field);
    field("weight_decay", weight_decay, Range{0, 1e3},
          "Share of the rate by which weights shrink in a step (AdamW)");
    field(
        "keep", keep,
        "vectors: the middle layer, of width dim; decoder: of each node the layer before the last one and 1, "
        "then the weights and the offset of its place in the last one, by which evaluate reconstruction "
        "rebuilds edges as the auto-encoder does");
    training.fields(field);
  }
  WHITNEY_API std::vector<std::string> ineffective() const;
  static std::vector<std::string> about_the_run() { return nn::TrainingOptions::about_the_run(); }

 private:
  static nn::TrainingOptions own_training() {
    nn::TrainingOptions training;
    training.epochs = 50;
    training.batch_size = 256;
    return training;
  }
};

/// Tells what sdne will need.
WHITNEY_API CostEstimate estimate_sdne(const DataSize& size, const SDNEOptions& options,
                                       const Context& context);

}  // namespace whitney::gnn
