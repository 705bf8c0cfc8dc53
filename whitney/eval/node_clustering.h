#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/labels.h"
#include "whitney/eval/bootstrap.h"
#include "whitney/eval/node_vectors.h"

namespace whitney {

/// Options of node clustering.
struct NodeClusteringOptions {
  std::optional<int64_t> k;
  int num_runs = 10;
  bool normalize = false;
  int max_iterations = 300;
  std::vector<std::string> unlabelled = {"-1"};
  eval::BootstrapOptions bootstrap;
  void fields(auto&& field) {
    field("k", k, Range{1, 1e6}, "Clusters; absent: as many as there are classes");
    field("num_runs", num_runs, Range{1, 1000},
          "Runs of k-means from other first centroids, which are averaged");
    field("normalize", normalize, "Scale the vectors to length 1 first, so that directions are compared");
    field("max_iterations", max_iterations, Range{1, 1e6}, "Rounds of a run of k-means, at most");
    field("unlabelled", unlabelled, "Labels that say that a node has none; such nodes are left out");
    bootstrap.fields(field);
  }
};

/// Clusters the vectors of labelled nodes by k-means and compares the clusters with the classes that labels
/// give: a row of the report for each method, label {"method"}, with the figures of `clustering` (v_measure,
/// nmi, adjusted_rand, purity, ... in %). Nodes of several labels are left out.
WHITNEY_API Report node_clustering(const std::vector<NamedEmbeddings>& methods, const Labels& labels,
                                   const NodeClusteringOptions& options, const Context& context);

}  // namespace whitney
