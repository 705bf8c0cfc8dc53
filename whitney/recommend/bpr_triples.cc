#include "whitney/recommend/bpr_triples.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"

namespace whitney::recommend {

BprSampler::BprSampler(const Interactions& events, uint64_t seed) : events_(events), seed_(seed) {
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const int64_t degree = events.degree(user);
    if (degree > 0 && degree < events.num_items()) users_.push_back(static_cast<uint32_t>(user));
  }
  if (users_.empty()) {
    fail("no pair of items can be ranked: none of ", events.num_users(), " users has some of ",
         events.num_items(), " items and lacks others");
  }
}

BprTriples BprSampler::sample(int64_t first, int64_t count, const Context& context) const {
  constexpr int64_t kBlock = 1024;
  const auto size = static_cast<size_t>(count);
  BprTriples triples{std::vector<uint32_t>(size), std::vector<uint32_t>(size), std::vector<uint32_t>(size)};
  parallel_blocks(context, count, kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      RandomStream random(seed_, "bpr triples", static_cast<uint64_t>(first + i));
      const uint32_t user = users_[random.below(users_.size())];
      const auto items = events_.items_of(user);
      const uint32_t positive = items[random.below(items.size())];
      uint32_t negative = positive;
      while (std::ranges::binary_search(items, negative)) {
        negative = static_cast<uint32_t>(random.below(static_cast<uint64_t>(events_.num_items())));
      }
      const auto at = static_cast<size_t>(i);
      triples.users[at] = user;
      triples.positives[at] = positive;
      triples.negatives[at] = negative;
    }
  });
  return triples;
}

}  // namespace whitney::recommend
