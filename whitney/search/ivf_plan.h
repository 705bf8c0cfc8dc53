#pragma once

#include <cstdint>
#include <optional>

#include "whitney/core/value.h"
#include "whitney/search/deadline.h"
#include "whitney/search/index.h"

namespace whitney::search {

struct IvfParts;

/// What the steps of a search in inverted lists take, in nanoseconds of one thread; only their ratios choose
/// a plan. Standard ones, or those that were measured on a machine and are kept with an index.
struct IvfCosts {
  /// To begin under a filter; a row that a scan ranks.
  double scan_start = 0, scan_row = 0;
  /// Lists: to begin them, which measures all centroids; a list that is looked at, and one that is searched,
  /// for some of its rows pass; a row that is tested for passing; a vector or a code that is compared. What
  /// is ranked again costs what a row of a scan does.
  double lists_start = 0, list = 0, visit = 0, test = 0, compare = 0;

  /// As they were measured for packages, digits and descriptors of images (MNIST, DEEP), rounded.
  static IvfCosts typical(const IvfParts& parts);
  /// As costs_bounded_by, costs_to_value and costs_from_value say.
  IvfCosts bounded_by(const IvfCosts& standard) const;
  Value to_value() const;
  static std::optional<IvfCosts> from_value(const Value& value);
};

/// What a search in lists looks at.
struct ListsSeen {
  /// Lists that are looked at, and those of them that are searched, for they hold rows which pass.
  int64_t lists = 0, visited = 0;
  /// Rows of these lists, each of which is tested under a filter; vectors or codes that are compared.
  int64_t tested = 0, compared = 0;
};

/// Weighs a search in lists against a scan of the rows that pass.
class IvfPlanner {
 public:
  /// num_ranked: what a search in lists ranks again, about.
  IvfPlanner(const IvfCosts& costs, int64_t num_passing, int64_t num_ranked)
      : costs_(costs),
        scan_(costs.scan_start + static_cast<double>(num_passing) * costs.scan_row),
        ranked_(static_cast<double>(num_ranked) * costs.scan_row) {}

  const IvfCosts& costs() const { return costs_; }
  double scan() const { return scan_; }
  /// Without what testing rows takes: it is known from a filter's second search on, and the first may not be
  /// answered otherwise.
  double lists(const ListsSeen& seen) const {
    return costs_.scan_start + costs_.lists_start + beyond_start(seen);
  }
  /// Before the centroids are measured: true where the lists expected take more than kWorthBeginning of a
  /// scan, for they may hold less than is hoped.
  bool prefers_scan(const ListsSeen& expected) const { return kWorthBeginning * scan_ <= lists(expected); }
  /// True where measuring all centroids for nothing would cost much beside a scan.
  bool risks_much() const { return costs_.lists_start > kMuch * scan_; }
  /// After that: true where what is left to do in lists takes longer than a scan.
  bool prefers_scan_now(const ListsSeen& seen) const {
    return scan_ - costs_.scan_start <= kMostOverestimated * beyond_start(seen);
  }
  /// True where testing rows alone takes longer than a scan.
  bool is_given_up(int64_t num_tested) const { return tests(num_tested) > scan_; }
  /// Looking for lists until it is given up, all that they then hold at about a scan, and all of it
  /// ranked again: the most that a search takes besides its beginning.
  static constexpr double kMostScans = 4;
  /// The part of a scan that lists must be expected to take at most; and that which is much to lose.
  static constexpr double kWorthBeginning = 0.85, kMuch = 0.1;
  /// What lists take of what is reckoned for them, about: trials search lists that nobody asked for lately.
  static constexpr double kMostOverestimated = 0.9;

 private:
  double beyond_start(const ListsSeen& seen) const {
    return static_cast<double>(seen.lists) * costs_.list + static_cast<double>(seen.visited) * costs_.visit +
           static_cast<double>(seen.compared) * costs_.compare + ranked_;
  }
  double tests(int64_t count) const { return static_cast<double>(count) * costs_.test; }
  IvfCosts costs_;
  double scan_, ranked_;
};

/// What a search in lists goes by.
struct IvfPlan {
  /// Hits of each query, one that is left out among them.
  int64_t wanted = 0;
  /// Lists of a query at least, and rows that pass which they hold at least.
  int64_t nprobe = 0, least_passing = 0;
  /// All allowed rows are ranked instead.
  bool scans = false;
  /// Codes are ranked again as their bounds tell, or so many of them; neither: not at all.
  bool by_bounds = false;
  int64_t num_rescored = 0;
  /// When to stop; what is found until then is given.
  Deadline deadline;
  /// Under a filter, unless a plan was asked for: chooses for each query by what its lists hold.
  std::optional<IvfPlanner> planner;
  /// What is expected of a query by lists.
  ListsSeen expected;
  /// A query's landmarks are asked what passes around it before the other centroids are measured.
  bool looks_around = false;
};

/// What a query's lists hold where the share s passes around it.
ListsSeen lists_that_hold(const IvfParts& parts, const IvfPlan& plan, double share);

/// Lists of a query unless it asks for more or less.
int64_t default_nprobe(int64_t nlist);

/// Plans a search of such parts where so many live rows are allowed. Whether it is known already which of a
/// list's rows pass does not count: a question that is asked again has the same answer.
IvfPlan plan_ivf(const IvfParts& parts, const SearchParams& params, int64_t num_allowed);

/// Times scans and searches in lists on this machine (measure_costs of graphs does the same); nothing for an
/// index too small for plans to matter.
std::optional<IvfCosts> measure_ivf_costs(const Index& index, const IvfParts& parts);

}  // namespace whitney::search
