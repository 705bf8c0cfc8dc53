#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/recommend/recommender.h"

namespace whitney::eval {

/// How well the first k items of each user's list meet what the user took afterwards (card of NGCF, full
/// ranking). One entry for each user with an item in `test`; with T_u these items and R_k the list:
///   recall     |R_k and T_u| / |T_u|          precision  |R_k and T_u| / k
///   ndcg       sum of 1 / log2(r + 1) over hits at ranks r, over the same sum of min(k, |T_u|) first ranks
///   hit        1 where there is a hit         mrr        1 / rank of the first hit, 0 without one
///   map        mean over hits of the precision at their ranks, over min(k, |T_u|)
struct UserQualities {
  std::vector<uint32_t> users;
  std::vector<double> recall, precision, ndcg, hit, mrr, map;
  /// Share of all items that stand in some list, and the mean over listed places of log2 of the users that an
  /// item has in the training set (items without any count 0).
  double coverage = 0, popularity = 0;
  /// The mean over listed places of that number itself (ARP), and Gini's coefficient of how often items are
  /// listed: 0 where all are as often, near 1 where a few fill all lists.
  double average_popularity = 0, gini = 0;
};

/// The quality of lists, best first, for users in the order of `users`; test: users x items.
WHITNEY_API UserQualities list_qualities(std::span<const uint32_t> users,
                                         const std::vector<std::vector<recommend::ScoredItem>>& lists,
                                         const Interactions& test, const Interactions& train, int64_t k);

/// Ranks all items for every user of `test` but those of `seen`, of which the first is the training set.
WHITNEY_API UserQualities full_ranking(const recommend::Recommender& recommender,
                                       std::span<const Interactions* const> seen, const Interactions& test,
                                       int64_t k, const Context& context);

/// nDCG at k as the repository of NGCF counts it (`ndcg_at_k` of its metrics.py), to compare with figures
/// that were measured so: the ideal are the hits of the list itself, which there holds max(Ks) items, 100,
/// and not all that the user took. It is 1 where all hits come first, however few they are, and so above
/// ndcg. lists as above, as deep as the ideal is to look; one value for each user with an item in `test`.
WHITNEY_API std::vector<double> ndcg_ngcf(std::span<const uint32_t> users,
                                          const std::vector<std::vector<recommend::ScoredItem>>& lists,
                                          const Interactions& test, int64_t k);

WHITNEY_API double mean_of(std::span<const double> values);

}  // namespace whitney::eval
