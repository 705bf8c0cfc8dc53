#include "whitney/recommend/ease.h"

#include <eigen3/Eigen/Cholesky>
#include <eigen3/Eigen/Core>

#include "whitney/core/error.h"
#include "whitney/data/learner.h"

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
  ItemWeights result{Array<int64_t>(m + 1), Array<uint32_t>(m * m), Array<float>(m * m)};
  int64_t* offset = result.offsets.mutable_data();
  uint32_t* item = result.items.mutable_data();
  float* weight = result.weights.mutable_data();
  *offset++ = 0;
  for (int64_t i = 0; i < m; ++i) {
    *offset++ = (i + 1) * m;
    for (int64_t j = 0; j < m; ++j) {
      *item++ = static_cast<uint32_t>(j);
      *weight++ = i == j ? 0.0F : static_cast<float>(-inverse(i, j) / inverse(j, j));
    }
  }
  return result;
}

namespace {

RecommenderModel learn_ease(const Interactions& events, const EaseOptions& options, const Context& context) {
  return {history_of(events), ease(events, options, context)};
}

CostEstimate estimate_ease(const DataSize& size, const EaseOptions& /*options*/, const Context& /*context*/) {
  const double m = static_cast<double>(size.num_items);
  // The inverse and what it is solved into, float64; the weights beside one of them are no more.
  constexpr double kMultiplyAddsPerSecond = 5e9;
  return {interactions_bytes(size) + static_cast<int64_t>(16 * m * m),
          m * m * m * 4 / 3 / kMultiplyAddsPerSecond};
}

// clang-format off
const bool registered = register_recommender<EaseOptions>(
    {.name = "ease",
     .class_name = "EASE",
     .summary = "Recommends by the item weights of least squared error that leave an item out of its own score, in closed form",
     .description =
         "Predicts each item of a user from the user's other items by ridge regression, for all items at once: the inverse "
         "of the items' Gram matrix gives all weights. One number to tune. Good on few items with many events each; memory "
         "grows by their square (16 bytes a pair: 10,000 items take 1.6 GB), time by their third power.\n"
         "Values and times of events are not looked at.",
     .source = "Steck: Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, arXiv 1905.03375",
     .example = "whitney learn ease events.tsv -o model.safetensors --regularization 100"},
    learn_ease, estimate_ease);
// clang-format on

}  // namespace

}  // namespace whitney::recommend
