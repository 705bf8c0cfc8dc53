#include "whitney/eval/reconstruction_order.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <utility>

#include "whitney/linalg/ranked_scores.h"

namespace whitney::eval {
namespace {

Candidate candidate_of(uint32_t key, uint32_t node) { return (Candidate{key} << 32) | node; }

}  // namespace

std::span<const Candidate> CandidateOrder::of(int64_t source, std::span<const float> scores,
                                              std::span<const uint8_t> hops) {
  constexpr size_t kMore = 16;
  scores_.resize(scores.size() + kMore);
  nodes_.resize(scores.size() + kMore);
  const auto count = static_cast<size_t>(pack_scores(
      scores, least_marked(scores, hops), static_cast<uint32_t>(source), scores_.data(), nodes_.data()));
  candidates_.resize(count);
  sort(std::span(scores_).first(count), std::span(nodes_).first(count));
  return candidates_;
}

void CandidateOrder::sort(std::span<const float> scores, std::span<const uint32_t> nodes) {
  constexpr size_t kFew = 64;
  const ScoreSpread spread = spread_of(scores);
  if (scores.size() >= kFew && std::isfinite(spread.deviation) && spread.deviation >= FLT_MIN) {
    const size_t num_buckets = std::min(scores.size(), size_t{1} << 24);
    bucket_of_.resize(scores.size());
    bucket_scores(scores, spread, static_cast<uint32_t>(num_buckets), bucket_of_.data());
    bucket_ends_.assign(num_buckets, 0);
    keys_.resize(scores.size());
    descending_keys(scores, keys_.data());
    sort_buckets(nodes);
    return;
  }
  for (size_t i = 0; i < scores.size(); ++i)
    candidates_[i] = candidate_of(descending_key(scores[i]), nodes[i]);
  // Where no score differs from another they stand in order.
  if (!std::ranges::is_sorted(candidates_)) std::ranges::sort(candidates_);
}

// Most buckets hold one candidate or two, so that the whole is nearly in order then.
void CandidateOrder::sort_buckets(std::span<const uint32_t> nodes) {
  constexpr uint32_t kMany = 6;
  const std::span<uint32_t> ends = bucket_ends_;
  const std::span<const uint32_t> bucket_of = bucket_of_, keys = keys_;
  const std::span<Candidate> candidates = candidates_;
  for (const uint32_t bucket : bucket_of) ++ends[bucket];
  crowded_.clear();
  uint32_t sum = 0;
  for (uint32_t bucket = 0; bucket < ends.size(); ++bucket) {
    const uint32_t size = std::exchange(ends[bucket], sum);
    sum += size;
    if (size > kMany) crowded_.push_back(bucket);
  }
  for (size_t i = 0; i < nodes.size(); ++i)
    candidates[ends[bucket_of[i]]++] = candidate_of(keys[i], nodes[i]);
  for (const uint32_t bucket : crowded_) {  // each beginning has moved to its end
    const size_t begin = bucket == 0 ? 0 : ends[bucket - 1];
    const auto some = candidates.subspan(begin, ends[bucket] - begin);
    if (!std::ranges::is_sorted(some)) std::ranges::sort(some);
  }
  sort_nearly_sorted(candidates);
}

}  // namespace whitney::eval
