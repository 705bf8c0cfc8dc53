#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/eval/reconstruction_order.h"
#include "whitney/linalg/hit_sums.h"

namespace whitney::eval {

/// How well one source's ranking of all other nodes finds a set of R of them.
struct SourceRanking {
  /// R, the size of the set; the others are 0 when it is empty.
  int64_t relevant = 0;
  /// 1/R sum over relevant ranks i of (relevant down to i) / i; equal scores stand by node number.
  double average_precision = 0;
  /// The same when relevant nodes stand first, or last, among equal scores.
  double optimistic = 0, pessimistic = 0;
  /// Relevant nodes among the first R, divided by R.
  double precision = 0;
  /// As GEM's code counts it: only candidates of a score above 0 (and of a higher number than the source
  /// where edges have no direction) are ranked, and the sum is divided by the relevant ones among them.
  double gem_average_precision = 0;
};

/// What else a source's ranking tells.
struct RankingTies {
  /// Candidates down to the last relevant one, and how many of them share their score.
  int64_t ranked = 0, tied = 0;
};

/// Ranks candidates by score and measures the ranking for the sets "exactly k hops away", k = 1..max_hops,
/// and "at most k hops away". Keeps its memory from source to source: one object a thread.
class WHITNEY_API HopRanking {
 public:
  /// gem_drops: scores of 0 and less leave GEM's figure; they do not where a decoder stands for exp of them.
  explicit HopRanking(int max_hops, bool gem_compatible = false, bool directed = false,
                      bool gem_drops = true);

  /// scores[v] and hops[v] (1..max_hops, else 0) of every node; the source itself is no candidate. Writes
  /// 2 max_hops rankings: exact sets, then cumulative ones.
  RankingTies measure(int64_t source, std::span<const float> scores, std::span<const uint8_t> hops,
                      std::span<SourceRanking> out);

 private:
  void count_relevant(std::span<const uint8_t> hops, std::span<SourceRanking> out) const;
  void find_hits(std::span<const Candidate> ranked, std::span<const uint8_t> hops);
  void find_ties(std::span<const Candidate> ranked);
  RankingTies add_ranks(size_t num_ranked, std::span<SourceRanking> out);
  void add_tied_hits(size_t begin, size_t end, std::span<SourceRanking> out);
  void add_hits_before(size_t end, std::span<SourceRanking> out);
  void take_precisions(size_t rank, std::span<SourceRanking> out);
  void add_gem(int64_t source, std::span<const Candidate> ranked, std::span<const uint8_t> hops,
               std::span<SourceRanking> out) const;

  int max_hops_;
  bool gem_compatible_, directed_, gem_drops_;
  CandidateOrder order_;
  /// Sets that are added up, beside each other: theirs, and empty ones.
  size_t width_;
  /// For each hop (0: none) which of the sets, exact then cumulative ones, hold it: 1 or 0.
  std::vector<double> members_;
  /// 1 / 1, 1 / 2, ...: as many as there were candidates.
  std::vector<double> reciprocals_;
  /// What is in some hop set, by rank, and how many of them have been added.
  std::vector<Hit> hits_;
  size_t added_ = 0;
  std::vector<double> found_, sum_;
  /// The size of the next larger set: what it has found at that rank is its precision.
  size_t next_precision_ = 0;
  /// Ranks whose score the next one has, too.
  std::vector<uint32_t> ties_;
};

/// The expected average precision of a random order of N candidates of which R are relevant:
/// (R - 1)/(N - 1) (1 - H_N/N) + H_N/N, H_N = 1 + 1/2 + .. + 1/N.
class WHITNEY_API ChanceAveragePrecision {
 public:
  explicit ChanceAveragePrecision(int64_t candidates);
  /// NaN when nothing is relevant.
  double of(int64_t relevant) const;

 private:
  double candidates_, first_;  // N, and H_N/N: the value for R = 1
};

}  // namespace whitney::eval
