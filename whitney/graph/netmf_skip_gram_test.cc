#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/fast_random.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/netmf_matrix.h"
#include "whitney/text/skip_gram_step.h"

/// What skip-gram on walks learns, and what NetMF factorises (Qiu et al. 2018, theorem 2.3).
namespace whitney::graph {
namespace {

constexpr int64_t kNodes = 34;
constexpr int kWindow = 10;
constexpr double kNegatives = 5;

/// How often a centre u and a context c of an endless walk meet, as a share of all pairs: u by its degree,
/// and c after 1..window steps alike.
Dense pair_shares(const Graph& graph) {
  Dense step = dense_of(graph);
  std::vector<double> degrees;
  for (auto& row : step) {
    degrees.push_back(sum(row));
    for (double& x : row) x /= degrees.back();
  }
  const double volume = sum(degrees);
  Dense power = step, shares(step.size(), std::vector<double>(step.size()));
  for (int r = 1; r <= kWindow; ++r) {
    for (size_t u = 0; u < shares.size(); ++u) {
      for (size_t c = 0; c < shares.size(); ++c) shares[u][c] += degrees[u] / volume * power[u][c] / kWindow;
    }
    power = product(power, step);
  }
  return shares;
}

/// Vectors of full width that skip-gram's step has trained on every pair and on the noise of every pair, each
/// as often as it is expected, for some epochs.
struct FullExpectation {
  int64_t stride = text::skip_gram_stride(kNodes);
  Array<float> inputs = Array<float>(kNodes * stride, 0.0F), outputs = Array<float>(kNodes * stride, 0.0F);

  FullExpectation() {
    FastRandom random(42, "test", 0);
    for (int64_t i = 0; i < kNodes; ++i) {
      for (int64_t j = 0; j < kNodes; ++j) inputs.mutable_data()[i * stride + j] = random.uniform() - 0.5F;
    }
  }

  void train(const Dense& shares, int num_epochs, double rate) {
    std::vector<double> centres, contexts(shares.size());
    for (const auto& row : shares) {
      centres.push_back(sum(row));
      for (size_t c = 0; c < row.size(); ++c) contexts[c] += row[c];
    }
    const text::SkipGramTables tables{inputs.mutable_data(), outputs.mutable_data(), stride};
    for (int epoch = 0; epoch < num_epochs; ++epoch) {
      for (uint32_t u = 0; u < shares.size(); ++u) {
        for (uint32_t c = 0; c < shares.size(); ++c) {
          // Seen and noise together: a logistic regression of a label between the two.
          const double seen = shares[u][c], noise = kNegatives * centres[u] * contexts[c];
          const double weight = (seen + noise) / (1 + kNegatives) * kNodes * kNodes;
          const text::SkipGramRun run{u, 0, 1};
          const auto label = static_cast<float>(seen / (seen + noise));
          text::skip_gram_steps(tables, {&run, 1}, {&c, 1}, {&label, 1}, static_cast<float>(rate * weight));
        }
      }
    }
  }

  double product_of(int64_t u, int64_t c) const {
    double total = 0;
    for (int64_t j = 0; j < stride; ++j)
      total += double{inputs[u * stride + j]} * double{outputs[c * stride + j]};
    return total;
  }
};

TEST(NetMF, FactorisesWhatSkipGramConvergesTo) {
  const Graph graph = karate();
  FullExpectation skip_gram;
  skip_gram.train(pair_shares(graph), 10000, 0.05);
  const Context context;
  const std::vector<double> degrees = degrees_of(graph, context);
  const Matrix m = netmf_small_rows(graph, degrees, {.window = kWindow, .negatives = 1}, context)(0, kNodes);
  double largest = 0;
  for (int64_t u = 0; u < kNodes; ++u) {
    for (int64_t c = 0; c < kNodes; ++c) {
      const double observed = m.row<float>(u)[static_cast<size_t>(c)];
      ASSERT_GT(observed, 0);  // any two are within ten steps
      const double want = std::log(observed) - std::log(kNegatives);
      largest = std::max(largest, std::abs(skip_gram.product_of(u, c) - want));
    }
  }
  EXPECT_LT(largest, 0.1);
}

}  // namespace
}  // namespace whitney::graph
