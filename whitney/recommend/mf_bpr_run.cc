#include "whitney/recommend/mf_bpr_run.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/fast_random.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"
#include "whitney/recommend/bpr_steps.h"
#include "whitney/recommend/bpr_triples.h"

namespace whitney::recommend {
namespace {

constexpr int64_t kMostBlocks = 16, kLeastRows = 64;
/// A multiple of every level's lanes, and of a cache line.
constexpr int64_t kStripe = 16;
constexpr double kDeviation = 0.1;

struct Pair {
  uint32_t user, item;
};

/// Random vectors of rows that have events, zeros behind them and for others.
Array<float> random_table(const std::vector<bool>& has_events, int64_t dim, int64_t width,
                          const char* purpose, const Context& context) {
  const auto rows = std::ssize(has_events);
  Array<float> table(rows * width, 0.0F);
  float* values = table.mutable_data();
  parallel_blocks(context, rows, 256, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      if (!has_events[static_cast<size_t>(row)]) continue;
      RandomStream random(context.seed, purpose, static_cast<uint64_t>(row));
      for (int64_t j = 0; j < dim; ++j)
        values[row * width + j] = static_cast<float>(kDeviation * random.normal());
    }
  });
  return table;
}

Matrix without_padding(const Array<float>& table, int64_t dim, int64_t width) {
  return Matrix::copy_of({table.data(), table.size() / width, dim, width, DType::kF32});
}

bool is_finite(std::span<const float> values) {
  float sum = 0;  // of zeros, or no number
  for (const float value : values) sum += value - value;
  return sum == 0;
}

/// The row of the first vector that is no number; absent: all are numbers.
std::optional<int64_t> row_not_finite(const Array<float>& table, int64_t width) {
  if (is_finite(table.span())) return {};
  for (int64_t row = 0; row * width < table.size(); ++row) {
    if (!is_finite(table.span().subspan(static_cast<size_t>(row * width), static_cast<size_t>(width))))
      return row;
  }
  return {};
}

}  // namespace

class MfBprRun::Training {
 public:
  Training(const Interactions& events, const MfBprOptions& options, const Context& context)
      : events_(events), options_(options), context_(context) {
    users_who_rank(events);  // some, or there is nothing to learn
    for (int64_t user = 0; user < events.num_users(); ++user) {
      if (events.degree(user) > 0) active_users_.push_back(static_cast<uint32_t>(user));
    }
    items_.resize(static_cast<size_t>(events.num_items()));
    std::iota(items_.begin(), items_.end(), 0U);
    block_of_item_.resize(items_.size());
    num_blocks_ = std::clamp(std::min(std::ssize(active_users_), std::ssize(items_)) / kLeastRows, int64_t{1},
                             kMostBlocks);
    pairs_.resize(static_cast<size_t>(num_blocks_));
    begins_.resize(pairs_.size());
  }

  void run_epoch(int epoch, const BprTables& tables) {
    deal_items(epoch);
    parallel_for(context_, num_blocks_, [&](int64_t users) { draw_pairs(epoch, users); });
    for (int64_t round = 0; round < num_blocks_; ++round) {
      parallel_for(context_, num_blocks_,
                   [&](int64_t users) { train_block(epoch, users, (users + round) % num_blocks_, tables); });
    }
  }

 private:
  /// Where block `block` of n rows begins.
  int64_t begin_of(int64_t block, int64_t n) const { return n * block / num_blocks_; }

  /// One stream for each epoch and place of it.
  FastRandom random_of(const char* purpose, int epoch, int64_t place) const {
    return {context_.seed, purpose,
            static_cast<uint64_t>(epoch) * kMostBlocks * kMostBlocks + static_cast<uint64_t>(place)};
  }

  void deal_items(int epoch) {
    RandomStream(context_.seed, "mf_bpr items", static_cast<uint64_t>(epoch)).shuffle(std::span(items_));
    const auto num_items = std::ssize(items_);
    for (int64_t block = 0; block < num_blocks_; ++block) {
      for (int64_t i = begin_of(block, num_items); i < begin_of(block + 1, num_items); ++i)
        block_of_item_[items_[static_cast<size_t>(i)]] = static_cast<uint8_t>(block);
    }
  }

  /// The pairs that a block of users learns from in an epoch, by the block of the item.
  void draw_pairs(int epoch, int64_t users) {
    const int64_t num_users = std::ssize(active_users_), first = begin_of(users, num_users),
                  last = begin_of(users + 1, num_users);
    FastRandom random = random_of("mf_bpr pairs", epoch, users);
    std::vector<Pair> drawn;
    if (options_.sampling == BprSampling::kUniformUsers) {
      // As many as this block's share of the users.
      const int64_t count = events_.size() * last / num_users - events_.size() * first / num_users;
      drawn.reserve(static_cast<size_t>(count));
      for (int64_t i = 0; i < count; ++i) {
        const auto at = static_cast<size_t>(first) + below(random, last - first);
        const auto own = events_.items_of(active_users_[at]);
        drawn.push_back({active_users_[at], own[below(random, std::ssize(own))]});
      }
    } else {
      for (int64_t i = first; i < last; ++i) {
        const uint32_t user = active_users_[static_cast<size_t>(i)];
        for (const uint32_t item : events_.items_of(user)) drawn.push_back({user, item});
      }
      for (size_t i = drawn.size(); i > 1; --i)
        std::swap(drawn[i - 1], drawn[below(random, static_cast<int64_t>(i))]);
    }
    sort_by_item_block(drawn, users);
  }

  void sort_by_item_block(const std::vector<Pair>& drawn, int64_t users) {
    std::vector<int64_t>& begins = begins_[static_cast<size_t>(users)];
    begins.assign(static_cast<size_t>(num_blocks_) + 1, 0);
    for (const Pair& pair : drawn) ++begins[block_of_item_[pair.item] + size_t{1}];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<int64_t> next = begins;
    std::vector<Pair>& sorted = pairs_[static_cast<size_t>(users)];
    sorted.resize(drawn.size());
    for (const Pair& pair : drawn) sorted[static_cast<size_t>(next[block_of_item_[pair.item]]++)] = pair;
  }

  void train_block(int epoch, int64_t users, int64_t items, const BprTables& tables) const {
    const std::vector<int64_t>& begins = begins_[static_cast<size_t>(users)];
    const auto begin = static_cast<size_t>(begins[static_cast<size_t>(items)]),
               end = static_cast<size_t>(begins[static_cast<size_t>(items) + 1]);
    FastRandom random = random_of("mf_bpr others", epoch, users * num_blocks_ + items);
    // Short enough that triples and what they were drawn from stay in L1.
    constexpr size_t kRun = 512;
    std::vector<BprTriple> triples;
    triples.reserve(kRun);
    const std::span<const Pair> pairs =
        std::span(pairs_[static_cast<size_t>(users)]).subspan(begin, end - begin);
    for (size_t i = 0; i < pairs.size(); i += kRun) {
      triples.clear();
      for (const Pair& pair : pairs.subspan(i, std::min(kRun, pairs.size() - i)))
        add_triple(pair, items, random, triples);
      bpr_steps(triples, static_cast<float>(options_.learning_rate),
                static_cast<float>(options_.regularization), tables);
    }
  }

  /// With an item of the block that the user did not take. A user who took (nearly) all of a block learns
  /// nothing from it.
  void add_triple(const Pair& pair, int64_t items, FastRandom& random,
                  std::vector<BprTriple>& triples) const {
    constexpr int kMostTries = 64;
    const int64_t num_items = std::ssize(items_), first = begin_of(items, num_items),
                  count = begin_of(items + 1, num_items) - first;
    const auto own = events_.items_of(pair.user);
    for (int tries = 0; tries < kMostTries; ++tries) {
      const uint32_t other = items_[static_cast<size_t>(first) + below(random, count)];
      if (std::ranges::binary_search(own, other)) continue;
      triples.push_back({pair.user, pair.item, other});
      return;
    }
  }

  static size_t below(FastRandom& random, int64_t bound) {
    return place_and_rest(random.next_u64(), static_cast<uint64_t>(bound)).place;
  }

  const Interactions& events_;
  const MfBprOptions& options_;
  const Context& context_;
  int64_t num_blocks_ = 1;
  std::vector<uint32_t> active_users_;
  /// All items, one block behind the other, in the order of this epoch.
  std::vector<uint32_t> items_;
  std::vector<uint8_t> block_of_item_;
  /// Of each block of users, with the beginning of each block of items.
  std::vector<std::vector<Pair>> pairs_;
  std::vector<std::vector<int64_t>> begins_;
};

MfBprRun::MfBprRun(const Interactions& events, const MfBprOptions& options, const Context& context)
    : events_(events), options_(options) {
  check_simd_level();
  std::vector<bool> user_has_events, item_has_events;
  for (int64_t user = 0; user < events.num_users(); ++user)
    user_has_events.push_back(events.degree(user) > 0);
  for (const int64_t degree : item_degrees(events)) item_has_events.push_back(degree > 0);
  width_ = (options.dim + kStripe - 1) / kStripe * kStripe;
  users_ = random_table(user_has_events, options.dim, width_, "mf_bpr user vectors", context);
  items_ = random_table(item_has_events, options.dim, width_, "mf_bpr item vectors", context);
  training_ = std::make_unique<Training>(events, options, context);
}
MfBprRun::~MfBprRun() = default;

void MfBprRun::run_epoch() {
  training_->run_epoch(epoch_, {users_.mutable_data(), items_.mutable_data(), width_});
  ++epoch_;
  if (const auto user = row_not_finite(users_, width_)) fail_not_finite("user", events_.users.text(*user));
  if (const auto item = row_not_finite(items_, width_)) fail_not_finite("item", events_.items.text(*item));
}

void MfBprRun::fail_not_finite(const char* side, const std::string& id) const {
  fail("mf_bpr: the vector of the ", side, " \"", id, "\" is no longer a number after epoch ", epoch_,
       " (by step ", epoch_ * events_.size(), " of the training); try a smaller learning_rate than ",
       options_.learning_rate);
}

Factors MfBprRun::factors() const {
  return {without_padding(users_, options_.dim, width_), without_padding(items_, options_.dim, width_)};
}

}  // namespace whitney::recommend
