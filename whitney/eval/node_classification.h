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

/// Trains one-vs-rest logistic regression (L2, the bias penalised like a weight: LIBLINEAR's objective, which
/// the published figures of DeepWalk and its successors were made with) on a share of the labelled nodes,
/// predicts for each other node as many labels as it has (k known), and reports micro and macro F1. Labelled
/// nodes without a vector and vectors without labels are left out and counted in notes; Error when nothing is
/// left.
///
/// One row of the report per train ratio, label {"train_ratio": r}, figures in % averaged over the shuffles:
/// micro_f1, macro_f1 and their standard deviations (0 for one shuffle), and micro_f1_threshold,
/// macro_f1_threshold, where a label is predicted when its probability is above 1/2 instead of by the known
/// k. A shuffle orders the labelled nodes once and serves all ratios: the first floor(ratio n) are trained
/// on. Macro F1 is the mean over all labels of the data, as DeepWalk's script counts it: one that is neither
/// true nor predicted in the test part counts 0. A label without a training example is predicted last. Equal
/// scores: the label whose name sorts first.
WHITNEY_API Report node_classification(const Embeddings& embeddings, const Labels& labels,
                                       const NodeClassificationOptions& options, const Context& context);

}  // namespace whitney
