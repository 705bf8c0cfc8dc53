#include "whitney/eval/reconstruction_ranking.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/ranked_scores.h"

namespace whitney::eval {
namespace {

constexpr uint32_t node_of(uint64_t ranked) { return static_cast<uint32_t>(ranked); }
constexpr uint32_t key_of(uint64_t ranked) { return static_cast<uint32_t>(ranked >> 32); }
uint64_t entry_of(float score, uint32_t node) { return (uint64_t{descending_key(score)} << 32) | node; }

}  // namespace

ChanceAveragePrecision::ChanceAveragePrecision(int64_t candidates)
    : candidates_(static_cast<double>(candidates)), first_(0) {
  for (int64_t i = candidates; i >= 1; --i) first_ += 1 / (static_cast<double>(i) * candidates_);
}

double ChanceAveragePrecision::of(int64_t relevant) const {
  if (relevant < 1) return std::numeric_limits<double>::quiet_NaN();
  if (relevant == 1) return first_;
  return static_cast<double>(relevant - 1) / (candidates_ - 1) * (1 - first_) + first_;
}

HopRanking::HopRanking(int max_hops, bool gem_compatible, bool directed, bool gem_drops)
    : max_hops_(max_hops), gem_compatible_(gem_compatible), directed_(directed), gem_drops_(gem_drops) {
  const auto num_hops = static_cast<size_t>(max_hops);
  members_.assign((num_hops + 1) * 2 * num_hops, 0);
  for (size_t hop = 1; hop <= num_hops; ++hop) {
    double* of_hop = members_.data() + hop * 2 * num_hops;
    of_hop[hop - 1] = 1;
    std::fill(of_hop + num_hops + hop - 1, of_hop + 2 * num_hops, 1.0);
  }
}

RankingTies HopRanking::measure(int64_t source, std::span<const float> scores, std::span<const uint8_t> hops,
                                std::span<SourceRanking> out) {
  WHITNEY_CHECK(out.size() == 2 * size_t(max_hops_) && scores.size() == hops.size(), "rankings of a source");
  std::ranges::fill(out, SourceRanking());
  count_relevant(hops, out);
  if (out.back().relevant == 0) return {};
  select(source, scores, hops);
  sort();
  if (gem_compatible_) add_gem(source, hops, out);
  constexpr int kUsualHops = 3;  // the sets of which are summed in registers
  return max_hops_ == kUsualHops ? add_ranks<2 * kUsualHops>(hops, out) : add_ranks<2 * kMaxHops>(hops, out);
}

void HopRanking::count_relevant(std::span<const uint8_t> hops, std::span<SourceRanking> out) const {
  int64_t within = 0;
  for (size_t k = 0; k < size_t(max_hops_); ++k) {
    out[k].relevant = std::ranges::count(hops, static_cast<uint8_t>(k + 1));
    out[size_t(max_hops_) + k].relevant = within += out[k].relevant;
  }
}

// No candidate behind the last relevant one counts.
void HopRanking::select(int64_t source, std::span<const float> scores, std::span<const uint8_t> hops) {
  constexpr size_t kMore = 16;
  selected_.resize(scores.size() + kMore);
  nodes_.resize(scores.size() + kMore);
  lowest_ = least_marked(scores, hops);
  const PackedScores packed =
      pack_scores(scores, lowest_, static_cast<uint32_t>(source), selected_.data(), nodes_.data());
  highest_ = packed.greatest;
  selected_.resize(static_cast<size_t>(packed.count));
  nodes_.resize(static_cast<size_t>(packed.count));
}

// Buckets are as wide as each other in score, twice as many as candidates: most hold one or none, and the
// whole stands in order after a look at each pair of neighbours, of which one in eight has to change places.
// Where that does not spread them, a bucket is sorted.
void HopRanking::sort() {
  constexpr size_t kFew = 64;
  ranked_.resize(selected_.size());
  const size_t num_buckets = ranked_.size() * 2;
  const float scale = static_cast<float>(num_buckets) / (highest_ - lowest_);
  if (ranked_.size() >= kFew && std::isfinite(scale) && std::isfinite(highest_) && scale != 0) {
    sort_buckets(static_cast<uint32_t>(num_buckets), scale);
    return;
  }
  for (size_t i = 0; i < ranked_.size(); ++i) ranked_[i] = entry_of(selected_[i], nodes_[i]);
  std::ranges::sort(ranked_);
}

// Rounding keeps the order of (highest - score) * scale, so that no candidate gets behind a worse bucket.
void HopRanking::sort_buckets(uint32_t num_buckets, float scale) {
  constexpr uint32_t kMany = 24;
  const size_t count = selected_.size();
  bucket_of_.resize(count);
  bucket_scores(selected_, highest_, scale, num_buckets, bucket_of_.data());
  bucket_ends_.assign(size_t{num_buckets} + 1, 0);
  for (const uint32_t bucket : bucket_of_) ++bucket_ends_[bucket];
  std::vector<size_t> crowded;
  uint32_t sum = 0;
  for (size_t bucket = 0; bucket <= num_buckets; ++bucket) {
    const uint32_t size = std::exchange(bucket_ends_[bucket], sum);
    sum += size;
    if (size > kMany) crowded.push_back(bucket);
  }
  for (size_t i = 0; i < count; ++i)
    ranked_[bucket_ends_[bucket_of_[i]]++] = entry_of(selected_[i], nodes_[i]);
  for (const size_t bucket : crowded) {  // each beginning has moved to its end
    const size_t begin = bucket == 0 ? 0 : bucket_ends_[bucket - 1];
    std::sort(ranked_.begin() + static_cast<ptrdiff_t>(begin), ranked_.begin() + bucket_ends_[bucket]);
  }
  // What is left are few neighbours in the wrong order.
  for (size_t i = 1; i < count; ++i) {
    const uint64_t entry = ranked_[i];
    size_t place = i;
    for (; place > 0 && ranked_[place - 1] > entry; --place) ranked_[place] = ranked_[place - 1];
    ranked_[place] = entry;
  }
}

// Sums are kept for all sets side by side, with 1 or 0 for what a set holds: no branch a set. kNumSets: as
// many as there are, or more.
template <size_t kNumSets>
RankingTies HopRanking::add_ranks(std::span<const uint8_t> hops, std::span<SourceRanking> out) {
  const size_t num_sets = kNumSets < 2 * kMaxHops ? kNumSets : out.size();
  while (reciprocals_.size() < ranked_.size())
    reciprocals_.push_back(1 / static_cast<double>(reciprocals_.size() + 1));
  std::array<double, kNumSets> found{}, before{}, sum{}, optimistic{}, pessimistic{};
  // What is found among the first R is known when rank R + 1 comes up.
  size_t next_precision = 0;
  const auto take_precisions = [&](size_t rank) {
    next_precision = ranked_.size();
    for (size_t set = 0; set < num_sets; ++set) {
      const auto relevant = static_cast<size_t>(out[set].relevant);
      if (relevant == rank) out[set].precision = found[set];
      if (relevant > rank) next_precision = std::min(next_precision, relevant);
    }
  };
  take_precisions(0);
  const auto add = [&](size_t i) {
    if (i == next_precision) take_precisions(i);
    const size_t hop = hops[node_of(ranked_[i])];
    if (hop == 0) return;
    const double* members = members_.data() + hop * num_sets;
    for (size_t set = 0; set < num_sets; ++set) {
      found[set] += members[set];
      sum[set] += members[set] * found[set] * reciprocals_[i];
    }
  };
  RankingTies ties{std::ssize(ranked_), 0};
  for (size_t begin = 0, end = 0; begin < ranked_.size(); begin = end) {
    end = begin + 1;
    if (end == ranked_.size() || key_of(ranked_[end]) != key_of(ranked_[begin])) {
      add(begin);
      continue;
    }
    while (end < ranked_.size() && key_of(ranked_[end]) == key_of(ranked_[begin])) ++end;
    ties.tied += static_cast<int64_t>(end - begin);
    before = found;
    const std::array<double, kNumSets> sum_before = sum;
    for (size_t i = begin; i < end; ++i) add(i);
    // What the other orders of these give beyond the order by node.
    for (size_t set = 0; set < num_sets; ++set) {
      const auto here = static_cast<size_t>(found[set] - before[set]);
      double first = 0, last = 0;
      for (size_t j = 0; j < here; ++j) {
        first += (before[set] + double(j + 1)) * reciprocals_[begin + j];
        last += (before[set] + double(j + 1)) * reciprocals_[end - here + j];
      }
      optimistic[set] += first - (sum[set] - sum_before[set]);
      pessimistic[set] += last - (sum[set] - sum_before[set]);
    }
  }
  take_precisions(ranked_.size());
  for (size_t set = 0; set < num_sets; ++set) {
    SourceRanking& ranking = out[set];
    if (ranking.relevant == 0) continue;
    const auto relevant = static_cast<double>(ranking.relevant);
    ranking.average_precision = sum[set] / relevant;
    ranking.optimistic = (sum[set] + optimistic[set]) / relevant;
    ranking.pessimistic = (sum[set] + pessimistic[set]) / relevant;
    ranking.precision /= relevant;
  }
  return ties;
}

void HopRanking::add_gem(int64_t source, std::span<const uint8_t> hops, std::span<SourceRanking> out) const {
  const auto num_hops = static_cast<size_t>(max_hops_);
  const uint32_t zero = descending_key(0);
  std::vector<int64_t> found(out.size(), 0);
  int64_t rank = 0;
  for (const uint64_t entry : ranked_) {
    if (gem_drops_ && key_of(entry) >= zero) break;
    if (!directed_ && int64_t{node_of(entry)} < source) continue;
    ++rank;
    const size_t hop = hops[node_of(entry)];
    for (size_t set = 0; set < out.size(); ++set) {
      const bool relevant = set < num_hops ? hop == set + 1 : hop != 0 && hop <= set - num_hops + 1;
      if (!relevant) continue;
      ++found[set];
      out[set].gem_average_precision += static_cast<double>(found[set]) / static_cast<double>(rank);
    }
  }
  for (size_t set = 0; set < out.size(); ++set) {
    if (found[set] > 0) out[set].gem_average_precision /= static_cast<double>(found[set]);
  }
}

}  // namespace whitney::eval
