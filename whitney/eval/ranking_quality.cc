#include "whitney/eval/ranking_quality.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "whitney/core/error.h"

namespace whitney::eval {
namespace {

double discount(int64_t rank) { return 1 / std::log2(static_cast<double>(rank) + 1); }

/// Qualities of one list.
struct Quality {
  double gain = 0, precisions = 0, first = 0;
  int64_t hits = 0;
};

Quality quality_of(std::span<const recommend::ScoredItem> list, std::span<const uint32_t> wanted) {
  Quality quality;
  for (size_t place = 0; place < list.size(); ++place) {
    if (!std::ranges::binary_search(wanted, list[place].item)) continue;
    const auto rank = static_cast<int64_t>(place) + 1;
    ++quality.hits;
    quality.gain += discount(rank);
    quality.precisions += static_cast<double>(quality.hits) / static_cast<double>(rank);
    if (quality.hits == 1) quality.first = 1 / static_cast<double>(rank);
  }
  return quality;
}

}  // namespace

UserQualities list_qualities(std::span<const uint32_t> users,
                             const std::vector<std::vector<recommend::ScoredItem>>& lists,
                             const Interactions& test, const Interactions& train, int64_t k) {
  WHITNEY_CHECK(users.size() == lists.size() && k > 0);
  std::vector<double> ideal = {0};
  for (int64_t rank = 1; rank <= k; ++rank) ideal.push_back(ideal.back() + discount(rank));
  const std::vector<int64_t> degrees = item_degrees(train);
  std::vector<uint8_t> is_listed(static_cast<size_t>(test.num_items()));
  UserQualities result;
  double popularity = 0;
  int64_t num_listed = 0;
  for (size_t i = 0; i < users.size(); ++i) {
    const auto wanted = test.items_of(users[i]);
    if (wanted.empty()) continue;
    const std::span list = std::span(lists[i]).first(std::min(lists[i].size(), static_cast<size_t>(k)));
    const Quality quality = quality_of(list, wanted);
    const auto best = static_cast<double>(std::min<int64_t>(k, std::ssize(wanted)));
    result.users.push_back(users[i]);
    result.recall.push_back(static_cast<double>(quality.hits) / static_cast<double>(wanted.size()));
    result.precision.push_back(static_cast<double>(quality.hits) / static_cast<double>(k));
    result.ndcg.push_back(quality.gain / ideal[static_cast<size_t>(best)]);
    result.hit.push_back(quality.hits > 0 ? 1 : 0);
    result.mrr.push_back(quality.first);
    result.map.push_back(quality.precisions / best);
    for (const recommend::ScoredItem& scored : list) {
      is_listed[scored.item] = 1;
      popularity += std::log2(static_cast<double>(std::max<int64_t>(degrees[scored.item], 1)));
    }
    num_listed += std::ssize(list);
  }
  const auto listed = std::accumulate(is_listed.begin(), is_listed.end(), int64_t{0});
  if (!is_listed.empty())
    result.coverage = static_cast<double>(listed) / static_cast<double>(is_listed.size());
  if (num_listed > 0) result.popularity = popularity / static_cast<double>(num_listed);
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
