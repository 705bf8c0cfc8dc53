#include "whitney/data/interactions_core.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

/// One side of the events: what is left of each row, and which rows go next.
class Side {
 public:
  Side(const Interactions& events, int64_t least) : events_(events), least_(std::max(least, int64_t{1})) {
    for (int64_t row = 0; row < events.num_users(); ++row) {
      degrees_.push_back(events.degree(row));
      if (degrees_.back() < least_) going_.push_back(static_cast<uint32_t>(row));
    }
  }
  /// Takes the rows away that must go, and their events from the other side.
  void peel(Side& other) {
    for (; !going_.empty();) {
      const uint32_t row = going_.back();
      going_.pop_back();
      for (const uint32_t target : events_.items_of(row)) other.lose_one(target);
    }
  }
  bool is_done() const { return going_.empty(); }
  bool keeps(int64_t row) const { return degrees_[static_cast<size_t>(row)] >= least_; }
  std::vector<int64_t> kept_rows() const {
    std::vector<int64_t> rows;
    for (int64_t row = 0; row < std::ssize(degrees_); ++row) {
      if (keeps(row)) rows.push_back(row);
    }
    return rows;
  }

 private:
  void lose_one(uint32_t row) {
    // Just below the bound for the first time: a row goes once.
    if (degrees_[row]-- == least_) going_.push_back(row);
  }

  const Interactions& events_;
  int64_t least_;
  std::vector<int64_t> degrees_;
  std::vector<uint32_t> going_;
};

}  // namespace

Interactions k_core(const Interactions& events, int64_t user_events, int64_t item_events,
                    const Context& context) {
  const Interactions of_items = transposed(events);
  Side users(events, user_events), items(of_items, item_events);
  while (!users.is_done() || !items.is_done()) {
    users.peel(items);
    items.peel(users);
  }
  const std::vector<int64_t> user_rows = users.kept_rows(), item_rows = items.kept_rows();
  if (user_rows.empty())
    fail(events.where(), "no part of the ", events.size(), " events has at least ", user_events,
         " for each user and ", item_events, " for each item; ask for fewer");
  std::vector<uint32_t> new_items(static_cast<size_t>(events.num_items()));
  for (size_t i = 0; i < item_rows.size(); ++i)
    new_items[static_cast<size_t>(item_rows[i])] = static_cast<uint32_t>(i);
  std::vector<uint32_t> user_of, item_of;
  std::vector<float> values;
  std::vector<int64_t> times;
  for (size_t i = 0; i < user_rows.size(); ++i) {
    for (int64_t e = events.offsets[user_rows[i]]; e < events.offsets[user_rows[i] + 1]; ++e) {
      if (!items.keeps(events.targets[e])) continue;
      user_of.push_back(static_cast<uint32_t>(i));
      item_of.push_back(new_items[events.targets[e]]);
      if (!events.values.empty()) values.push_back(events.values[e]);
      if (!events.times.empty()) times.push_back(events.times[e]);
    }
  }
  if (std::ssize(user_of) < events.size())
    context.note(concat(events.where(), events.num_users() - std::ssize(user_rows), " users and ",
                        events.num_items() - std::ssize(item_rows),
                        " items with too few events are left out, with ", events.size() - std::ssize(user_of),
                        " of ", events.size(), " events"));
  return build_interactions(events.users.select(user_rows), events.items.select(item_rows),
                            {user_of, item_of, values, times, events.source}, context);
}

Interactions core_of(Interactions events, const KCoreOptions& options, const Context& context) {
  if (options.min_user_events <= 1 && options.min_item_events <= 1) return events;
  return k_core(events, options.min_user_events, options.min_item_events, context);
}

}  // namespace whitney
