#include "whitney/eval/f1_score.h"

#include <algorithm>

namespace whitney::eval {
namespace {

double f1(int64_t true_positives, int64_t wrong) {
  const int64_t all = 2 * true_positives + wrong;
  return all == 0 ? 0 : 2 * static_cast<double>(true_positives) / static_cast<double>(all);
}

}  // namespace

void F1Counts::add(std::span<const uint32_t> truth, std::span<const uint32_t> predicted) {
  size_t t = 0, p = 0;
  while (t < truth.size() || p < predicted.size()) {
    if (p == predicted.size() || (t < truth.size() && truth[t] < predicted[p])) {
      ++counts_[truth[t++]].false_negatives;
    } else if (t == truth.size() || predicted[p] < truth[t]) {
      ++counts_[predicted[p++]].false_positives;
    } else {
      ++counts_[truth[t++]].true_positives;
      ++p;
    }
  }
}

double F1Counts::micro() const {
  int64_t true_positives = 0, wrong = 0;
  for (const Counts& label : counts_) {
    true_positives += label.true_positives;
    wrong += label.false_positives + label.false_negatives;
  }
  return f1(true_positives, wrong);
}

double F1Counts::macro() const {
  return counts_.empty() ? 0 : sum_of_f1() / static_cast<double>(counts_.size());
}

double F1Counts::macro_of_seen() const {
  const auto seen = std::ranges::count_if(counts_, [](const Counts& label) {
    return label.true_positives + label.false_positives + label.false_negatives > 0;
  });
  return seen == 0 ? 0 : sum_of_f1() / static_cast<double>(seen);
}

double F1Counts::sum_of_f1() const {
  double sum = 0;
  for (const Counts& label : counts_)
    sum += f1(label.true_positives, label.false_positives + label.false_negatives);
  return sum;
}

}  // namespace whitney::eval
