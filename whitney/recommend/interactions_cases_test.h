#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/random.h"
#include "whitney/data/interactions_reader.h"

namespace whitney::recommend {

/// Keeps what is said, and asks a run to stop once so many units are done.
class Listener : public Progress {
 public:
  explicit Listener(int64_t stop_after = -1) : stop_after_(stop_after) {}
  void advance(std::string_view, int64_t done, int64_t, std::string_view) override {
    if (done == stop_after_) token.request();
  }
  void note(std::string_view sentence) override { (notes += sentence) += '\n'; }
  Context context() {
    Context result;
    result.progress = this;
    result.cancellation = &token;
    return result;
  }
  CancellationToken token;
  std::string notes;

 private:
  int64_t stop_after_;
};

struct Split {
  Interactions train, test;
};

/// The training and test events of a real data set; nothing where it is absent.
inline std::optional<Split> read_split(const std::string& name) {
  const char* root = std::getenv("WHITNEY_DATA");
  if (root == nullptr) return std::nullopt;
  const std::string folder = std::string(root) + "/" + name;
  const bool is_list = std::filesystem::exists(folder + "/train.txt.gz");
  const std::string train = folder + (is_list ? "/train.txt.gz" : "/data1.txt.gz"),
                    test = folder + (is_list ? "/test.txt.gz" : "/test1.txt.gz");
  if (!std::filesystem::exists(train)) return std::nullopt;
  auto both = read_interactions({train, test}, {}, {});
  return Split{std::move(both[0]), std::move(both[1])};
}

/// Users 0 and 1 share item 1; user 2 is apart with item 3.
inline Interactions small_events() {
  const std::vector<uint32_t> users = {0, 0, 1, 1, 2}, items = {0, 1, 1, 2, 3};
  return build_interactions(Ids::row_numbers(4), Ids::row_numbers(5), {users, items, {}, {}}, {});
}

/// Events of pairs of a user and an item.
inline Interactions events_of(int64_t users, int64_t items,
                              const std::vector<std::pair<uint32_t, uint32_t>>& pairs) {
  std::vector<uint32_t> user_rows, item_rows;
  for (const auto& [user, item] : pairs) user_rows.push_back(user), item_rows.push_back(item);
  return build_interactions(Ids::row_numbers(users), Ids::row_numbers(items), {user_rows, item_rows, {}, {}},
                            {});
}

/// Events of groups: users take items of their own group, mostly.
inline Interactions grouped_events(int64_t users, int64_t items, int64_t groups, uint64_t seed) {
  RandomStream random(seed, "grouped events", 0);
  std::vector<uint32_t> user_rows, item_rows;
  for (int64_t user = 0; user < users; ++user) {
    for (int i = 0; i < 8; ++i) {
      auto item = static_cast<int64_t>(random.below(static_cast<uint64_t>(items)));
      if (random.uniform() < 0.8) item = item / groups * groups + user % groups;
      if (item >= items) continue;
      user_rows.push_back(static_cast<uint32_t>(user));
      item_rows.push_back(static_cast<uint32_t>(item));
    }
  }
  return build_interactions(Ids::row_numbers(users), Ids::row_numbers(items), {user_rows, item_rows, {}, {}},
                            {});
}

}  // namespace whitney::recommend
