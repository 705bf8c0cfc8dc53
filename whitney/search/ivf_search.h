#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "whitney/linalg/top_k.h"
#include "whitney/search/ivf_index.h"

namespace whitney::search {

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
};

/// What searches did.
struct IvfWork {
  int64_t lists = 0, codes = 0, distances = 0;
  /// The deadline ended one.
  bool is_partial = false;
  IvfWork& operator+=(const IvfWork& other) {
    lists += other.lists;
    codes += other.codes;
    distances += other.distances;
    is_partial = is_partial || other.is_partial;
    return *this;
  }
};

/// Which rows of lists may be returned, found out list by list as searches reach them.
class PassingPlaces {
 public:
  /// bits: of the rows that pass; empty: all do. It stays.
  PassingPlaces(const IvfParts& parts, const std::vector<uint64_t>& bits);
  /// Places in a list, ascending; null: all of them.
  const std::vector<uint32_t>* of(uint32_t list);
  int64_t count(uint32_t list);

 private:
  const IvfParts& parts_;
  const std::vector<uint64_t>& bits_;
  std::vector<std::optional<std::vector<uint32_t>>> found_;
};

/// A query as lists are asked. Its numbers stay elsewhere.
struct IvfQuery {
  /// float32, of norm 1 under cosine, and less what the centroids are taken around.
  const float* vector = nullptr;
  const float* centred = nullptr;
  /// Of each list (ListCentroids::measure).
  const float* measured = nullptr;
  /// |centred|^2.
  float square = 0;
};

/// Ranks rows for one query by the best that is kept of them: by keys, lower first. They are what people see,
/// scores negated, where vectors are kept; else squared distances or negated inner products.
class IvfRanker {
 public:
  /// What is given stays. codes: null where lists hold vectors.
  IvfRanker(const IvfParts& parts, const IvfQuery& query, ListQuery* codes);
  float key(ListPlace place);
  /// Asks for the beginning of what `key` will read, or for all of it.
  void prefetch(ListPlace place) const;
  void prefetch_whole(ListPlace place) const;
  /// A key as a squared distance or a negated inner product, which codes estimate.
  float estimate_of(float key) const;

 private:
  const IvfParts& parts_;
  const IvfQuery& query_;
  ListQuery* codes_;
  std::unique_ptr<codec::CodeScorer> bytes_;
  /// Under cosine, of a zero vector, which no other has.
  std::vector<uint8_t> zero_bytes_;
};

/// Finds the lists of a query, nearest first: nprobe of them, and more until they hold plan.least_passing
/// rows that pass.
std::vector<uint32_t> nearest_lists(const IvfPlan& plan, std::span<const float> measured,
                                    PassingPlaces& passing);

/// Scans lists of vectors; what passes goes into `top` by the keys of IvfRanker. Lists in any order.
void scan_vectors(const IvfParts& parts, uint32_t list, const std::vector<uint32_t>* passing,
                  const float* query, TopK& top, IvfWork& work);

/// Scans lists of codes and ranks what they found.
std::vector<TopK::Entry> search_codes(const IvfParts& parts, const IvfPlan& plan, const IvfQuery& query,
                                      std::span<const uint32_t> lists, PassingPlaces& passing, IvfWork& work);

}  // namespace whitney::search
