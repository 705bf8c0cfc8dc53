#include "whitney/eval/classification_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/eval/f1_score.h"
#include "whitney/eval/labelled_rows.h"

namespace whitney::eval {
namespace {

std::vector<uint32_t> predicted_labels(std::span<const float> scores, bool multi_label) {
  std::vector<uint32_t> codes;
  if (!multi_label) {
    codes.push_back(static_cast<uint32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin()));
    return codes;
  }
  for (size_t code = 0; code < scores.size(); ++code) {
    if (scores[code] > 0) codes.push_back(static_cast<uint32_t>(code));
  }
  return codes;
}

}  // namespace

ClassificationScores::ClassificationScores(const Labels& labels, std::span<const int64_t> rows,
                                           const MatrixView& scores, bool multi_label)
    : num_labels_(std::ssize(labels.names)) {
  WHITNEY_CHECK(scores.rows == std::ssize(rows) && scores.cols == num_labels_, "scores of rows and labels");
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto codes = labels_of(labels, rows[i]);
    truth_.emplace_back(codes.begin(), codes.end());
    predicted_.push_back(predicted_labels(scores.row<float>(static_cast<int64_t>(i)), multi_label));
  }
  const std::vector<uint8_t> targets = targets_of(labels, rows);
  std::vector<float> column(rows.size());
  for (size_t code = 0; code < labels.names.size(); ++code) {
    const auto relevant = std::span(targets).subspan(code * rows.size(), rows.size());
    if (std::find(relevant.begin(), relevant.end(), 1) == relevant.end()) continue;
    for (size_t i = 0; i < rows.size(); ++i) column[i] = scores.row<float>(static_cast<int64_t>(i))[code];
    rankings_.emplace_back(column, relevant);
  }
}

ClassificationScores::Values ClassificationScores::values(std::span<const int64_t> rows) const {
  F1Counts counts(num_labels_);
  std::vector<int64_t> weights(truth_.size());
  int64_t num_right = 0;
  for (int64_t row : rows) {
    const auto i = static_cast<size_t>(row);
    counts.add(truth_[i], predicted_[i]);
    num_right += truth_[i] == predicted_[i] ? 1 : 0;
    ++weights[i];
  }
  double sum = 0;
  int64_t num_defined = 0;
  for (const AveragePrecision& ranking : rankings_) {
    const double value = ranking.value(weights);
    if (std::isnan(value)) continue;  // this resample lacks the label
    sum += value;
    ++num_defined;
  }
  const double accuracy =
      rows.empty() ? 0 : static_cast<double>(num_right) / static_cast<double>(rows.size());
  return {accuracy, counts.micro(), counts.macro_of_seen(),
          num_defined == 0 ? 0 : sum / static_cast<double>(num_defined)};
}

ClassificationScores::Values ClassificationScores::values() const {
  std::vector<int64_t> all(truth_.size());
  std::iota(all.begin(), all.end(), 0);
  return values(all);
}

}  // namespace whitney::eval
