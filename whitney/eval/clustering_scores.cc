#include "whitney/eval/clustering_scores.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::eval {
namespace {

/// How many points of class r lie in cluster c, where there are any, ordered by cluster, then class.
struct Cell {
  uint32_t cluster, label;
  int64_t count;
};

struct Contingency {
  std::vector<Cell> cells;
  std::vector<int64_t> class_sizes, cluster_sizes;
  double n = 0;
};

std::vector<int64_t> sizes_of(std::span<const uint32_t> codes) {
  std::vector<int64_t> sizes;
  for (uint32_t code : codes) {
    if (code >= sizes.size()) sizes.resize(size_t{code} + 1);
    ++sizes[code];
  }
  return sizes;
}

// Counts in a table of all cells, which a bootstrap makes a thousand times.
void count_cells(std::span<const uint32_t> classes, std::span<const uint32_t> clusters, Contingency& table) {
  const size_t num_classes = table.class_sizes.size();
  std::vector<int64_t> counts(num_classes * table.cluster_sizes.size());
  for (size_t i = 0; i < classes.size(); ++i) ++counts[clusters[i] * num_classes + classes[i]];
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0)
      table.cells.push_back({uint32_t(i / num_classes), uint32_t(i % num_classes), counts[i]});
  }
}

// The same by sorting, where most cells of so large a table would be empty.
void sort_cells(std::span<const uint32_t> classes, std::span<const uint32_t> clusters, Contingency& table) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (size_t i = 0; i < classes.size(); ++i) pairs.emplace_back(clusters[i], classes[i]);
  std::sort(pairs.begin(), pairs.end());
  for (const auto& [cluster, label] : pairs) {
    if (table.cells.empty() || table.cells.back().cluster != cluster || table.cells.back().label != label)
      table.cells.push_back({cluster, label, 0});
    ++table.cells.back().count;
  }
}

Contingency contingency_of(std::span<const uint32_t> classes, std::span<const uint32_t> clusters) {
  Contingency table{{}, sizes_of(classes), sizes_of(clusters), static_cast<double>(classes.size())};
  const size_t cells = table.class_sizes.size() * table.cluster_sizes.size();
  cells <= 4 * classes.size() + 4096 ? count_cells(classes, clusters, table)
                                     : sort_cells(classes, clusters, table);
  return table;
}

double entropy(std::span<const int64_t> sizes, double n) {
  double sum = 0;
  for (int64_t size : sizes) {
    const double share = static_cast<double>(size) / n;
    if (size > 0) sum -= share * std::log(share);
  }
  return sum;
}

double mutual_information(const Contingency& table) {
  double sum = 0;
  for (const Cell& cell : table.cells) {
    const auto count = static_cast<double>(cell.count);
    const double expected = static_cast<double>(table.class_sizes[cell.label]) *
                            static_cast<double>(table.cluster_sizes[cell.cluster]) / table.n;
    sum += count / table.n * std::log(count / expected);
  }
  return std::max(sum, 0.0);  // rounding may leave less than nothing
}

double squares(std::span<const int64_t> sizes) {
  double sum = 0;
  for (int64_t size : sizes) sum += static_cast<double>(size) * static_cast<double>(size);
  return sum;
}

// From ordered pairs of different points: together in both (tp), in the classes only (fn), in the clusters
// only (fp), in neither (tn).
double adjusted_rand(const Contingency& table) {
  double together = 0;
  for (const Cell& cell : table.cells)
    together += static_cast<double>(cell.count) * static_cast<double>(cell.count);
  const double tp = together - table.n, fn = squares(table.class_sizes) - together,
               fp = squares(table.cluster_sizes) - together, tn = table.n * (table.n - 1) - tp - fn - fp;
  if (fn == 0 && fp == 0) return 1;
  return 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn));
}

double purity(const Contingency& table) {
  int64_t sum = 0, most = 0;
  for (size_t i = 0; i < table.cells.size(); ++i) {
    most = std::max(most, table.cells[i].count);
    if (i + 1 < table.cells.size() && table.cells[i + 1].cluster == table.cells[i].cluster) continue;
    sum += most;
    most = 0;
  }
  return static_cast<double>(sum) / table.n;
}

}  // namespace

ClusteringScores score_clustering(std::span<const uint32_t> classes, std::span<const uint32_t> clusters,
                                  double beta) {
  WHITNEY_CHECK(classes.size() == clusters.size() && !classes.empty(), "classes and clusters of points");
  const Contingency table = contingency_of(classes, clusters);
  const double of_classes = entropy(table.class_sizes, table.n),
               of_clusters = entropy(table.cluster_sizes, table.n), shared = mutual_information(table);
  ClusteringScores scores;
  scores.homogeneity = of_classes == 0 ? 1 : shared / of_classes;
  scores.completeness = of_clusters == 0 ? 1 : shared / of_clusters;
  const auto mean = [&](double b) {
    const double h = scores.homogeneity, c = scores.completeness;
    const double below = b * h + c;
    return below == 0 ? 0 : (1 + b) * h * c / below;
  };
  scores.v_measure = mean(beta);
  scores.nmi = mean(1);
  scores.adjusted_rand = adjusted_rand(table);
  scores.purity = purity(table);
  return scores;
}

}  // namespace whitney::eval
