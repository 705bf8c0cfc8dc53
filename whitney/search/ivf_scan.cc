#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "whitney/linalg/candidates.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/select.h"
#include "whitney/search/ivf_search.h"

namespace whitney::search {
namespace {

/// Rows of a list that are scored at once.
constexpr int64_t kRun = ListQuery::kMostBlocks * kFastScanLanes;
/// Bytes of the vectors that are asked for ahead of the one that is ranked (784 dimensions: 1.15 times as
/// many queries a second as with the beginnings of six vectors), and how many vectors that are.
constexpr int64_t kBytesAhead = 10'000;
constexpr size_t kLeastAhead = 3, kMostAhead = 8;
/// Lists from one look at the clock to the next.
constexpr size_t kListsPerLook = 16;

Kernel kernel_of(Metric metric) { return metric == Metric::kL2 ? Kernel::kSquaredL2 : Kernel::kInnerProduct; }

MatrixView vectors_of(const IvfParts& parts, const IvfList& list) {
  return {list.vectors.data(), list.size(), parts.dim, parts.dim, DType::kF32};
}

/// Keys of kernel values, as flat search has them.
float key_of_value(float value, Metric metric) {
  return metric == Metric::kL2 ? std::sqrt(value) : 0.0F - value;
}

/// Writes for each block of a list the lanes that pass.
void find_lanes(const IvfList& list, std::span<const uint32_t> passing, std::vector<uint32_t>& masks) {
  masks.assign(static_cast<size_t>((list.size() + kFastScanLanes - 1) / kFastScanLanes), 0);
  for (const uint32_t at : passing) masks[at / kFastScanLanes] |= uint32_t{1} << (at % kFastScanLanes);
}

void prefetch_bytes(const void* begin, int64_t size_bytes) {
  constexpr int64_t kLine = 64;
  for (int64_t offset = 0; offset < size_bytes; offset += kLine)
    __builtin_prefetch(static_cast<const char*>(begin) + offset);
}

/// Asks for the beginnings of the lists that come next: each lies elsewhere, and a search in many of them
/// would wait for memory at each.
void prefetch_lists(const IvfParts& parts, std::span<const uint32_t> next) {
  constexpr int64_t kMostBytes = 2048;  // the processor itself asks for what lies behind
  if (next.size() > 1) prefetch_bytes(&parts.lists[next[1]], sizeof(IvfList));
  if (next.empty()) return;
  const IvfList& list = parts.lists[next[0]];
  prefetch_bytes(list.blocks.data(), std::min(list.blocks.size(), kMostBytes));
  prefetch_bytes(list.terms.data(), std::min<int64_t>(4 * list.terms.size(), kMostBytes / 4));
}

/// Scans the codes of lists for one query.
class CodeScan {
 public:
  CodeScan(const IvfParts& parts, const IvfPlan& plan, const IvfQuery& query, ListQuery& codes,
           PassingPlaces& passing, IvfWork& work)
      : parts_(parts), plan_(plan), query_(query), codes_(codes), passing_(passing), work_(work) {}

  /// Calls body(key, place) for the rows that pass and whose key may be at most limit().
  template <class Limit, class Body>
  void each_found(std::span<const uint32_t> lists, ListKeys keys, const Limit& limit, const Body& body) {
    for (size_t i = 0; i < lists.size(); ++i) {
      if (i % kListsPerLook == 0 && plan_.deadline.is_past()) {
        work_.is_partial = true;
        return;
      }
      prefetch_lists(parts_, lists.subspan(i + 1));
      ++work_.lists;
      in_list(lists[i], keys, limit, body);
    }
  }

 private:
  template <class Limit, class Body>
  void in_list(uint32_t number, ListKeys keys, const Limit& limit, const Body& body) {
    const PassingOfList passing = passing_.of(number);
    if (passing.count == 0) return;
    const IvfList& list = parts_.lists[number];
    const ListKeyTerms terms = parts_.centroids.key_terms(number, query_.measured[number], query_.square);
    const int64_t num_blocks = (list.size() + kFastScanLanes - 1) / kFastScanLanes;
    if (!passing.all) find_lanes(list, passing.places, masks_);
    const auto has_rows = [&](int64_t b) { return passing.all || masks_[static_cast<size_t>(b)] != 0; };
    for (int64_t first = 0; first < num_blocks;) {
      int64_t last = passing.all ? std::min(first + ListQuery::kMostBlocks, num_blocks) : first;
      while (last < num_blocks && last - first < ListQuery::kMostBlocks && has_rows(last)) ++last;
      if (last == first) {
        ++first;
        continue;
      }
      const int64_t num_found = codes_.select(list, first, last - first, terms, keys, limit(), found_.data());
      work_.codes += std::min(last * kFastScanLanes, list.size()) - first * kFastScanLanes;
      for (int64_t f = 0; f < num_found; ++f) {
        const codec::FoundKey& key = found_[static_cast<size_t>(f)];
        const int64_t place = first * kFastScanLanes + key.place;
        const bool passes =
            passing.all
                ? place < list.size()
                : (masks_[static_cast<size_t>(place / kFastScanLanes)] >> (place % kFastScanLanes) & 1) != 0;
        if (passes && key.least <= limit()) body(key, ListPlace{number, static_cast<uint32_t>(place)});
      }
      first = last;
    }
  }

  const IvfParts& parts_;
  const IvfPlan& plan_;
  const IvfQuery& query_;
  ListQuery& codes_;
  PassingPlaces& passing_;
  IvfWork& work_;
  std::array<codec::FoundKey, kRun> found_;
  std::vector<uint32_t> masks_;
};

bool comes_before(const TopK::Entry& a, const TopK::Entry& b) {
  return a.key != b.key ? a.key < b.key : a.row < b.row;
}

/// What is left of candidates, by their least keys.
std::vector<TopK::Entry> take_all(Candidates& candidates) {
  std::vector<TopK::Entry> entries;
  candidates.take([&](float least, uint32_t row) { entries.push_back({least, row}); });
  return entries;
}

/// Rows that may be among the `wanted` best by the ranges of their keys, in no order; of each the least key.
std::vector<TopK::Entry> rows_within_ranges(const IvfParts& parts, CodeScan& scan, const IvfPlan& plan,
                                            std::span<const uint32_t> lists) {
  Candidates candidates(plan.wanted);
  scan.each_found(
      lists, plan.by_bounds ? ListKeys::kOfVectors : ListKeys::kOfCodes, [&] { return candidates.limit(); },
      [&](const codec::FoundKey& key, ListPlace place) {
        candidates.add_between(key.least, key.greatest, parts.lists[place.list].rows.data()[place.at]);
      });
  return take_all(candidates);
}

/// Keeps where the k codes of the lowest keys lie, of equal ones those that came first, in the order in which
/// they came: that of lists, which memory likes.
class BestCodes {
 public:
  explicit BestCodes(int64_t k) : k_(static_cast<size_t>(k)) { make_room(std::min(most(), kFirstRoom)); }
  /// Keys above it need not be offered.
  float limit() const { return limit_; }
  void offer(float key, ListPlace place) {
    numbers_[size_] = number_of(key);
    places_[size_++] = place;
    if (size_ < numbers_.size()) return;
    if (size_ < most())
      make_room(std::min(most(), 2 * size_));
    else
      cut();
  }
  std::span<const ListPlace> take() {
    cut();
    return std::span(places_).first(size_);
  }

 private:
  static constexpr size_t kFirstRoom = 1024;
  size_t most() const { return 2 * k_ + 64; }
  void make_room(size_t size) {
    numbers_.resize(size);
    places_.resize(size);
  }
  // Floats as integers that order like them; -0 is 0.
  static int32_t number_of(float key) {
    const auto bits = std::bit_cast<int32_t>(key + 0.0F);
    return bits < 0 ? bits ^ std::numeric_limits<int32_t>::max() : bits;
  }
  void cut() {
    if (size_ < k_ || k_ == 0) return;
    const int32_t last = kth_least(std::span(numbers_).first(size_), static_cast<int64_t>(k_));
    const auto some = std::span(numbers_).first(size_);
    auto num_equal =
        k_ - static_cast<size_t>(std::ranges::count_if(some, [&](int32_t n) { return n < last; }));
    size_t kept = 0;
    for (size_t i = 0; i < size_; ++i) {
      const size_t is_equal = numbers_[i] == last && num_equal > 0 ? 1 : 0;
      num_equal -= is_equal;
      const bool stays = numbers_[i] < last || is_equal > 0;
      numbers_[kept] = numbers_[i];
      places_[kept] = places_[i];
      kept += stays ? 1 : 0;
    }
    size_ = kept;
    limit_ = std::bit_cast<float>(last < 0 ? last ^ std::numeric_limits<int32_t>::max() : last);
  }

  size_t k_, size_ = 0;
  float limit_ = std::numeric_limits<float>::infinity();
  std::vector<int32_t> numbers_;
  std::vector<ListPlace> places_;
};

}  // namespace

IvfRanker::IvfRanker(const IvfParts& parts, const IvfQuery& query, ListQuery* codes)
    : parts_(parts), query_(query), codes_(codes) {
  if (!parts.has_bytes()) return;
  const bool is_product = parts.metric == Metric::kInnerProduct;
  bytes_ = parts.byte_codec->scorer(is_product ? Kernel::kInnerProduct : Kernel::kSquaredL2, query.vector);
  if (parts.metric != Metric::kCosine) return;
  zero_bytes_.resize(static_cast<size_t>(parts.byte_codec->code_bytes()));
  parts.byte_codec->encode(std::vector<float>(static_cast<size_t>(parts.dim)).data(), zero_bytes_.data(),
                           nullptr);
}

float IvfRanker::key(ListPlace place) {
  const IvfList& list = parts_.lists[place.list];
  if (parts_.has_vectors()) {
    const float* vector = list.vectors.data() + place.at * parts_.dim;
    return key_of_value(distance(kernel_of(parts_.metric), query_.vector, vector, parts_.dim), parts_.metric);
  }
  if (bytes_) {
    constexpr float kNoCosine = 2;  // the squared distance of cosine 0
    const std::span code(list.bytes.data() + place.at * parts_.byte_codec->code_bytes(),
                         static_cast<size_t>(parts_.byte_codec->code_bytes()));
    if (!zero_bytes_.empty() && std::ranges::equal(code, zero_bytes_)) return kNoCosine;
    float value = 0;
    bytes_->score(code.data(), 1, &value);
    return parts_.metric == Metric::kInnerProduct ? -value : value;
  }
  const ListKeyTerms terms =
      parts_.centroids.key_terms(place.list, query_.measured[place.list], query_.square);
  return parts_.codes.fine_bytes() > 0 ? codes_->fine_key(list, place.at, terms)
                                       : codes_->key(list, place.at, terms);
}

void IvfRanker::prefetch(ListPlace place) const {
  constexpr int64_t kMostBytes = 512;  // the processor itself asks for what lies behind
  if (!parts_.has_vectors()) return;
  prefetch_bytes(parts_.lists[place.list].vectors.data() + place.at * parts_.dim,
                 std::min(parts_.dim * 4, kMostBytes));
}

void IvfRanker::prefetch_whole(ListPlace place) const {
  constexpr int64_t kMostBytes = 8192, kLine = 64;
  if (!parts_.has_vectors()) return;
  const auto* vector =
      reinterpret_cast<const char*>(parts_.lists[place.list].vectors.data() + place.at * parts_.dim);
  for (int64_t offset = 0; offset < std::min(parts_.dim * 4, kMostBytes); offset += kLine)
    __builtin_prefetch(vector + offset, 0, 2);  // into L2: L1 has room for too few requests
}

float IvfRanker::estimate_of(float key) const {
  if (!parts_.has_vectors() || parts_.metric == Metric::kInnerProduct) return key;
  return parts_.metric == Metric::kL2 ? key * key : 2 + 2 * key;
}

void prefetch_vectors(const IvfParts& parts, uint32_t number, const PassingOfList& passing) {
  constexpr int64_t kMostBytes = 3072;  // the kernel itself asks for the rows behind the first
  if (passing.count == 0) return;
  const int64_t first = passing.all ? 0 : passing.places.front();
  prefetch_bytes(parts.lists[number].vectors.data() + first * parts.dim, std::min(parts.dim * 4, kMostBytes));
}

void scan_vectors(const IvfParts& parts, uint32_t number, const PassingOfList& passing, const float* query,
                  TopK& top, IvfWork& work) {
  const IvfList& list = parts.lists[number];
  const MatrixView vectors = vectors_of(parts, list);
  const int64_t n = passing.count;
  std::array<float, kRun> values;
  std::array<uint32_t, kRun + 16> found;
  for (int64_t begin = 0; begin < n; begin += kRun) {
    const int64_t count = std::min(kRun, n - begin);
    if (passing.all)
      distance_one_to_many(kernel_of(parts.metric), query, vectors, begin, begin + count, values.data());
    else
      distance_one_to_rows(kernel_of(parts.metric), query, vectors,
                           passing.places.subspan(static_cast<size_t>(begin), static_cast<size_t>(count)),
                           values.data());
    // Roots are taken only of what may enter; the margin covers the rounding of the root and of its square.
    float limit = top.bound();
    if (parts.metric == Metric::kL2) {
      limit = limit * limit * (1 + 1e-6F) + std::numeric_limits<float>::min();
    } else {
      for (int64_t i = 0; i < count; ++i)
        values[static_cast<size_t>(i)] = 0.0F - values[static_cast<size_t>(i)];
    }
    const int64_t num_found = select_at_most(values.data(), count, limit, found.data());
    for (int64_t f = 0; f < num_found; ++f) {
      const uint32_t i = found[static_cast<size_t>(f)];
      const int64_t at = passing.all ? begin + i : passing.places[static_cast<size_t>(begin + i)];
      const float key = parts.metric == Metric::kL2 ? std::sqrt(values[i]) : values[i];
      top.push(key, list.rows.data()[at]);
    }
  }
  work.distances += n;
}

std::vector<TopK::Entry> search_codes(const IvfParts& parts, const IvfPlan& plan, const IvfQuery& query,
                                      std::span<const uint32_t> lists, PassingPlaces& passing,
                                      IvfWork& work) {
  ListQuery codes(parts.codes, query.centred);
  IvfRanker ranker(parts, query, &codes);
  CodeScan scan(parts, plan, query, codes, passing, work);
  const auto place_of = [&](uint32_t row) { return parts.places[row]; };
  TopK top(plan.wanted);
  if (plan.by_bounds && !parts.has_vectors() && !parts.has_bytes()) {
    // The second level lies beside the first: ranking at once gives a tighter limit than waiting for the most
    // promising would. A row counts for no better than its bound.
    scan.each_found(
        lists, ListKeys::kOfVectors, [&] { return top.bound(); },
        [&](const codec::FoundKey& key, ListPlace place) {
          top.push(std::max(key.least, ranker.key(place)), parts.lists[place.list].rows.data()[place.at]);
          ++work.distances;
        });
    TopK ranked(plan.wanted);
    for (const TopK::Entry& entry : top.take()) ranked.push(ranker.key(place_of(entry.row)), entry.row);
    return ranked.take();
  }
  if (plan.by_bounds) {
    auto entries = rows_within_ranges(parts, scan, plan, lists);
    // The most promising first; most are never looked at, so that a heap orders them as they are.
    const auto comes_after = [](const TopK::Entry& a, const TopK::Entry& b) { return comes_before(b, a); };
    std::ranges::make_heap(entries, comes_after);
    while (!entries.empty() && entries.front().key <= ranker.estimate_of(top.bound())) {
      const uint32_t row = entries.front().row;
      std::ranges::pop_heap(entries, comes_after);
      entries.pop_back();
      // Children of the root are the next.
      for (size_t i = 0; i < std::min<size_t>(3, entries.size()); ++i)
        ranker.prefetch(place_of(entries[i].row));
      top.push(ranker.key(place_of(row)), row);
      ++work.distances;
    }
    return top.take();
  }
  if (plan.num_rescored > 0) {
    BestCodes best(std::max(plan.num_rescored, plan.wanted));
    scan.each_found(
        lists, ListKeys::kMiddles, [&] { return best.limit(); },
        [&](const codec::FoundKey& key, ListPlace place) { best.offer(key.least, place); });
    const std::span<const ListPlace> places = best.take();
    const auto ahead =
        std::clamp(static_cast<size_t>(kBytesAhead / (4 * parts.dim)), kLeastAhead, kMostAhead);
    for (size_t i = 0; i < std::min(ahead, places.size()); ++i) ranker.prefetch_whole(places[i]);
    for (size_t i = 0; i < places.size(); ++i) {
      if (i + ahead < places.size()) ranker.prefetch_whole(places[i + ahead]);
      top.push(ranker.key(places[i]), parts.lists[places[i].list].rows.data()[places[i].at]);
    }
    work.distances += std::ssize(places);
    return top.take();
  }
  for (const TopK::Entry& entry : rows_within_ranges(parts, scan, plan, lists)) {
    const ListPlace place = place_of(entry.row);
    const ListKeyTerms terms =
        parts.centroids.key_terms(place.list, query.measured[place.list], query.square);
    top.push(codes.key(parts.lists[place.list], place.at, terms), entry.row);
  }
  return top.take();
}

}  // namespace whitney::search
