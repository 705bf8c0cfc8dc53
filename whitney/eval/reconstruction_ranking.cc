#include "whitney/eval/reconstruction_ranking.h"

#include <algorithm>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/linalg/ranked_scores.h"

namespace whitney::eval {

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
  constexpr size_t kSetsAtOnce = 8;
  const auto num_hops = static_cast<size_t>(max_hops);
  width_ = (2 * num_hops + kSetsAtOnce - 1) / kSetsAtOnce * kSetsAtOnce;
  members_.assign((num_hops + 1) * width_, 0);
  for (size_t hop = 1; hop <= num_hops; ++hop) {
    double* of_hop = members_.data() + hop * width_;
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
  const std::span<const Candidate> ranked = order_.of(source, scores, hops);
  if (gem_compatible_) add_gem(source, ranked, hops, out);
  find_hits(ranked, hops);
  find_ties(ranked);
  return add_ranks(ranked.size(), out);
}

void HopRanking::count_relevant(std::span<const uint8_t> hops, std::span<SourceRanking> out) const {
  int64_t within = 0;
  for (size_t k = 0; k < size_t(max_hops_); ++k) {
    out[k].relevant = count_equal(hops, static_cast<uint8_t>(k + 1));
    out[size_t(max_hops_) + k].relevant = within += out[k].relevant;
  }
}

// Which candidates are hits cannot be foreseen: each is written, and stays when the place moves on.
void HopRanking::find_hits(std::span<const Candidate> ranked, std::span<const uint8_t> hops) {
  hits_.resize(ranked.size());
  size_t count = 0;
  for (size_t i = 0; i < ranked.size(); ++i) {
    const uint32_t hop = hops[node_of(ranked[i])];
    hits_[count] = {static_cast<uint32_t>(i), hop};
    count += hop != 0 ? 1 : 0;
  }
  hits_.resize(count);
}

void HopRanking::find_ties(std::span<const Candidate> ranked) {
  ties_.resize(ranked.size());
  size_t count = 0;
  for (size_t i = 0; i + 1 < ranked.size(); ++i) {
    ties_[count] = static_cast<uint32_t>(i);
    count += key_of(ranked[i]) == key_of(ranked[i + 1]) ? 1 : 0;
  }
  ties_.resize(count);
}

RankingTies HopRanking::add_ranks(size_t num_ranked, std::span<SourceRanking> out) {
  while (reciprocals_.size() < num_ranked)
    reciprocals_.push_back(1 / static_cast<double>(reciprocals_.size() + 1));
  found_.assign(width_, 0);
  sum_.assign(width_, 0);
  added_ = 0;
  take_precisions(0, out);
  RankingTies ties{static_cast<int64_t>(num_ranked), 0};
  for (size_t tie = 0, first = 0; tie < ties_.size();) {
    const size_t begin = ties_[tie];
    size_t end = begin + 1;
    for (; tie < ties_.size() && ties_[tie] + 1 == end; ++tie) ++end;
    ties.tied += static_cast<int64_t>(end - begin);
    while (first < hits_.size() && hits_[first].rank < begin) ++first;
    if (first < hits_.size() && hits_[first].rank < end) add_tied_hits(begin, end, out);
  }
  add_hits_before(num_ranked, out);
  for (size_t set = 0; set < out.size(); ++set) {
    SourceRanking& ranking = out[set];
    if (ranking.relevant == 0) continue;
    const auto relevant = static_cast<double>(ranking.relevant);
    ranking.average_precision = sum_[set] / relevant;
    ranking.optimistic = (sum_[set] + ranking.optimistic) / relevant;
    ranking.pessimistic = (sum_[set] + ranking.pessimistic) / relevant;
    ranking.precision /= relevant;
  }
  return ties;
}

// What the other orders of equal scores, at ranks [begin, end), give beyond the order by node.
void HopRanking::add_tied_hits(size_t begin, size_t end, std::span<SourceRanking> out) {
  add_hits_before(begin, out);
  const std::vector<double> found = found_, sum = sum_;
  add_hits_before(end, out);
  for (size_t set = 0; set < out.size(); ++set) {
    const auto here = static_cast<size_t>(found_[set] - found[set]);
    double first = 0, last = 0;
    for (size_t j = 0; j < here; ++j) {
      first += (found[set] + double(j + 1)) * reciprocals_[begin + j];
      last += (found[set] + double(j + 1)) * reciprocals_[end - here + j];
    }
    out[set].optimistic += first - (sum_[set] - sum[set]);
    out[set].pessimistic += last - (sum_[set] - sum[set]);
  }
}

void HopRanking::add_hits_before(size_t end, std::span<SourceRanking> out) {
  for (size_t stop = 0; stop < end;) {
    stop = std::min(end, next_precision_);
    size_t last = added_;
    while (last < hits_.size() && hits_[last].rank < stop) ++last;
    add_hits(std::span(hits_).subspan(added_, last - added_), members_, reciprocals_, {found_, sum_});
    added_ = last;
    if (stop == next_precision_) take_precisions(stop, out);
  }
}

// Of sets of this many: what is found now is among as many ranks.
void HopRanking::take_precisions(size_t rank, std::span<SourceRanking> out) {
  next_precision_ = std::numeric_limits<size_t>::max();
  for (size_t set = 0; set < out.size(); ++set) {
    const auto relevant = static_cast<size_t>(out[set].relevant);
    if (relevant == rank) out[set].precision = found_[set];
    if (relevant > rank) next_precision_ = std::min(next_precision_, relevant);
  }
}

void HopRanking::add_gem(int64_t source, std::span<const Candidate> ranked, std::span<const uint8_t> hops,
                         std::span<SourceRanking> out) const {
  const auto num_hops = static_cast<size_t>(max_hops_);
  const uint32_t zero = descending_key(0);
  std::vector<int64_t> found(out.size(), 0);
  int64_t rank = 0;
  for (const Candidate entry : ranked) {
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
