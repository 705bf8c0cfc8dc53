#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/options.h"
#include "whitney/search/plan_costs.h"

namespace whitney {

/// What the lists of an ivf index hold of a vector: its values, or a code of its difference from the list's
/// centroid.
enum class IvfCodes : uint8_t { kFlat, kPq, kRabitq };

inline constexpr auto enum_names(IvfCodes) { return std::array<std::string_view, 3>{"flat", "pq", "rabitq"}; }

/// What is kept beside the codes for ranking again what they found: nothing, 8 bits a dimension, or float32.
enum class IvfRefine : uint8_t { kNone, kByte, kFull };

inline constexpr auto enum_names(IvfRefine) {
  return std::array<std::string_view, 3>{"none", "byte", "full"};
}

/// Options of ivf: inverted lists (Sivic & Zisserman 2003) of vectors or of their codes (Jegou et al. 2011).
struct IvfOptions {
  std::optional<int64_t> nlist;
  IvfCodes codes = IvfCodes::kRabitq;
  std::optional<int64_t> bits;
  std::optional<int64_t> num_subspaces;
  double epsilon = 1.9;
  std::optional<IvfRefine> refine;
  int max_iterations = 10;
  PlanCosts plan_costs = PlanCosts::kStandard;

  void fields(auto&& field) {
    field(
        "nlist", nlist, Range{1, 10'000'000},
        "Lists, each of the vectors nearest to one of so many centroids; absent: 4 sqrt(n), at most n / 39");
    field("codes", codes,
          "What lists hold: float32 vectors, or codes of residuals that are scanned 32 at a time: pq, or "
          "rabitq, whose error is bounded");
    field("bits", bits, Range{1, 8},
          "Bits of a part (pq: 4 or 8; absent: 4) or of a dimension (rabitq: 1 to 8; absent: 1)");
    field("num_subspaces", num_subspaces, Range{1, 1 << 16},
          "Parts of a vector, M of pq; absent: of 4 dimensions each with 4 bits, of 8 with 8");
    field("epsilon", epsilon, Range{0, 10},
          "Width of rabitq's error bound, e0 in its paper: at 1.9 one estimate in 17 errs by more");
    field("refine", refine,
          "Kept beside codes for ranking again the best of them: nothing, 8 bits a dimension, or float32, of "
          "which a search reads what it ranks; absent: float32, with more than one bit of rabitq nothing");
    field("max_iterations", max_iterations, Range{1, 10'000},
          "Rounds of k-means of the lists' centroids, at most");
    field("plan_costs", plan_costs, kPlanCostsHelp);
  }
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Options of a search in an ivf index.
struct IvfSearchOptions {
  std::optional<int64_t> nprobe;
  std::optional<int64_t> rescore;

  void fields(auto&& field) {
    field(
        "nprobe", nprobe, Range{1, 10'000'000},
        "Nearest lists that are scanned: more find more of the true neighbours and take longer; absent: one "
        "in 16, at least 16. Under a filter more, so that enough rows that pass are seen");
    field(
        "rescore", rescore, Range{0, 1e9},
        "Best of the codes to rank again by what `refine` keeps; 0: none; absent: with rabitq all that could "
        "be among the k best by its error bound, with pq 10 k");
  }
};

}  // namespace whitney
