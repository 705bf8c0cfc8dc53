#pragma once

#include <cstdint>
#include <optional>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"
#include "whitney/eval/bootstrap.h"
#include "whitney/eval/vector_source.h"

namespace whitney {

/// Options of the clustering task.
struct ClusteringOptions {
  std::optional<int64_t> k;
  int num_runs = 10;
  double beta = 1.0;
  bool normalize = false;
  int max_iterations = 300;
  eval::BootstrapOptions bootstrap;
  eval::VectorSource source;
  void fields(auto&& field) {
    field("k", k, Range{1, 1e6}, "Clusters; absent: as many as there are classes");
    field("num_runs", num_runs, Range{1, 1000},
          "Runs of k-means from other first centroids, which are averaged");
    field("beta", beta, Range{0, 1000},
          "Weight of completeness in the v-measure; 1: the harmonic mean of both");
    field("normalize", normalize, "Scale the vectors to length 1 first, so that directions are compared");
    field("max_iterations", max_iterations, Range{1, 1e6}, "Rounds of a run of k-means, at most");
    bootstrap.fields(field);
    source.fields(field);
  }
};

/// Clusters the vectors by k-means (greedy k-means++, Lloyd's rounds over all points), and compares the
/// clusters with the classes that labels give. An id with several labels belongs to no one class: it is left
/// out and counted in a note, as are labelled ids without a vector and vectors without a label. Error when
/// nothing is left, or fewer points than clusters.
///
/// One row of the report, figures in %, averaged over the runs: v_measure, homogeneity, completeness, nmi
/// (arithmetic), adjusted_rand, purity, with intervals by half samples of the points for the clusters found
/// (half_sample_intervals in bootstrap.h), within what the figure can be, and the deviations of v_measure and
/// adjusted_rand over the runs (0 for one run); then k and points.
/// MTEB's figure for a set is the mean v_measure of mini-batch k-means on samples of it, which is up to some
/// points lower than that of runs over all points.
WHITNEY_API Report clustering(const Embeddings& embeddings, const Labels& labels,
                              const ClusteringOptions& options, const Context& context);

}  // namespace whitney
