#pragma once

#include "whitney/train/nn/torch.h"

namespace whitney::gnn {

/// Scores of B queries: with their answers (B x 1), with N wrong answers (B x N), and which of these count
/// (B x N of true and false: a draw may be the answer itself).
struct RankedScores {
  torch::Tensor answers, wrong, counts;
};

/// The max-margin loss of each query, the mean of max(0, wrong - answer + margin) over the wrong answers that
/// count, summed up (PinSage, arXiv 1806.01973, eq. 1).
torch::Tensor max_margin_loss(const RankedScores& scores, double margin);

/// The sampled softmax of each query, -log of the answer's share of exp(score / temperature) among it and the
/// wrong answers that count, summed up. Where the max-margin counts every wrong answer within the margin
/// alike, this one counts those most that are nearest: the head of a list.
torch::Tensor sampled_softmax_loss(const RankedScores& scores, double temperature);

}  // namespace whitney::gnn
