#include "whitney/eval/ranking_quality.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/eval/ranking_metrics.h"

namespace whitney::eval {
namespace {

/// Grades of a list's items: 1 for those that are wanted.
std::vector<int64_t> grades_of(std::span<const recommend::ScoredItem> list,
                               std::span<const uint32_t> wanted) {
  std::vector<int64_t> grades;
  for (const recommend::ScoredItem& scored : list)
    grades.push_back(std::ranges::binary_search(wanted, scored.item) ? 1 : 0);
  return grades;
}

/// What lists hold, whoever they are for.
void describe_spread(std::vector<int64_t> times_listed, const std::vector<int64_t>& degrees,
                     UserQualities& result) {
  const auto num_items = static_cast<double>(times_listed.size());
  double places = 0;
  for (size_t item = 0; item < times_listed.size(); ++item) {
    const auto times = static_cast<double>(times_listed[item]), users = static_cast<double>(degrees[item]);
    places += times;
    result.coverage += times > 0 ? 1 / num_items : 0;
    result.popularity += times * std::log2(std::max(users, 1.0));
    result.average_popularity += times * users;
  }
  if (places == 0) return;
  result.popularity /= places;
  result.average_popularity /= places;
  std::ranges::sort(times_listed);
  for (size_t i = 0; i < times_listed.size(); ++i)
    result.gini += (2 * static_cast<double>(i) + 1 - num_items) * static_cast<double>(times_listed[i]) /
                   (num_items * places);
}

}  // namespace

UserQualities list_qualities(std::span<const uint32_t> users,
                             const std::vector<std::vector<recommend::ScoredItem>>& lists,
                             const Interactions& test, const Interactions& train, int64_t k) {
  WHITNEY_CHECK(users.size() == lists.size() && k > 0 && k <= INT32_MAX);
  const int cutoffs[] = {static_cast<int>(k)};
  const std::vector<int64_t> degrees = item_degrees(train);
  std::vector<int64_t> times_listed(static_cast<size_t>(test.num_items()));
  UserQualities result;
  for (size_t i = 0; i < users.size(); ++i) {
    const auto wanted = test.items_of(users[i]);
    if (wanted.empty()) continue;
    const std::span list = std::span(lists[i]).first(std::min(lists[i].size(), static_cast<size_t>(k)));
    const std::vector<int64_t> judged(wanted.size(), 1);
    const RankingFigures figures = ranking_figures(grades_of(list, wanted), judged, cutoffs);
    const auto all = static_cast<double>(wanted.size());
    result.users.push_back(users[i]);
    result.recall.push_back(figures.recall[0]);
    result.precision.push_back(figures.precision[0]);
    result.ndcg.push_back(figures.ndcg[0]);
    result.hit.push_back(figures.recall[0] > 0 ? 1 : 0);
    result.mrr.push_back(figures.reciprocal_rank);
    // Over what a list of k could hold, where trec_eval's is over all that is wanted.
    result.map.push_back(figures.average_precision * all / std::min(all, static_cast<double>(k)));
    for (const recommend::ScoredItem& scored : list) ++times_listed[scored.item];
  }
  describe_spread(times_listed, degrees, result);
  return result;
}

std::vector<double> ndcg_ngcf(std::span<const uint32_t> users,
                              const std::vector<std::vector<recommend::ScoredItem>>& lists,
                              const Interactions& test, int64_t k) {
  WHITNEY_CHECK(users.size() == lists.size() && k > 0 && k <= INT32_MAX);
  const int cutoffs[] = {static_cast<int>(k)};
  std::vector<double> result;
  for (size_t i = 0; i < users.size(); ++i) {
    const auto wanted = test.items_of(users[i]);
    if (wanted.empty()) continue;
    const std::vector<int64_t> grades = grades_of(lists[i], wanted);
    result.push_back(ranking_figures(grades, grades, cutoffs).ndcg[0]);
  }
  return result;
}

UserQualities full_ranking(const recommend::Recommender& recommender,
                           std::span<const Interactions* const> seen, const Interactions& test, int64_t k,
                           const Context& context) {
  WHITNEY_CHECK(!seen.empty());
  std::vector<uint32_t> users;
  for (int64_t user = 0; user < test.num_users(); ++user) {
    if (test.degree(user) > 0) users.push_back(static_cast<uint32_t>(user));
  }
  const auto lists = recommend::recommend(recommender, users, k, seen, context);
  return list_qualities(users, lists, test, *seen[0], k);
}

double mean_of(std::span<const double> values) {
  return values.empty()
             ? 0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace whitney::eval
