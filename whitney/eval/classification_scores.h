#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/matrix.h"
#include "whitney/data/labels.h"
#include "whitney/eval/average_precision.h"

namespace whitney::eval {

/// Compares predicted with true labels of some rows, or of resamples of them.
class WHITNEY_API ClassificationScores {
 public:
  /// Shares of 1: all labels of a row right; F1 of all decisions; mean F1 of the labels; mean average
  /// precision of the labels that are true somewhere (0 when none is).
  static constexpr std::array<std::string_view, 4> kNames = {"accuracy", "micro_f1", "macro_f1",
                                                             "average_precision"};
  using Values = std::array<double, kNames.size()>;

  /// `rows` of the labels, and their scores: rows x labels. Single-label: the label of the highest score is
  /// predicted (equal ones: the smaller code); multi-label: all with a score above 0. Keeps no view of
  /// scores.
  ClassificationScores(const Labels& labels, std::span<const int64_t> rows, const MatrixView& scores,
                       bool multi_label);

  int64_t num_rows() const { return std::ssize(truth_); }
  /// The values over rows given by number; a number may stand several times.
  Values values(std::span<const int64_t> rows) const;
  /// The values over each row once.
  Values values() const;

 private:
  using LabelSet = std::vector<uint32_t>;
  std::vector<LabelSet> truth_, predicted_;
  std::vector<AveragePrecision> rankings_;
  int64_t num_labels_;
};

}  // namespace whitney::eval
