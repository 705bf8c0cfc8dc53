#include "whitney/recommend/bpr_triples.h"

#include <algorithm>
#include <span>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/shuffle_first.h"

namespace whitney::recommend {

std::vector<uint32_t> users_who_rank(const Interactions& events) {
  std::vector<uint32_t> users;
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const int64_t degree = events.degree(user);
    if (degree > 0 && degree < events.num_items()) users.push_back(static_cast<uint32_t>(user));
  }
  if (users.empty()) {
    fail(events.where(), "no pair of items can be ranked: none of ", events.num_users(),
         " users has some of ", events.num_items(), " items and lacks others");
  }
  return users;
}

BprSampler::BprSampler(const Interactions& events, uint64_t seed)
    : events_(events), seed_(seed), users_(users_who_rank(events)) {}

namespace {

BprTriples room_for(int64_t count) {
  const auto size = static_cast<size_t>(count);
  return {std::vector<uint32_t>(size), std::vector<uint32_t>(size), std::vector<uint32_t>(size)};
}

}  // namespace

void BprSampler::draw_items(uint32_t user, RandomStream& random, BprTriples& triples, int64_t at) const {
  const auto items = events_.items_of(user);
  const uint32_t positive = items[random.below(items.size())];
  uint32_t negative = positive;
  while (std::ranges::binary_search(items, negative)) {
    negative = static_cast<uint32_t>(random.below(static_cast<uint64_t>(events_.num_items())));
  }
  const auto place = static_cast<size_t>(at);
  triples.users[place] = user;
  triples.positives[place] = positive;
  triples.negatives[place] = negative;
}

BprTriples BprSampler::sample(int64_t first, int64_t count, const Context& context) const {
  constexpr int64_t kBlock = 1024;
  BprTriples triples = room_for(count);
  parallel_blocks(context, count, kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      RandomStream random(seed_, "bpr triples", static_cast<uint64_t>(first + i));
      draw_items(users_[random.below(users_.size())], random, triples, i);
    }
  });
  return triples;
}

std::vector<uint32_t> BprSampler::draw_users(int64_t batch_size, RandomStream& random) const {
  const auto size = static_cast<size_t>(batch_size);
  std::vector<uint32_t> drawn;
  if (size > users_.size()) {
    for (size_t i = 0; i < size; ++i) drawn.push_back(users_[random.below(users_.size())]);
    return drawn;
  }
  drawn = users_;
  shuffle_first(std::span(drawn), size, random);
  drawn.resize(size);
  return drawn;
}

BprTriples BprSampler::sample_batches(int64_t first, int64_t count, int64_t batch_size,
                                      const Context& context) const {
  BprTriples triples = room_for(count * batch_size);
  parallel_for(context, count, [&](int64_t batch) {
    RandomStream random(seed_, "bpr batches", static_cast<uint64_t>(first + batch));
    int64_t at = batch * batch_size;
    for (const uint32_t user : draw_users(batch_size, random)) draw_items(user, random, triples, at++);
  });
  return triples;
}

}  // namespace whitney::recommend
