#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "whitney/train/nn/parameters.h"
#include "whitney/train/nn/training_options.h"

namespace whitney::nn {

/// The running mean of parameters that AveragingOptions describe: over steps (ema) or ends of epochs (swa).
class Average {
 public:
  explicit Average(const TrainingOptions& options) : options_(options) {}

  void after_step(const Parameters& parameters);
  /// `epoch` from 0: the one that has ended. A second time for the same epoch does nothing.
  void after_epoch(const Parameters& parameters, int64_t epoch);
  /// Whether there is anything to evaluate instead of the parameters.
  bool exists() const { return count_ > 0; }
  /// Puts the average in the parameters' place, and what they were in its own; the second time undoes the
  /// first.
  void swap_with(const Parameters& parameters);

  /// For checkpoints: the tensors by the parameters' names, and how many were taken into them.
  std::vector<NamedTensor> state(const Parameters& parameters) const;
  int64_t count() const { return count_; }
  void load_state(const std::vector<NamedTensor>& state, int64_t count, const Parameters& parameters,
                  std::string_view where);

 private:
  void take(std::optional<double> share, const Parameters& parameters);

  TrainingOptions options_;
  std::vector<torch::Tensor> values_;
  int64_t count_ = 0;
};

/// The mean of several trained parameters of one model, tensor by tensor (a "uniform soup": Wortsman et al.
/// 2022, arXiv 2203.05482). Throws Error when their names or shapes differ.
std::vector<NamedTensor> soup(const std::vector<std::vector<NamedTensor>>& ingredients);

/// As soup, of those ingredients that help: the best one first, then each in the order of its own `score`
/// (higher is better) that does not lower the score of the mean (the paper's greedy soup, section 2). Gives
/// the places of those taken through `taken` when it is not null.
std::vector<NamedTensor> greedy_soup(const std::vector<std::vector<NamedTensor>>& ingredients,
                                     const std::function<double(const std::vector<NamedTensor>&)>& score,
                                     std::vector<size_t>* taken = nullptr);

}  // namespace whitney::nn
