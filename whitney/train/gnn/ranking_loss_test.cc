#include "whitney/train/gnn/ranking_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "whitney/train/nn/gradient_check.h"

namespace whitney::gnn {
namespace {

/// Two queries; the last wrong answer of the second does not count.
RankedScores two_queries() {
  RankedScores scores;
  scores.answers = torch::tensor({{0.5}, {0.25}}, torch::kFloat64);
  scores.wrong = torch::tensor({{0.75, -1.0}, {0.5, 9.0}}, torch::kFloat64);
  scores.counts = torch::tensor({{true, true}, {true, false}});
  return scores;
}

TEST(RankingLoss, MarginIsTheMeanOverWrongAnswersThatCount) {
  // .75 - .5 + .1 of two, and .5 - .25 + .1 of one.
  EXPECT_NEAR(max_margin_loss(two_queries(), 0.1).item<double>(), 0.35 / 2 + 0.35, 1e-12);
}

TEST(RankingLoss, SoftmaxIsTheAnswersSurpriseAmongThoseThatCount) {
  const double first = std::log(std::exp(1) + std::exp(1.5) + std::exp(-2)) - 1;
  const double second = std::log(std::exp(0.5) + std::exp(1)) - 0.5;
  EXPECT_NEAR(sampled_softmax_loss(two_queries(), 0.5).item<double>(), first + second, 1e-12);
}

TEST(RankingLoss, GradientsAgreeWithCentralDifferences) {
  RankedScores scores = two_queries();
  scores.answers.requires_grad_();
  scores.wrong.requires_grad_();
  for (const bool softmax : {false, true}) {
    const auto loss = [&] {
      return softmax ? sampled_softmax_loss(scores, 0.5) : max_margin_loss(scores, 0.1);
    };
    const nn::GradientCheck check = nn::check_gradients(loss, {scores.answers, scores.wrong}, 1e-6, 10);
    EXPECT_LT(check.worst_error, 1e-6) << check.where << ", softmax: " << softmax;
  }
}

}  // namespace
}  // namespace whitney::gnn
