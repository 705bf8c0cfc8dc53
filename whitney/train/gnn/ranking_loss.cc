#include "whitney/train/gnn/ranking_loss.h"

#include <limits>

namespace whitney::gnn {

torch::Tensor max_margin_loss(const RankedScores& scores, double margin) {
  const torch::Tensor counts = scores.counts.to(scores.wrong.dtype());
  const torch::Tensor sums = (torch::relu(scores.wrong - (scores.answers - margin)) * counts).sum(1);
  return (sums / counts.sum(1).clamp_min(1)).sum();
}

torch::Tensor sampled_softmax_loss(const RankedScores& scores, double temperature) {
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  const torch::Tensor wrong = scores.wrong.masked_fill(scores.counts.logical_not(), kNever);
  const torch::Tensor all = torch::cat({scores.answers, wrong}, 1) / temperature;
  return (torch::logsumexp(all, 1) - scores.answers.squeeze(1) / temperature).sum();
}

}  // namespace whitney::gnn
