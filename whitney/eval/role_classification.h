#pragma once

#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/graph.h"
#include "whitney/data/labels.h"
#include "whitney/eval/node_vectors.h"

namespace whitney {

/// Options of role classification, in struc2vec's protocol.
struct RoleClassificationOptions {
  std::optional<Path> graph;
  double train_ratio = 0.8;
  int num_shuffles = 10;
  double c = 1.0;
  bool standardize = true;
  std::vector<std::string> unlabelled = {"-1"};
  void fields(auto&& field) {
    field("graph", graph,
          "Edges of the graph: the degree and the degree profile then stand beside, as baselines");
    field("train_ratio", train_ratio, Range{0.001, 0.999}, "Share of the labelled nodes that is trained on");
    field("num_shuffles", num_shuffles, Range{1, 1000}, "Random splits that are averaged");
    field("c", c, Range{1e-6, 1e6}, "Inverse strength of the L2 penalty, C of scikit-learn and LIBLINEAR");
    field("standardize", standardize, "Give each column of the vectors mean 0 and deviation 1 first");
    field("unlabelled", unlabelled, "Labels that say that a node has none; such nodes are left out");
  }
};

/// Predicts the role of nodes, of which each has one, from their vectors by one-vs-rest logistic regression
/// (L2), trained on a random share. A row of the report for each method, label {"method"}: accuracy, macro_f1
/// and their deviations over the splits, in %; then `degree` and `degree_profile` (of `graph`, when it is not
/// null), and `majority`, the share of the most frequent role. Throws Error when a node has several labels.
WHITNEY_API Report role_classification(const std::vector<NamedEmbeddings>& methods, const Labels& labels,
                                       const Graph* graph, const RoleClassificationOptions& options,
                                       const Context& context);

}  // namespace whitney
