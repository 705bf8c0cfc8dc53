#include "whitney/graph/prone_stages.h"

#include <cmath>
#include <utility>

#include "whitney/core/parallel.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/linalg/sparse.h"
#include "whitney/linalg/sum_rows.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 256;

/// ln lambda_j; 0 where no edge leads to j.
std::vector<double> log_shares(const Graph& graph, const std::vector<double>& degrees,
                               const Context& context) {
  const auto n = static_cast<size_t>(graph.num_nodes());
  std::vector<double> shares(n);
  // The graph is undirected: the edges into a node are those from it.
  parallel_blocks(context, graph.num_nodes(), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      double sum = 0;
      for (int64_t e = graph.offsets[j]; e < graph.offsets[j + 1]; ++e)
        sum += (graph.weighted() ? graph.weights[e] : 1.0) / degrees[graph.targets[e]];
      shares[static_cast<size_t>(j)] = std::pow(sum, 0.75);
    }
  });
  double total = 0;
  for (const double share : shares) total += share;
  for (double& share : shares) share = share > 0 ? std::log(share / total) : 0;
  return shares;
}

/// I_i(x) by its series, whose terms are all positive.
double modified_bessel(int i, double x) {
  double term = 1;
  for (int k = 1; k <= i; ++k) term *= x / 2 / k;
  double sum = term;
  for (int k = 1; term > 1e-17 * sum; ++k) {
    term *= x / 2 / k * (x / 2 / (k + i));
    sum += term;
  }
  return sum;
}

/// Products with M = L - mu I, where L = I - D_1^-1 A_1 and A_1 = I + A has the row sums D_1:
/// M x = own x + hop A x with own = 1 - mu - 1 / D_1 and hop = -1 / D_1.
class FilterWalk {
 public:
  FilterWalk(const Graph& graph, const std::vector<double>& degrees, double mu, const Context& context)
      : context_(context), matrix_(adjacency(graph)) {
    for (const double degree : degrees) {
      hop_.push_back(static_cast<float>(-1 / (1 + degree)));
      own_.push_back(static_cast<float>(1 - mu - 1 / (1 + degree)));
    }
  }
  /// The part of M x that comes over edges.
  void hop(const Matrix& x, Matrix& out) const {
    multiply_sparse(context_, matrix_, hop_, x, out.mutable_data<float>());
  }
  /// x times what M gives a node of its own.
  ScaledRows own(const Matrix& x) const { return {x.row<float>(0).data(), x.cols(), 1, own_.data()}; }

 private:
  const Context& context_;
  SparseView matrix_;
  std::vector<float> hop_, own_;
};

ScaledRows times(double weight, const Matrix& x) {
  return {x.row<float>(0).data(), x.cols(), weight, nullptr};
}

/// Rows of `out` become a sum of terms, of which it may be one; then `sum` takes `weight` times these rows.
void combine(const Context& context, const std::vector<ScaledRows>& terms, Matrix& out, double weight = 0,
             Matrix* sum = nullptr) {
  float* to = out.mutable_data<float>();
  float* total = sum == nullptr ? nullptr : sum->mutable_data<float>();
  const int64_t dim = out.cols();
  parallel_blocks(context, out.rows(), kRowBlock, [&](int64_t begin, int64_t end) {
    sum_rows(terms, begin, end, dim, to, dim);
    if (total == nullptr) return;
    sum_rows(std::vector<ScaledRows>{{total, dim, 1, nullptr}, {to, dim, weight, nullptr}}, begin, end, dim,
             total, dim);
  });
}

}  // namespace

ProNEMatrix prone_matrix(const Graph& graph, const std::vector<double>& degrees, const Context& context) {
  const std::vector<double> log_share = log_shares(graph, degrees, context);
  ProNEMatrix result{Array<float>(graph.nnz()), Array<float>(graph.nnz())};
  float* entries = result.entries.mutable_data();
  float* transposed = result.transposed.mutable_data();
  std::vector<double> log_degree;
  for (const double degree : degrees) log_degree.push_back(degree > 0 ? std::log(degree) : 0);
  parallel_blocks(context, graph.num_nodes(), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto i = static_cast<size_t>(row);
      for (int64_t e = graph.offsets[row]; e < graph.offsets[row + 1]; ++e) {
        const size_t j = graph.targets[e];
        const double log_weight = graph.weighted() ? std::log(double{graph.weights[e]}) : 0;
        entries[e] = static_cast<float>(log_weight - log_degree[i] - log_share[j]);
        transposed[e] = static_cast<float>(log_weight - log_degree[j] - log_share[i]);
      }
    }
  });
  return result;
}

std::vector<double> prone_coefficients(int order, double theta) {
  std::vector<double> coefficients;
  for (int i = 0; i < order; ++i)
    coefficients.push_back((i == 0 ? 1 : 2) * (i % 2 == 0 ? 1 : -1) * modified_bessel(i, theta));
  return coefficients;
}

void prone_propagate(const Graph& graph, const std::vector<double>& degrees, const ProNEOptions& options,
                     const Context& context, Matrix& vectors) {
  const std::vector<double> c = prone_coefficients(options.order, options.theta);
  const FilterWalk walk(graph, degrees, options.mu, context);
  const int64_t n = vectors.rows(), dim = vectors.cols();
  // T_0 = E, T_1 = M M E / 2 - E, T_{i+1} = M M T_i - 2 T_i - T_{i-1}; `rest` becomes E - sum_i c_i T_i.
  Matrix before = std::move(vectors), once(n, dim), twice(n, dim), current(n, dim), rest(n, dim);
  const auto multiply_twice = [&](const Matrix& x) {  // but for the node's own part of the second product
    walk.hop(x, once);
    combine(context, {times(1, once), walk.own(x)}, once);
    walk.hop(once, twice);
  };
  combine(context, {times(1 - c[0], before)}, rest);
  multiply_twice(before);
  combine(context, {times(1, twice), walk.own(once)}, current);
  combine(context, {times(0.5, current), times(-1, before)}, current, -c[1], &rest);
  for (int i = 2; i < options.order; ++i) {
    context.advance("propagation", i, options.order, "terms");
    multiply_twice(current);
    combine(context, {times(1, twice), walk.own(once), times(-2, current), times(-1, before)}, before,
            -c[static_cast<size_t>(i)], &rest);
    std::swap(before, current);
  }
  multiply_sparse(context, adjacency(graph), {}, rest, once.mutable_data<float>());
  combine(context, {times(1, rest), times(1, once)}, rest);
  vectors = std::move(rest);
}

}  // namespace whitney::graph
