#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "whitney/linalg/top_k.h"
#include "whitney/search/filter_memo.h"
#include "whitney/search/ivf_index.h"
#include "whitney/search/ivf_plan.h"
#include "whitney/search/ivf_regions.h"

namespace whitney::search {

/// What searches did.
struct IvfWork {
  /// Lists that were looked into for what passes, and how much of these did; lists that were searched.
  int64_t seen = 0, passing = 0, lists = 0, tested = 0, codes = 0, distances = 0;
  /// Queries that a scan took over.
  int64_t switched = 0;
  /// The deadline ended one.
  bool is_partial = false;
  IvfWork& operator+=(const IvfWork& other) {
    seen += other.seen;
    passing += other.passing;
    lists += other.lists;
    tested += other.tested;
    switched += other.switched;
    codes += other.codes;
    distances += other.distances;
    is_partial = is_partial || other.is_partial;
    return *this;
  }
};

/// The rows of a list that may be returned.
struct PassingOfList {
  bool all = true;
  /// Their places, ascending, unless all pass.
  std::span<const uint32_t> places;
  int64_t count = 0;
  /// Vectors or codes that a search compares for them: codes are compared a block at a time.
  int64_t compared = 0;
};

/// The same of all lists, kept beside the rows that a filter allows.
class KeptPlaces : public FilterMemo::Content {
 public:
  KeptPlaces(const IvfParts& parts, std::span<const uint64_t> bits, int64_t num_passing);
  /// Of so many rows that pass.
  static int64_t size_bytes_of(const IvfParts& parts, int64_t num_passing) {
    return num_passing * 4 + std::ssize(parts.lists) * static_cast<int64_t>(sizeof(PassingOfList)) +
           static_cast<int64_t>(sizeof(ListRegions));
  }
  PassingOfList of(uint32_t list) const { return lists_[list]; }
  const ListRegions& regions() const { return regions_; }
  int64_t size_bytes() const override {
    return std::ssize(places_) * 4 + std::ssize(lists_) * static_cast<int64_t>(sizeof(PassingOfList)) +
           static_cast<int64_t>(sizeof(ListRegions));
  }

 private:
  std::vector<uint32_t> places_;
  std::vector<PassingOfList> lists_;
  ListRegions regions_;
};

/// Which rows of lists may be returned: as they are kept, or found out list by list as searches reach them.
class PassingPlaces {
 public:
  /// is_filtered: not all rows pass, but those of `kept` or else of `bits`. They stay.
  PassingPlaces(const IvfParts& parts, bool is_filtered, std::span<const uint64_t> bits,
                const KeptPlaces* kept = nullptr)
      : parts_(parts),
        is_filtered_(is_filtered),
        bits_(bits),
        kept_(kept),
        found_(is_filtered && kept == nullptr ? parts.lists.size() : 0) {}
  PassingOfList of(uint32_t list);
  /// Of a list, whether its rows pass or not.
  int64_t size(uint32_t list) const { return parts_.lists[list].size(); }
  bool is_filtered() const { return is_filtered_; }
  bool is_kept() const { return kept_ != nullptr; }

 private:
  struct Found {
    bool is_known = false;
    std::vector<uint32_t> places;
    PassingOfList of_list;
  };
  const IvfParts& parts_;
  bool is_filtered_;
  std::span<const uint64_t> bits_;
  const KeptPlaces* kept_;
  std::vector<Found> found_;
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

/// The lists of a query, nearest first, or that a scan of what passes is cheaper.
struct ChosenLists {
  std::vector<uint32_t> lists;
  bool scans = false;
};

/// Finds the lists of a query: nprobe of them, and more until they hold plan.least_passing rows that pass.
/// What plan.planner weighs is what they hold; where looking for them takes as long as a scan, it is given
/// up.
/// expected: as many as will do, most likely; they are put in order at once.
ChosenLists nearest_lists(const IvfPlan& plan, std::span<const float> measured, int64_t expected,
                          PassingPlaces& passing, IvfWork& work);

/// Asks memory for what ranking a list's rows that pass begins with.
void prefetch_vectors(const IvfParts& parts, uint32_t list, const PassingOfList& passing);

/// Scans lists of vectors; what passes goes into `top` by the keys of IvfRanker. Lists in any order.
void scan_vectors(const IvfParts& parts, uint32_t list, const PassingOfList& passing, const float* query,
                  TopK& top, IvfWork& work);

/// Scans lists of codes and ranks what they found.
std::vector<TopK::Entry> search_codes(const IvfParts& parts, const IvfPlan& plan, const IvfQuery& query,
                                      std::span<const uint32_t> lists, PassingPlaces& passing, IvfWork& work);

}  // namespace whitney::search
