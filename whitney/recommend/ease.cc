#include "whitney/recommend/ease.h"

#include <eigen3/Eigen/Cholesky>
#include <eigen3/Eigen/Core>
#include <numeric>

#include "whitney/core/error.h"

namespace whitney::recommend {
namespace {

constexpr int64_t kMostItems = 40'000;

/// R^T R: how many users two items share.
Eigen::MatrixXd gram_of(const Interactions& events) {
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(events.num_items(), events.num_items());
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const auto items = events.items_of(user);
    for (const uint32_t i : items) {
      for (const uint32_t j : items) gram(i, j) += 1;
    }
  }
  return gram;
}

}  // namespace

ItemWeights ease(const Interactions& events, const EaseOptions& options, const Context& context) {
  const int64_t m = events.num_items();
  if (m > kMostItems)
    fail("ease needs a dense matrix of ", m, " x ", m, " items (expected: at most ", kMostItems, ")");
  Eigen::MatrixXd inverse = gram_of(events);
  inverse.diagonal().array() += options.regularization;
  context.check_cancelled();
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(inverse);
  inverse = factor.solve(Eigen::MatrixXd::Identity(m, m)).eval();
  ItemWeights result;
  result.offsets.resize(static_cast<size_t>(m) + 1);
  result.items.resize(static_cast<size_t>(m * m));
  result.weights.resize(result.items.size());
  for (int64_t i = 0; i < m; ++i) {
    result.offsets[static_cast<size_t>(i) + 1] = (i + 1) * m;
    for (int64_t j = 0; j < m; ++j) {
      const auto at = static_cast<size_t>(i * m + j);
      result.items[at] = static_cast<uint32_t>(j);
      result.weights[at] = i == j ? 0.0F : static_cast<float>(-inverse(i, j) / inverse(j, j));
    }
  }
  return result;
}

}  // namespace whitney::recommend
