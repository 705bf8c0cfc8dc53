#include "whitney/eval/ranking_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "whitney/core/error.h"

namespace whitney::eval {
namespace {

double discounted_gain(std::span<const int64_t> grades, int cutoff) {
  double gain = 0;
  const size_t end = std::min(grades.size(), static_cast<size_t>(cutoff));
  for (size_t i = 0; i < end; ++i) {
    if (grades[i] > 0) gain += static_cast<double>(grades[i]) / std::log2(static_cast<double>(i) + 2);
  }
  return gain;
}

}  // namespace

RankingFigures ranking_figures(std::span<const int64_t> ranked, std::span<const int64_t> judged,
                               std::span<const int> cutoffs) {
  RankingFigures figures;
  std::vector<int64_t> ideal(judged.begin(), judged.end());
  std::ranges::sort(ideal, std::greater());
  const auto num_relevant =
      static_cast<double>(std::ranges::count_if(judged, [](int64_t grade) { return grade >= 1; }));
  // Relevant hits among the first i.
  std::vector<double> found(ranked.size() + 1);
  for (size_t i = 0; i < ranked.size(); ++i) {
    found[i + 1] = found[i] + (ranked[i] >= 1 ? 1 : 0);
    if (ranked[i] < 1) continue;
    const double precision = found[i + 1] / static_cast<double>(i + 1);
    if (figures.reciprocal_rank == 0) figures.reciprocal_rank = precision;
    figures.average_precision += precision / num_relevant;
  }
  for (const int cutoff : cutoffs) {
    const double hits = found[std::min(ranked.size(), static_cast<size_t>(cutoff))];
    const double best = discounted_gain(ideal, cutoff);
    figures.ndcg.push_back(best > 0 ? discounted_gain(ranked, cutoff) / best : 0);
    figures.recall.push_back(num_relevant > 0 ? hits / num_relevant : 0);
    figures.precision.push_back(hits / cutoff);
  }
  return figures;
}

double scaled_reciprocal_rank(std::span<const int64_t> ranks, int64_t scale) {
  if (scale < 1) fail("scale is ", scale, ", but ranks are scaled by 1 or more");
  double sum = 0;
  for (const int64_t rank : ranks) {
    if (rank < 1) fail("a rank is ", rank, ", but ranks begin at 1");
    const int64_t scaled = (rank - 1) / scale + 1;  // the ceiling, without overflow
    sum += 1 / static_cast<double>(scaled);
  }
  return ranks.empty() ? 0 : sum / static_cast<double>(ranks.size());
}

}  // namespace whitney::eval
