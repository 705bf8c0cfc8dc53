#include "whitney/graph/graphwave.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/undirected.h"
#include "whitney/linalg/sparse.h"

namespace whitney::graph {
namespace {

/// Nodes whose heat is followed at once: a line of floats of each row.
constexpr int64_t kSources = 32;
constexpr double kLeftOut = 1e-6;

std::vector<double> scales_of(const GraphWaveOptions& options, int64_t n) {
  if (!options.scales.empty()) return options.scales;
  const double reach = std::sqrt(static_cast<double>(n) / 2);
  return {-std::log(0.95) * reach, -std::log(0.85) * reach};
}

Graph undirected(const Graph& graph, const Context& context) {
  if (!graph.directed) return graph;
  context.note("graphwave: directed edges count both ways");
  return without_directions(graph, context);
}

/// The entries of N = D^-1/2 A D^-1/2, in the order of the graph's.
std::vector<float> normalized_weights(const Graph& graph) {
  const int64_t n = graph.num_nodes();
  std::vector<double> inverse_roots(size_t(n), 0);
  const auto weight = [&](int64_t entry) { return graph.weighted() ? double{graph.weights[entry]} : 1.0; };
  for (int64_t u = 0; u < n; ++u) {
    double degree = 0;
    for (int64_t entry = graph.offsets[u]; entry < graph.offsets[u + 1]; ++entry) degree += weight(entry);
    if (degree > 0) inverse_roots[size_t(u)] = 1 / std::sqrt(degree);
  }
  std::vector<float> result(size_t(graph.nnz()));
  for (int64_t u = 0; u < n; ++u) {
    for (int64_t entry = graph.offsets[u]; entry < graph.offsets[u + 1]; ++entry)
      result[size_t(entry)] =
          static_cast<float>(weight(entry) * inverse_roots[size_t(u)] * inverse_roots[graph.targets[entry]]);
  }
  return result;
}

/// Sums of exp(i t x) at t = step, 2 step, ... of the values of each of some columns.
class CharacteristicSums {
 public:
  CharacteristicSums(int64_t num_points, double step)
      : num_points_(num_points), step_(step), sums_(size_t(num_points * kSources * 2), 0) {}

  // exp(i (t + step) x) = exp(i t x) exp(i step x): one sine and cosine a value.
  void add_row(const float* values) {
    double turn_re[kSources], turn_im[kSources], re[kSources], im[kSources];
    for (int64_t j = 0; j < kSources; ++j) {
      const double angle = step_ * double{values[j]};
      turn_re[j] = values[j] == 0 ? 1 : std::cos(angle);  // heat has not got to most nodes
      turn_im[j] = values[j] == 0 ? 0 : std::sin(angle);
      re[j] = 1, im[j] = 0;
    }
    double* sums = sums_.data();
    for (int64_t point = 0; point < num_points_; ++point, sums += 2 * kSources) {
      for (int64_t j = 0; j < kSources; ++j) {
        sums[j] += re[j];
        sums[kSources + j] += im[j];
        const double next = re[j] * turn_re[j] - im[j] * turn_im[j];
        im[j] = re[j] * turn_im[j] + im[j] * turn_re[j];
        re[j] = next;
      }
    }
  }

  /// Writes the means over n values of column j: real and imaginary part of each point.
  void write(int64_t j, int64_t n, float* out) const {
    for (int64_t point = 0; point < num_points_; ++point) {
      const double* sums = sums_.data() + point * 2 * kSources;
      *out++ = static_cast<float>(sums[j] / static_cast<double>(n));
      *out++ = static_cast<float>(sums[kSources + j] / static_cast<double>(n));
    }
  }

 private:
  int64_t num_points_;
  double step_;
  std::vector<double> sums_;
};

class HeatSpread {
 public:
  HeatSpread(const Graph& graph, const GraphWaveOptions& options, const Context& context)
      : graph_(graph), options_(options), context_(context), weights_(normalized_weights(graph)) {
    for (const double scale : scales_of(options, graph.num_nodes()))
      series_.push_back(heat_series(scale, options.order));
  }

  int64_t width() const { return std::ssize(series_) * 2 * options_.num_points; }

  /// Writes the vectors of nodes [begin, end), at most kSources of them.
  void describe(int64_t begin, int64_t end, float* out) const {
    const std::vector<Matrix> heats = heat_from(begin, end);
    const int64_t n = graph_.num_nodes();
    const double step = options_.num_points > 1 ? options_.max_time / (options_.num_points - 1) : 0;
    for (size_t scale = 0; scale < heats.size(); ++scale) {
      CharacteristicSums sums(options_.num_points, step);
      for (int64_t m = 0; m < n; ++m) sums.add_row(heats[scale].row<float>(m).data());
      for (int64_t v = begin; v < end; ++v)
        sums.write(v - begin, n, out + (v - begin) * width() + int64_t(scale) * 2 * options_.num_points);
    }
  }

 private:
  /// Psi's columns begin..end, n x kSources for each scale, by T_k+1 = 2 N T_k - T_k-1.
  std::vector<Matrix> heat_from(int64_t begin, int64_t end) const {
    const int64_t n = graph_.num_nodes(), size = n * kSources;
    Matrix before = Matrix::zeros(n, kSources), now(n, kSources), next(n, kSources);
    float* first = before.mutable_data<float>();
    for (int64_t v = begin; v < end; ++v) first[v * kSources + v - begin] = 1;
    std::vector<Matrix> heats;
    size_t num_terms = 0;
    for (const std::vector<double>& series : series_) {
      heats.push_back(Matrix::zeros(n, kSources));
      add(heats.back(), before, series[0]);
      num_terms = std::max(num_terms, series.size());
    }
    const SparseView matrix{n, n, graph_.offsets.span(), graph_.targets.span(), weights_};
    for (size_t k = 1; k < num_terms; ++k) {
      context_.check_cancelled();
      float* values = next.mutable_data<float>();
      multiply_sparse(context_, matrix, {}, k == 1 ? before : now, values);
      if (k > 1) {
        const float* old = before.row<float>(0).data();
        for (int64_t i = 0; i < size; ++i) values[i] = 2 * values[i] - old[i];
        std::swap(before, now);
      }
      std::swap(now, next);
      for (size_t scale = 0; scale < series_.size(); ++scale) {
        if (k < series_[scale].size()) add(heats[scale], now, series_[scale][k]);
      }
    }
    keep_heat_of_isolated(begin, end, heats);
    return heats;
  }

  static void add(Matrix& to, const Matrix& term, double factor) {
    float* out = to.mutable_data<float>();
    const float* values = term.row<float>(0).data();
    const auto scaled = static_cast<float>(factor);
    for (int64_t i = 0; i < to.rows() * to.cols(); ++i) out[i] += scaled * values[i];
  }

  // Their row of the Laplacian is 0, and not 1 as that of I - N.
  void keep_heat_of_isolated(int64_t begin, int64_t end, std::vector<Matrix>& heats) const {
    for (int64_t v = begin; v < end; ++v) {
      if (!graph_.neighbors(v).empty()) continue;
      for (Matrix& heat : heats) heat.mutable_data<float>()[v * kSources + v - begin] = 1;
    }
  }

  const Graph& graph_;
  const GraphWaveOptions& options_;
  const Context& context_;
  std::vector<float> weights_;
  std::vector<std::vector<double>> series_;
};

}  // namespace

std::vector<double> heat_series(double scale, std::optional<int> order) {
  // exp(-s) (I_0 + 2 I_1 + 2 I_2 + ...) = 1: what the terms so far leave out of 1 bounds the error.
  std::vector<double> series;
  double left = 1;
  for (int k = 0; order ? k <= *order : left > kLeftOut; ++k) {
    series.push_back((k == 0 ? 1 : 2) * std::exp(-scale) * std::cyl_bessel_i(k, scale));
    left -= series.back();
    if (!order && series.back() < kLeftOut * 1e-6) break;  // rounding alone is left
  }
  return series;
}

Embeddings graphwave(const Graph& given, const GraphWaveOptions& options, const Context& context) {
  const int64_t n = given.num_nodes();
  if (n == 0) fail("graphwave: the graph has no nodes");
  const Graph graph = undirected(given, context);
  const HeatSpread spread(graph, options, context);
  Embeddings result;
  result.ids = graph.ids;
  result.vectors = Matrix(n, spread.width());
  float* out = result.vectors.mutable_data<float>();
  std::atomic<int64_t> done = 0;
  parallel_blocks(context, n, kSources, [&](int64_t begin, int64_t end) {
    spread.describe(begin, end, out + begin * spread.width());
    context.advance("heat", done += end - begin, n, "nodes");
  });
  result.record.set("metric", name_of_enum(Metric::kL2));
  return result;
}

CostEstimate estimate_graphwave(const DataSize& size, const GraphWaveOptions& options,
                                const Context& context) {
  const int64_t n = size.num_rows;
  const auto scales = scales_of(options, n);
  const auto num_scales = std::ssize(scales), width = num_scales * 2 * options.num_points;
  const auto num_terms =
      static_cast<double>(heat_series(*std::max_element(scales.begin(), scales.end()), options.order).size());
  constexpr double kMultiplyAddsPerSecond = 2e9, kTurnsPerSecond = 6e8;
  CostEstimate cost;
  // Vectors; each thread's columns; the graph, and its weights as N has them.
  cost.peak_bytes = undirected_bytes(size) + n * width * 4 +
                    context.num_threads() * (3 + num_scales) * n * kSources * 4 +
                    undirected_size(size).nnz * 4 + n * 8;
  const auto nodes = static_cast<double>(n);
  cost.seconds = (num_terms * static_cast<double>(size.nnz) * nodes / kMultiplyAddsPerSecond +
                  static_cast<double>(num_scales * options.num_points) * nodes * nodes / kTurnsPerSecond) /
                 context.num_threads();
  return cost;
}

namespace {

const bool registered = register_graph_learner<GraphWaveOptions>(
    {.name = "graphwave",
     .class_name = "GraphWave",
     .summary = "Nodes by how heat spreads from them: equal surroundings, equal vectors",
     .description =
         "For roles rather than communities: heat is let go at a node, and the distribution of what gets to "
         "all nodes is read by its characteristic function at evenly spaced points. Two nodes whose "
         "surroundings look alike get the same vector in whatever part of the graph they are.\n"
         "The heat kernel is a Chebyshev series whose terms are modified Bessel functions, with as many "
         "terms "
         "as its scale asks for: no eigenvalues are computed. Time grows with the square of the number of "
         "nodes: minutes at some 20,000.\n"
         "The Laplacian is the normalised one of the authors' code; their paper writes D - A.",
     .source =
         "Donnat, Zitnik, Hallac, Leskovec: Learning Structural Node Embeddings via Diffusion Wavelets, "
         "KDD 2018, arXiv 1710.10321",
     .example = "whitney learn graphwave edges.tsv -o roles.safetensors"},
    graphwave, estimate_graphwave);

}  // namespace

}  // namespace whitney::graph
