#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "whitney/linalg/candidates.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/select.h"
#include "whitney/search/ivf_search.h"

namespace whitney::search {
namespace {

/// Rows of a list that are scored at once, and how many candidates ahead of the one that is ranked are asked
/// for.
constexpr int64_t kRun = 1024, kBlocksAtOnce = kRun / kFastScanLanes;
constexpr size_t kAhead = 6;
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
void find_lanes(const IvfList& list, const std::vector<uint32_t>* passing, std::vector<uint32_t>& masks) {
  const auto num_blocks = static_cast<size_t>((list.size() + kFastScanLanes - 1) / kFastScanLanes);
  masks.assign(num_blocks, passing == nullptr ? ~uint32_t{0} : 0);
  if (passing == nullptr) {
    if (const int64_t rest = list.size() % kFastScanLanes; rest > 0) masks.back() = (uint32_t{1} << rest) - 1;
    return;
  }
  for (const uint32_t at : *passing) masks[at / kFastScanLanes] |= uint32_t{1} << (at % kFastScanLanes);
}

/// The ranges of keys of some blocks of a list.
struct ScoredBlocks {
  std::array<float, kRun> least, greatest;
  std::array<uint32_t, kRun + 16> found;
  int64_t first_place = 0, count = 0;
  const uint32_t* masks = nullptr;

  /// Calls body(i) for the lanes that pass and whose key in `keys` is at most limit().
  template <class Limit, class Body>
  void each_at_most(const std::array<float, kRun>& keys, const Limit& limit, const Body& body) {
    const int64_t num_found = select_at_most(keys.data(), count, limit(), found.data());
    for (int64_t f = 0; f < num_found; ++f) {
      const uint32_t i = found[static_cast<size_t>(f)];
      if ((masks[i / kFastScanLanes] >> (i % kFastScanLanes) & 1) != 0 && keys[i] <= limit()) body(i);
    }
  }
};

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

/// Calls body(list, blocks) for runs of blocks of the lists that have a row that passes, with the ranges of
/// their keys, or, where so many of the best are wanted, the keys themselves in `least`.
template <class Body>
void each_scored_run(const IvfParts& parts, const IvfPlan& plan, const IvfQuery& query,
                     const ListQuery& codes, std::span<const uint32_t> lists, PassingPlaces& passing,
                     IvfWork& work, const Body& body) {
  ScoredBlocks blocks;
  std::vector<uint32_t> masks;
  for (size_t i = 0; i < lists.size(); ++i) {
    if (i % kListsPerLook == 0 && plan.deadline.is_past()) {
      work.is_partial = true;
      return;
    }
    const uint32_t number = lists[i];
    prefetch_lists(parts, lists.subspan(i + 1));
    ++work.lists;
    if (passing.count(number) == 0) continue;
    const IvfList& list = parts.lists[number];
    find_lanes(list, passing.of(number), masks);
    ListKeyTerms terms = parts.centroids.key_terms(number, query.measured[number], query.square);
    if (!plan.by_bounds) terms.error_factor = 0;
    const int64_t num_blocks = std::ssize(masks);
    for (int64_t first = 0; first < num_blocks;) {
      int64_t last = first;
      while (last < num_blocks && last - first < kBlocksAtOnce && masks[static_cast<size_t>(last)] != 0)
        ++last;
      if (last == first) {
        ++first;
        continue;
      }
      if (plan.num_rescored > 0)
        codes.keys(list, first, last - first, terms, blocks.least.data(), blocks.greatest.data());
      else
        codes.key_ranges(list, first, last - first, terms, blocks.least.data(), blocks.greatest.data());
      blocks.first_place = first * kFastScanLanes;
      blocks.count = std::min(last * kFastScanLanes, list.size()) - blocks.first_place;
      blocks.masks = masks.data() + first;
      work.codes += blocks.count;
      body(list, blocks);
      first = last;
    }
  }
}

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
std::vector<TopK::Entry> rows_within_ranges(const IvfParts& parts, const IvfPlan& plan, const IvfQuery& query,
                                            const ListQuery& codes, std::span<const uint32_t> lists,
                                            PassingPlaces& passing, IvfWork& work) {
  Candidates candidates(plan.wanted);
  each_scored_run(parts, plan, query, codes, lists, passing, work,
                  [&](const IvfList& list, ScoredBlocks& blocks) {
                    blocks.each_at_most(
                        blocks.least, [&] { return candidates.limit(); },
                        [&](uint32_t i) {
                          candidates.add_between(blocks.least[i], blocks.greatest[i],
                                                 list.rows.data()[blocks.first_place + i]);
                        });
                  });
  return take_all(candidates);
}

/// The rows of the best codes, in no order, by keys that err by the tables' 8 bits alone.
std::vector<TopK::Entry> rows_of_best_codes(const IvfParts& parts, const IvfPlan& plan, const IvfQuery& query,
                                            const ListQuery& codes, std::span<const uint32_t> lists,
                                            PassingPlaces& passing, IvfWork& work) {
  const int64_t num_best = std::max(plan.num_rescored, plan.wanted);
  Candidates candidates(num_best);
  each_scored_run(parts, plan, query, codes, lists, passing, work,
                  [&](const IvfList& list, ScoredBlocks& blocks) {
                    blocks.each_at_most(
                        blocks.least, [&] { return candidates.limit(); },
                        [&](uint32_t i) {
                          candidates.add_between(blocks.least[i], blocks.least[i],
                                                 list.rows.data()[blocks.first_place + i]);
                        });
                  });
  std::vector<TopK::Entry> entries = take_all(candidates);
  if (std::ssize(entries) > num_best) {
    std::ranges::nth_element(entries, entries.begin() + num_best, comes_before);
    entries.resize(static_cast<size_t>(num_best));
  }
  return entries;
}

}  // namespace

PassingPlaces::PassingPlaces(const IvfParts& parts, const std::vector<uint64_t>& bits)
    : parts_(parts), bits_(bits), found_(bits.empty() ? 0 : parts.lists.size()) {}

const std::vector<uint32_t>* PassingPlaces::of(uint32_t list) {
  if (bits_.empty()) return nullptr;
  std::optional<std::vector<uint32_t>>& places = found_[list];
  if (!places) {
    places.emplace();
    const std::span<const uint32_t> rows = parts_.lists[list].rows.span();
    for (uint32_t at = 0; at < rows.size(); ++at) {
      if ((bits_[rows[at] / 64] >> (rows[at] % 64) & 1) != 0) places->push_back(at);
    }
  }
  return std::ssize(*places) == parts_.lists[list].size() ? nullptr : &*places;
}

int64_t PassingPlaces::count(uint32_t list) {
  const std::vector<uint32_t>* places = of(list);
  return places == nullptr ? parts_.lists[list].size() : std::ssize(*places);
}

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

float IvfRanker::estimate_of(float key) const {
  if (!parts_.has_vectors() || parts_.metric == Metric::kInnerProduct) return key;
  return parts_.metric == Metric::kL2 ? key * key : 2 + 2 * key;
}

std::vector<uint32_t> nearest_lists(const IvfPlan& plan, std::span<const float> measured,
                                    PassingPlaces& passing) {
  constexpr int64_t kFew = 64;  // up to here a heap is faster than to order all
  const int64_t nlist = std::ssize(measured);
  for (int64_t count = std::min(plan.nprobe, nlist);; count = std::min(4 * count, nlist)) {
    std::vector<TopK::Entry> nearest;
    if (count <= kFew) {
      TopK top(count);
      top.push_run(measured, 0);
      nearest = top.take();
    } else {
      for (uint32_t list = 0; list < nlist; ++list) nearest.push_back({measured[list], list});
      if (count < nlist) std::ranges::nth_element(nearest, nearest.begin() + count, comes_before);
      nearest.resize(static_cast<size_t>(count));
      std::ranges::sort(nearest, comes_before);
    }
    std::vector<uint32_t> lists;
    int64_t num_passing = 0;
    for (const TopK::Entry& entry : nearest) {
      lists.push_back(entry.row);
      num_passing += passing.count(entry.row);
      if (std::ssize(lists) >= plan.nprobe && num_passing >= plan.least_passing) return lists;
    }
    if (count == nlist) return lists;
  }
}

void scan_vectors(const IvfParts& parts, uint32_t number, const std::vector<uint32_t>* passing,
                  const float* query, TopK& top, IvfWork& work) {
  const IvfList& list = parts.lists[number];
  const MatrixView vectors = vectors_of(parts, list);
  const int64_t n = passing == nullptr ? list.size() : std::ssize(*passing);
  std::array<float, kRun> values;
  std::array<uint32_t, kRun + 16> found;
  for (int64_t begin = 0; begin < n; begin += kRun) {
    const int64_t count = std::min(kRun, n - begin);
    if (passing == nullptr)
      distance_one_to_many(kernel_of(parts.metric), query, vectors, begin, begin + count, values.data());
    else
      distance_one_to_rows(
          kernel_of(parts.metric), query, vectors,
          std::span(*passing).subspan(static_cast<size_t>(begin), static_cast<size_t>(count)), values.data());
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
      const int64_t at = passing == nullptr ? begin + i : (*passing)[static_cast<size_t>(begin + i)];
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
  const auto place_of = [&](uint32_t row) { return parts.places[row]; };
  TopK top(plan.wanted);
  if (plan.by_bounds) {
    auto entries = rows_within_ranges(parts, plan, query, codes, lists, passing, work);
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
    auto entries = rows_of_best_codes(parts, plan, query, codes, lists, passing, work);
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i + kAhead < entries.size()) ranker.prefetch(place_of(entries[i + kAhead].row));
      top.push(ranker.key(place_of(entries[i].row)), entries[i].row);
    }
    work.distances += std::ssize(entries);
    return top.take();
  }
  for (const TopK::Entry& entry : rows_within_ranges(parts, plan, query, codes, lists, passing, work)) {
    const ListPlace place = place_of(entry.row);
    const ListKeyTerms terms =
        parts.centroids.key_terms(place.list, query.measured[place.list], query.square);
    top.push(codes.key(parts.lists[place.list], place.at, terms), entry.row);
  }
  return top.take();
}

}  // namespace whitney::search
