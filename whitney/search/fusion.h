#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/options.h"
#include "whitney/search/index.h"

namespace whitney {

/// How the hits of several searches become one list.
enum class Fusion : uint8_t { kRrf, kWeighted };
inline constexpr auto enum_names(Fusion) { return std::array{"rrf", "weighted"}; }

/// Options of the fusion of searches.
struct FusionOptions {
  Fusion fusion = Fusion::kRrf;
  double rrf_k = 60;
  double weight = 0.5;
  std::vector<double> weights;
  int64_t depth = 100;

  void fields(auto&& field) {
    field("fusion", fusion,
          "rrf: sum of 1 / (rrf-k + rank) over the searches (Cormack, Clarke, Buettcher 2009); weighted: "
          "mean of "
          "scores, each search's brought to 0..1 by its best and worst hit");
    field("rrf_k", rrf_k, Range{0, 1e6}, "Constant k of rrf: larger, and the first ranks count less");
    field("weight", weight, Range{0, 1},
          "Weight of the first of two searches' hits; the second's have the rest");
    field(
        "weights", weights, Range{0, 1e9},
        "Weights of all searches' hits, in their order, brought to a sum of 1; empty: by weight, and of more "
        "than two equal");
    field("depth", depth, Range{1, 1e9}, "Hits taken from each search before they are fused. Raised to k");
  }
  /// Names options without effect.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// One query's hits of one search, best first: scores that fall or distances that rise.
struct RankedHits {
  std::vector<std::string> ids;
  std::vector<float> values;
};

/// Query `q` of a result as ranked hits.
WHITNEY_API RankedHits ranked_hits(const Index& index, const SearchResult& result, int64_t q);

struct FusedHit {
  std::string id;
  double score = 0;
  /// Its rank, from 1, in each search; absent where that did not find it.
  std::vector<std::optional<int64_t>> ranks;
};

/// Fuses the rankings of any number of searches into the k best; a hit that one of them lacks gets nothing
/// from it. Equal scores: the smaller id first, integers as numbers. Under `weighted`, a ranking whose values
/// are all equal gives each of its hits 1. Throws Error when there are weights, but not as many as searches,
/// or when they are all 0; or a `weight` of other than two searches. O(n log n).
WHITNEY_API std::vector<FusedHit> fuse(std::span<const RankedHits> searches, const FusionOptions& options,
                                       int64_t k);
/// The same of two.
WHITNEY_API std::vector<FusedHit> fuse(const RankedHits& first, const RankedHits& second,
                                       const FusionOptions& options, int64_t k);

}  // namespace whitney
