#pragma once

#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"

namespace whitney {

/// Options of node classification in the protocol of DeepWalk and FastRP.
struct NodeClassificationOptions {
  std::vector<double> train_ratios = {0.1, 0.5, 0.9};
  int num_shuffles = 10;
  double c = 1.0;
  void fields(auto&& field) {
    field("train_ratios", train_ratios, Range{0.001, 0.999},
          "Shares of the labelled nodes that are trained on");
    field("num_shuffles", num_shuffles, Range{1, 1000}, "Random splits that are averaged, per share");
    field("c", c, Range{1e-6, 1e6}, "Inverse strength of the L2 penalty, C of scikit-learn and LIBLINEAR");
  }
};

/// Trains one-vs-rest logistic regression (L2, an unpenalised bias, as scikit-learn's lbfgs solves it) on a
/// share of the labelled nodes, predicts for each other node as many labels as it has (k known), and reports
/// micro and macro F1. Labelled nodes without a vector are an Error; vectors without labels are left out and
/// counted in a note.
WHITNEY_API Report node_classification(const Embeddings& embeddings, const Labels& labels,
                                       const NodeClassificationOptions& options, const Context& context);

}  // namespace whitney
