#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// Counts right and wrong predictions of each label over rows of label sets.
class WHITNEY_API F1Counts {
 public:
  explicit F1Counts(int64_t num_labels) : counts_(static_cast<size_t>(num_labels)) {}

  /// Adds one row: the labels that are true and those predicted, both ascending and distinct.
  void add(std::span<const uint32_t> truth, std::span<const uint32_t> predicted);

  /// F1 of all decisions together: 2 tp / (2 tp + fp + fn) of the sums; 0 when there is nothing to count.
  double micro() const;
  /// Mean over all labels of 2 tp / (2 tp + fp + fn); a label that is neither true nor predicted in any row
  /// counts 0. So scikit-learn scores an indicator matrix of all labels of the data, which DeepWalk's script
  /// gives it.
  double macro() const;
  /// The same over the labels that are true or predicted in some row: what scikit-learn scores where each row
  /// has one label, for it knows of no others.
  double macro_of_seen() const;

 private:
  struct Counts {
    int64_t true_positives = 0, false_positives = 0, false_negatives = 0;
  };
  double sum_of_f1() const;

  std::vector<Counts> counts_;
};

}  // namespace whitney::eval
