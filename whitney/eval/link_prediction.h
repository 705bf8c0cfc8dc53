#pragma once

#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/graph.h"
#include "whitney/eval/link_prediction_split.h"
#include "whitney/eval/reconstruction_decoder.h"

namespace whitney {

/// Options of link prediction.
struct LinkPredictionOptions {
  MethodChoice learn{"fastrp", Value::object()};
  std::vector<eval::DecoderChoice> decoders = {eval::DecoderChoice::kOwn};
  eval::LinkSplitOptions split;
  std::vector<int> hits = {10, 50, 100};
  int num_splits = 1;
  bool directed = false;
  void fields(auto&& field) {
    field("learn", learn, "learn", "Learner of the node vectors, from the graph without its test edges");
    field("decoders", decoders,
          "How two vectors give a score; own: as the learner's record says (decoder, else metric), else dot");
    field("test_ratio", split.test_ratio, Range{0.001, 0.9},
          "Share of the edges that is removed and asked for");
    field("keep_connected", split.keep_connected,
          "Remove no edge of a random spanning forest, so that what hangs together stays so (node2vec)");
    field("negatives", split.negatives,
          "Pairs that are no edges: any two nodes, or the source of a test edge and a node by its degree, "
          "which popularity alone does not tell apart");
    field("negatives_per_edge", split.negatives_per_edge, Range{1, 10000}, "Such pairs for each test edge");
    field("hits", hits, Range{1, 1e6},
          "K of Hits@K: the share of test edges that score above the K-th best negative (OGB)");
    field("num_splits", num_splits, Range{1, 1000},
          "Times that edges are removed and vectors learned anew; the figures are averaged");
    field("directed", directed, "Edges hold in one direction only");
  }
};

/// Removes a share of the edges, learns node vectors from the rest, and measures how well the scores of pairs
/// tell removed edges from pairs that are no edges of the whole graph.
///
/// A row of the report for each decoder, and for the baselines common_neighbors, preferential_attachment
/// (product of degrees; directed: out-degree times in-degree), both counted in the graph without the test
/// edges: auc (equal scores count half), average_precision (as scikit-learn), hits@K, in %, averaged over the
/// splits, auc_deviation over them, and the numbers of test edges and negatives. Throws Error as split_links
/// and the learner do.
WHITNEY_API Report link_prediction(const Graph& graph, const LinkPredictionOptions& options,
                                   const Context& context);

namespace eval {

/// Scores of removed edges and of other pairs, measured.
struct LinkScores {
  double auc = 0, average_precision = 0;
  /// For each K asked for; NaN where there are fewer negatives.
  std::vector<double> hits;
};
WHITNEY_API LinkScores score_links(std::span<const float> positives, std::span<const float> negatives,
                                   std::span<const int> hits);

}  // namespace eval
}  // namespace whitney
