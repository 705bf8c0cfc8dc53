#include "whitney/eval/clustering.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "whitney/codec/k_means.h"
#include "whitney/core/error.h"
#include "whitney/data/readers.h"
#include "whitney/eval/clustering_scores.h"
#include "whitney/eval/labelled_rows.h"
#include "whitney/eval/task.h"
#include "whitney/linalg/distance.h"

namespace whitney {
namespace {

using eval::ClusteringScores;

/// The points to cluster and the class of each.
struct Classified {
  Matrix points;
  std::vector<uint32_t> classes;
};

Classified classified(const Embeddings& embeddings, const Labels& labels, const Context& context) {
  const eval::LabelledRows rows = eval::match_labels(embeddings, labels, "ids", context);
  std::vector<int64_t> chosen;
  Classified result;
  std::string several;  // the first id of several labels
  for (size_t i = 0; i < rows.label_rows.size(); ++i) {
    const auto codes = eval::labels_of(labels, rows.label_rows[i]);
    if (codes.size() == 1) {
      chosen.push_back(rows.vector_rows[i]);
      result.classes.push_back(codes[0]);
    } else if (several.empty()) {
      several = labels.ids.text(rows.label_rows[i]);
    }
  }
  if (const int64_t unused = rows.size() - std::ssize(chosen); unused > 0) {
    const std::string sentence = concat(unused, " of ", rows.size(), " labelled ids have several labels");
    if (chosen.empty()) {
      fail(sentence, ", such as \"", several, "\" (expected: ids of one label, their class)");
    }
    context.note(concat(sentence, " and are left out, such as \"", several, "\""));
  }
  result.points = eval::vectors_of(embeddings, chosen);
  return result;
}

double mean(std::span<const ClusteringScores> runs, double ClusteringScores::* figure) {
  double sum = 0;
  for (const ClusteringScores& run : runs) sum += run.*figure;
  return sum / static_cast<double>(runs.size());
}

double deviation(std::span<const ClusteringScores> runs, double ClusteringScores::* figure) {
  const double center = mean(runs, figure);
  double sum = 0;
  for (const ClusteringScores& run : runs) sum += (run.*figure - center) * (run.*figure - center);
  return runs.size() < 2 ? 0 : std::sqrt(sum / static_cast<double>(runs.size() - 1));
}

constexpr std::array kScores = {&ClusteringScores::v_measure,     &ClusteringScores::homogeneity,
                                &ClusteringScores::completeness,  &ClusteringScores::nmi,
                                &ClusteringScores::adjusted_rand, &ClusteringScores::purity};
constexpr std::array kScoreNames = {"v_measure", "homogeneity",   "completeness",
                                    "nmi",       "adjusted_rand", "purity"};

/// The points, as the runs have clustered them.
struct Runs {
  std::vector<uint32_t> classes;
  std::vector<std::vector<uint32_t>> clusters;  // of each run
  std::vector<ClusteringScores> scores;
};

// Drawn points keep the clusters that were found: k-means does not run again. No point is drawn twice: it
// would agree with itself. The ends stay where the figures can be.
std::vector<eval::Interval> intervals_of(const Runs& runs, std::span<const double> estimates,
                                         const ClusteringOptions& options, const Context& context) {
  const auto statistics = [&](std::span<const int64_t> points, std::span<double> values) {
    std::vector<uint32_t> classes, clusters(points.size());
    for (int64_t point : points) classes.push_back(runs.classes[size_t(point)]);
    std::vector<ClusteringScores> scores;
    for (const std::vector<uint32_t>& found : runs.clusters) {
      for (size_t i = 0; i < points.size(); ++i) clusters[i] = found[size_t(points[i])];
      scores.push_back(eval::score_clustering(classes, clusters, options.beta));
    }
    for (size_t i = 0; i < kScores.size(); ++i) values[i] = mean(scores, kScores[i]);
  };
  std::vector<eval::Interval> intervals = eval::half_sample_intervals(
      context, std::ssize(runs.classes), estimates, statistics, options.bootstrap);
  for (size_t i = 0; i < kScores.size(); ++i) {
    const double least = kScores[i] == &ClusteringScores::adjusted_rand ? -1 : 0;
    if (std::isnan(intervals[i].low)) continue;
    intervals[i] = {std::max(intervals[i].low, least), std::min(intervals[i].high, 1.0)};
  }
  return intervals;
}

Report::Row row_of(const Runs& runs, const ClusteringOptions& options, const Context& context) {
  Report::Row row;
  row.labels = Value::object();
  std::array<double, kScores.size()> means{};
  for (size_t i = 0; i < kScores.size(); ++i) means[i] = mean(runs.scores, kScores[i]);
  const std::vector<eval::Interval> intervals = intervals_of(runs, means, options, context);
  for (size_t i = 0; i < kScores.size(); ++i) {
    eval::add_figure(row, kScoreNames[i], "%", 100 * means[i],
                     {100 * intervals[i].low, 100 * intervals[i].high});
  }
  const auto add_deviation = [&](const char* name, double ClusteringScores::* figure) {
    row.figures.push_back({name, "%", 100 * deviation(runs.scores, figure)});
  };
  add_deviation("v_measure_deviation", &ClusteringScores::v_measure);
  add_deviation("adjusted_rand_deviation", &ClusteringScores::adjusted_rand);
  return row;
}

}  // namespace

Report clustering(const Embeddings& embeddings, const Labels& labels, const ClusteringOptions& options,
                  const Context& context) {
  Classified data = classified(embeddings, labels, context);
  if (options.normalize) {
    Matrix scaled;
    if (const int64_t zeros = normalize_rows(context, data.points, scaled); zeros > 0)
      context.note(concat(zeros, " vectors are zero and stay so"));
    data.points = std::move(scaled);
  }
  const std::set<uint32_t> distinct(data.classes.begin(), data.classes.end());
  codec::KMeansOptions k_means;
  k_means.k = options.k.value_or(std::ssize(distinct));
  k_means.max_iterations = options.max_iterations;
  int64_t num_unfinished = 0;
  Runs runs{data.classes, {}, {}};
  for (k_means.first_run = 0; k_means.first_run < options.num_runs; ++k_means.first_run) {
    context.advance("k-means", k_means.first_run, options.num_runs, "runs");
    const codec::KMeans found = codec::k_means(data.points, k_means, context);
    num_unfinished += found.converged ? 0 : 1;
    runs.scores.push_back(eval::score_clustering(data.classes, found.assignment, options.beta));
    runs.clusters.push_back(found.assignment);
  }
  context.advance("k-means", options.num_runs, options.num_runs, "runs");
  Report report;
  report.title = "Clustering";
  report.rows.push_back(row_of(runs, options, context));
  report.rows[0].figures.push_back({"k", "clusters", static_cast<double>(k_means.k)});
  report.rows[0].figures.push_back({"points", "", static_cast<double>(data.points.rows())});
  if (num_unfinished > 0)
    report.notes.push_back(concat(num_unfinished, " of ", options.num_runs, " runs ended by max_iterations"));
  return report;
}

namespace {

class Clustering : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"model or embeddings", "labels"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<ClusteringOptions>(resolved);
    const Labels labels = read_labels(paths[1], context);
    return clustering(options.source.read(paths[0], resolved, context), labels, options, context);
  }
};

const bool registered = register_method(declare_method<ClusteringOptions>(
    Verb::kEvaluate,
    {.name = "clustering",
     .class_name = "Clustering",
     .summary = "How well k-means finds the classes of labelled vectors",
     .description =
         "Do vectors of one class lie together? They are clustered by k-means, in as many clusters as there "
         "are classes, and the clusters are compared with the classes: v-measure (the harmonic mean of "
         "homogeneity and completeness), normalised mutual information, the Rand index adjusted for chance, "
         "and purity. All are averaged over several runs, because k-means finds another optimum from each "
         "start; the deviation tells how much. Intervals are over the points, for the clusters found, by "
         "half "
         "samples without repetition: a point drawn twice would agree with itself.\n"
         "The vectors are embeddings, or a model's (a folder or a .gguf file) of the texts that --texts "
         "names.\n"
         "MTEB clusters by mini-batch k-means and averages v-measure over samples of the set; here every run "
         "takes all points to convergence, which gives figures up to some points higher.",
     .source = "Rosenberg & Hirschberg: V-measure, EMNLP-CoNLL 2007; Hubert & Arabie: Comparing partitions, "
               "1985; Arthur & Vassilvitskii: k-means++, SODA 2007",
     .example = "whitney evaluate clustering texts.safetensors labels.tsv --num-runs 10"},
    std::make_shared<Clustering>()));

}  // namespace

}  // namespace whitney
