// Claim: ranking all items of gowalla for all its users (29,858 x 40,981, vectors of 64 values, the best 20
// but those of the training set) and the figures of the lists take at most 3 s on one thread, and the lists
// at least 1.5 times less than implicit's from the same vectors. The lists are compared first: an item that
// only one side has must score what the last of the list does, within rounding. Beside it: what the product
// alone takes, against the processor's limit. The vectors are learnt by iALS.
//
//   recommend_bench [--data gowalla] [--dim 64] [--pairs 5]

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/bench_main.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/recommender_data.h"
#include "whitney/core/error.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/simd.h"
#include "whitney/recommend/ials.h"

namespace whitney::bench {
namespace {

constexpr int64_t kListed = 20;
constexpr double kMostSeconds = 3, kLeastRatio = 1.5;

using Lists = std::vector<std::vector<recommend::ScoredItem>>;

double score(const Factors& factors, int64_t user, int32_t item) {
  const auto u = factors.users.row<float>(user), i = factors.items.row<float>(item);
  return std::inner_product(u.begin(), u.end(), i.begin(), 0.0);
}

/// Throws where the peer lists other items than we do and no rounding explains it; tells how many differ.
int64_t compare(const Factors& factors, const Lists& ours, const std::vector<int32_t>& peers) {
  int64_t differing = 0;
  for (size_t user = 0; user < ours.size(); ++user) {
    const double last = ours[user].back().score, slack = 1e-5 * std::max(1.0, std::abs(last));
    for (size_t place = 0; place < ours[user].size(); ++place) {
      const int32_t item = peers[user * kListed + place];
      const bool listed = std::ranges::any_of(
          ours[user], [&](const auto& scored) { return static_cast<int32_t>(scored.item) == item; });
      if (listed) continue;
      ++differing;
      const double other = score(factors, static_cast<int64_t>(user), item);
      if (std::abs(other - last) > slack)
        fail("user ", user, ": the peer lists item ", item, " of score ", other, ", our last scores ", last);
    }
  }
  return differing;
}

/// Seconds of the products alone, by the tiles of `recommend`.
double seconds_of_products(const Factors& factors) {
  constexpr int64_t kUsers = 207, kPanels = 5, kItems = kPanels * PackedRows::kPanelRows;
  PackedRows items;
  items.pack(factors.items);
  std::vector<float> scores(static_cast<size_t>(kUsers * kItems));
  return seconds_of([&] {
    for (int64_t user = 0; user < factors.users.rows(); user += kUsers) {
      const MatrixView some = factors.users.view().slice(user, std::min(user + kUsers, factors.users.rows()));
      for (int64_t panel = 0; panel < items.num_panels(); panel += kPanels)
        multiply_panels(some, items, panel, std::min(panel + kPanels, items.num_panels()), {},
                        Epilogue::kNone, scores.data(), kItems);
    }
  });
}

bool run(const std::string& name, int dim, int num_pairs) {
  const auto data = read_event_split(name);
  if (!data) return true;
  const Factors factors = recommend::ials(
      data->train, {.dim = dim, .epochs = 4, .unobserved_weight = 0.01, .regularization = 0.01}, {});
  const auto recommender = recommend::factor_recommender(factors.users, factors.items);
  std::vector<uint32_t> users(static_cast<size_t>(data->train.num_users()));
  std::iota(users.begin(), users.end(), 0U);
  const Interactions* const seen[] = {&data->train};
  const Context context = one_thread();
  const double evaluated =
      median({seconds_of([&] { eval::full_ranking(*recommender, seen, data->test, kListed, context); }),
              seconds_of([&] { eval::full_ranking(*recommender, seen, data->test, kListed, context); }),
              seconds_of([&] { eval::full_ranking(*recommender, seen, data->test, kListed, context); })});
  const double products =
      2.0 * dim * static_cast<double>(users.size()) * static_cast<double>(factors.items.rows());
  std::printf("%s, %zu users x %lld items, d %d, one thread, SIMD level %s\n", name.c_str(), users.size(),
              static_cast<long long>(factors.items.rows()), dim, simd_level().c_str());
  std::printf(
      "full ranking with its figures: %.2f s (at most %.0f): %.0f GFLOP/s, %.0f %% of the processor's "
      "limit\n",
      evaluated, kMostSeconds, products / evaluated / 1e9, 100 * products / evaluated / peak_flops());
  const double alone =
      median({seconds_of_products(factors), seconds_of_products(factors), seconds_of_products(factors)});
  std::printf("products alone: %.2f s, %.0f GFLOP/s\n", alone, products / alone / 1e9);
  bool holds = evaluated <= kMostSeconds;
  ImplicitPeer peer(data->train, 1);
  if (!peer.is_there()) return holds;
  Lists ours;
  std::vector<int32_t> peers;
  const Pairs pairs = run_pairs(
      num_pairs,
      [&] {
        return seconds_of([&] { ours = recommend::recommend(*recommender, users, kListed, seen, context); });
      },
      [&] { return peer.lists(factors.users, factors.items, kListed, peers); });
  const int64_t differing = compare(factors, ours, peers);
  std::printf(
      "lists alone: ours %.2f s, %s %.2f s: %.2f times (%.2f to %.2f); %lld places differ by rounding\n",
      pairs.ours, peer.versions().c_str(), pairs.peer, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio,
      static_cast<long long>(differing));
  return holds && pairs.ratio >= kLeastRatio;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends is an Error, not the end
  return whitney::bench::bench_main("recommend_bench", [&] {
    std::string name = "gowalla";
    int dim = 64, num_pairs = 5;
    whitney::bench::ArgumentReader words(argc, argv);
    words.take("--data", name);
    words.take("--dim", dim);
    words.take("--pairs", num_pairs);
    words.finish();
    return whitney::bench::run(name, dim, num_pairs);
  });
}
