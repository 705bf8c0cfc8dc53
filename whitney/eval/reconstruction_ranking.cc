#include "whitney/eval/reconstruction_ranking.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::eval {
namespace {

constexpr uint32_t node_of(uint64_t ranked) { return static_cast<uint32_t>(ranked); }
constexpr uint32_t key_of(uint64_t ranked) { return static_cast<uint32_t>(ranked >> 32); }

// Sorts by the upper 32 bits, stable, least significant digit first: three passes of 11 bits. A pass whose
// digits are all equal is left out.
void radix_sort(std::vector<uint64_t>& values, std::vector<uint64_t>& spare) {
  constexpr int kPasses = 3, kBits = 11;
  constexpr uint64_t kMask = (1U << kBits) - 1;
  std::array<std::array<uint32_t, kMask + 1>, kPasses> counts{};
  for (const uint64_t value : values) {
    for (int pass = 0; pass < kPasses; ++pass) ++counts[size_t(pass)][(value >> (32 + kBits * pass)) & kMask];
  }
  spare.resize(values.size());
  for (int pass = 0; pass < kPasses; ++pass) {
    auto& count = counts[size_t(pass)];
    const auto digit = [pass](uint64_t value) { return (value >> (32 + kBits * pass)) & kMask; };
    if (count[digit(values[0])] == values.size()) continue;
    uint32_t begin = 0;
    for (uint32_t& entry : count) begin += std::exchange(entry, begin);
    for (const uint64_t value : values) spare[count[digit(value)]++] = value;
    values.swap(spare);
  }
}

}  // namespace

uint32_t descending_key(float score) {
  if (std::isnan(score)) return std::numeric_limits<uint32_t>::max();
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0F);  // -0 becomes 0
  const uint32_t ascending = (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
  return ~ascending;
}

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
    : max_hops_(max_hops), gem_compatible_(gem_compatible), directed_(directed), gem_drops_(gem_drops) {}

RankingTies HopRanking::measure(int64_t source, std::span<const float> scores, std::span<const uint8_t> hops,
                                std::span<SourceRanking> out) {
  WHITNEY_CHECK(out.size() == 2 * size_t(max_hops_) && scores.size() == hops.size(), "rankings of a source");
  std::ranges::fill(out, SourceRanking());
  count_relevant(hops, out);
  if (out.back().relevant == 0) return {};
  select(source, scores, hops);
  sort();
  add_ranks(hops, out);
  if (gem_compatible_) add_gem(source, hops, out);
  return add_ties(hops, out);
}

void HopRanking::count_relevant(std::span<const uint8_t> hops, std::span<SourceRanking> out) const {
  std::array<int64_t, 256> counts{};
  for (const uint8_t hop : hops) ++counts[hop];
  int64_t within = 0;
  for (size_t k = 0; k < size_t(max_hops_); ++k) {
    out[k].relevant = counts[k + 1];
    out[size_t(max_hops_) + k].relevant = within += counts[k + 1];
  }
}

// No candidate behind the last relevant one counts.
void HopRanking::select(int64_t source, std::span<const float> scores, std::span<const uint8_t> hops) {
  uint32_t limit = 0;
  for (size_t v = 0; v < hops.size(); ++v) {
    if (hops[v] != 0) limit = std::max(limit, descending_key(scores[v]));
  }
  ranked_.resize(scores.size());
  size_t count = 0;
  for (size_t v = 0; v < scores.size(); ++v) {
    const uint32_t key = descending_key(scores[v]);
    ranked_[count] = (uint64_t{key} << 32) | v;
    count += size_t(key <= limit && v != size_t(source));
  }
  ranked_.resize(count);
}

void HopRanking::sort() {
  constexpr size_t kFew = 256;  // below it, clearing the radix sort's counts takes longer
  if (ranked_.size() < kFew) {
    std::ranges::sort(ranked_);
  } else {
    radix_sort(ranked_, spare_);  // they stand by node already: stable is enough
  }
}

void HopRanking::add_ranks(std::span<const uint8_t> hops, std::span<SourceRanking> out) const {
  const auto num_hops = static_cast<size_t>(max_hops_);
  std::vector<int64_t> found(out.size(), 0);
  const auto add = [&](size_t set, int64_t rank) {
    ++found[set];
    out[set].average_precision += static_cast<double>(found[set]) / static_cast<double>(rank);
    if (rank <= out[set].relevant) out[set].precision += 1;
  };
  for (size_t i = 0; i < ranked_.size(); ++i) {
    const size_t hop = hops[node_of(ranked_[i])];
    if (hop == 0) continue;
    const auto rank = static_cast<int64_t>(i) + 1;
    add(hop - 1, rank);
    for (size_t k = hop; k <= num_hops; ++k) add(num_hops + k - 1, rank);
  }
  for (SourceRanking& ranking : out) {
    if (ranking.relevant == 0) continue;
    ranking.average_precision /= static_cast<double>(ranking.relevant);
    ranking.precision /= static_cast<double>(ranking.relevant);
    ranking.optimistic = ranking.pessimistic = ranking.average_precision;
  }
}

RankingTies HopRanking::add_ties(std::span<const uint8_t> hops, std::span<SourceRanking> out) const {
  RankingTies ties{std::ssize(ranked_), 0};
  for (size_t i = 1; i < ranked_.size(); ++i) {
    const bool as_before = key_of(ranked_[i]) == key_of(ranked_[i - 1]);
    if (as_before) ties.tied += i < 2 || key_of(ranked_[i - 1]) != key_of(ranked_[i - 2]) ? 2 : 1;
  }
  if (ties.tied == 0) return ties;
  const auto num_hops = static_cast<size_t>(max_hops_);
  std::vector<int64_t> found(out.size(), 0), here(out.size(), 0);
  std::vector<double> first(out.size(), 0), last(out.size(), 0);
  for (size_t begin = 0, end = 0; begin < ranked_.size(); begin = end) {
    std::ranges::fill(here, 0);
    for (; end < ranked_.size() && key_of(ranked_[end]) == key_of(ranked_[begin]); ++end) {
      const size_t hop = hops[node_of(ranked_[end])];
      if (hop == 0) continue;
      ++here[hop - 1];
      for (size_t k = hop; k <= num_hops; ++k) ++here[num_hops + k - 1];
    }
    for (size_t set = 0; set < out.size(); ++set) {
      for (int64_t j = 1; j <= here[set]; ++j) {
        const auto hits = static_cast<double>(found[set] + j);
        first[set] += hits / static_cast<double>(static_cast<int64_t>(begin) + j);
        last[set] += hits / static_cast<double>(static_cast<int64_t>(end) - here[set] + j);
      }
      found[set] += here[set];
    }
  }
  for (size_t set = 0; set < out.size(); ++set) {
    if (out[set].relevant == 0) continue;
    out[set].optimistic = first[set] / static_cast<double>(out[set].relevant);
    out[set].pessimistic = last[set] / static_cast<double>(out[set].relevant);
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
