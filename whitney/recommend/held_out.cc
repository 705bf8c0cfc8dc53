#include "whitney/recommend/held_out.h"

#include <algorithm>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {

InteractionsSplit hold_out(const Interactions& events, double share, const Context& context) {
  InteractionsSplit parts = split_interactions(events, {.test_share = 0, .validation_share = share}, context);
  if (share > 0 && parts.validation.size() == 0) {
    fail(events.where(), "no user has enough items to hold out a share of ", share,
         " for validation; give a larger share, or 0 to run all epochs");
  }
  return parts;
}

double held_out_recall(const Factors& factors, const Interactions& train, const Interactions& held_out,
                       const Context& context) {
  constexpr int64_t kListed = 20;
  const auto recommender = factor_recommender(factors.users, factors.items);
  std::vector<uint32_t> users;
  for (int64_t user = 0; user < held_out.num_users(); ++user) {
    if (held_out.degree(user) > 0) users.push_back(static_cast<uint32_t>(user));
  }
  const Interactions* const seen[] = {&train};
  Context quiet = context;
  quiet.progress = nullptr;
  const auto lists = recommend(*recommender, users, kListed, seen, quiet);
  double sum = 0;
  for (size_t i = 0; i < users.size(); ++i) {
    const auto wanted = held_out.items_of(users[i]);
    const auto hits = std::ranges::count_if(
        lists[i], [&](const ScoredItem& item) { return std::ranges::binary_search(wanted, item.item); });
    sum += static_cast<double>(hits) / static_cast<double>(wanted.size());
  }
  return users.empty() ? 0 : sum / static_cast<double>(users.size());
}

Value BestEpoch::to_value(bool is_refitted) const {
  Value value = Value::object({{"epochs", epochs},
                               {"stopped_early", stopped_early},
                               {"best_epoch", best_epoch},
                               {"metric", "recall@20"},
                               {"best_value", recall},
                               {"split_checksum", split_checksum}});
  if (is_refitted) value.set("refit_epochs", best_epoch);
  return value;
}

}  // namespace whitney::recommend
