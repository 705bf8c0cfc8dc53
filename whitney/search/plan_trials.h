#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/search/filter_memo.h"
#include "whitney/search/index.h"

namespace whitney::search {

// How what the steps of searches take is measured: some queries between vectors of the index, on one thread,
// several rounds of all ways to ask in turns, of which the medians count.

/// Fewer vectors leave too little to measure.
inline constexpr int64_t kLeastMeasured = 2000;
inline constexpr int64_t kTrialQueries = 16, kTrialHits = 10;
/// Rows of a short scan and, at most, of a long one.
inline constexpr int64_t kFewRows = 200, kManyRows = 6000;

/// A way to ask, and what it came to: per query.
struct PlanTrial {
  static constexpr size_t kRounds = 5;

  std::optional<FilterPlan> plan;
  /// Of the search (nprobe, ef).
  Value options = Value::object();
  /// Whom the queries ask, in turns; none: all rows. What a search makes of them is kept, as of a filter that
  /// is met again.
  std::vector<RowSet> allowed;
  std::vector<std::unique_ptr<FilterMemo>> memos;
  /// All queries in one search.
  bool at_once = false;
  std::array<double, kRounds> nanoseconds = {};
  /// What `explain` tells of a query, by name.
  std::map<std::string, double, std::less<>> actuals;

  /// keeps: what a search makes of them.
  void allow(RowSet rows, bool keeps = true);
  /// Queries of one search.
  int64_t step() const { return at_once ? kTrialQueries : 1; }
  double rows() const { return static_cast<double>(allowed[0].size()); }
  double actual(std::string_view name) const;
  /// The median of the rounds.
  double time() const;
};

/// Some live rows drawn at random: so many, or this share of all. item: another draw.
RowSet some_rows(const RowSet& live, int64_t count, uint64_t item);
RowSet share_of_rows(const RowSet& live, double share, uint64_t item);

/// Fills the times and the actuals.
void run_trials(const Index& index, const std::vector<PlanTrial*>& trials);

/// Scans of few rows and of many, as every index can be asked for, and what they tell.
struct ScanTrials {
  PlanTrial few, many;

  ScanTrials(const RowSet& live, const Value& options);
  double row_time() const;
  double start_time() const;
};

}  // namespace whitney::search
