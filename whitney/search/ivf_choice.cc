// Which lists a search in ivf scans, and what of them may be returned.

#include <algorithm>
#include <bit>

#include "whitney/search/ivf_search.h"

namespace whitney::search {
namespace {

/// The places of values, the least first; of equal ones the first. They are put in order as far as is asked.
class NearestFirst {
 public:
  NearestFirst(std::span<const float> values, int64_t count) : values_(values) {
    order_.reserve(static_cast<size_t>(count));
    // A heap takes the few of many sooner than all are parted.
    if (16 * count > std::ssize(values)) {
      sort_up_to(static_cast<size_t>(count));
      return;
    }
    TopK top(count);
    top.push_run(values, 0);
    for (const TopK::Entry& entry : top.take()) order_.push_back(entry.row);
  }
  /// i: below the number of values.
  uint32_t at(size_t i) {
    if (i >= order_.size()) sort_up_to(std::min(values_.size(), i + std::max<size_t>(i / 2, 16)));
    return order_[i];
  }

 private:
  void sort_up_to(size_t count) {
    const auto at_place = [&](size_t place) { return keys_.begin() + static_cast<std::ptrdiff_t>(place); };
    const size_t done = order_.size();
    if (keys_.empty()) {
      fill_keys();
      if (done > 0) std::nth_element(keys_.begin(), at_place(done), keys_.end());
    }
    if (count < keys_.size()) std::nth_element(at_place(done), at_place(count), keys_.end());
    std::sort(at_place(done), at_place(count));
    for (size_t i = done; i < count; ++i) order_.push_back(static_cast<uint32_t>(keys_[i]));
  }
  /// Value and place as one integer that orders like the two.
  void fill_keys() {
    constexpr uint32_t kSign = uint32_t{1} << 31;
    keys_.resize(values_.size());
    for (uint32_t i = 0; i < keys_.size(); ++i) {
      const auto bits = std::bit_cast<uint32_t>(values_[i] + 0.0F);  // -0 is 0
      keys_[i] = uint64_t{(bits & kSign) != 0 ? ~bits : bits | kSign} << 32 | i;
    }
  }

  std::span<const float> values_;
  std::vector<uint64_t> keys_;
  std::vector<uint32_t> order_;
};

/// Appends the places of a list's rows that pass. Without a branch, which half of them would mispredict.
void append_passing(const IvfList& list, std::span<const uint64_t> bits, std::vector<uint32_t>& places) {
  const std::span<const uint32_t> rows = list.rows.span();
  const size_t before = places.size();
  places.resize(before + rows.size());
  uint32_t* out = places.data() + before;
  for (uint32_t at = 0; at < rows.size(); ++at) {
    *out = at;
    out += bits[rows[at] / 64] >> (rows[at] % 64) & 1;
  }
  places.resize(static_cast<size_t>(out - places.data()));
}

PassingOfList passing_of(const IvfParts& parts, const IvfList& list, std::span<const uint32_t> places) {
  const int64_t count = std::ssize(places);
  if (count == list.size()) return {true, {}, count, count};
  if (!parts.has_codes()) return {false, places, count, count};
  int64_t num_blocks = 0;
  uint32_t after_last = 0;
  for (const uint32_t place : places) {
    num_blocks += place >= after_last ? 1 : 0;
    after_last = (place / kFastScanLanes + 1) * kFastScanLanes;
  }
  return {false, places, count, num_blocks * kFastScanLanes};
}

}  // namespace

KeptPlaces::KeptPlaces(const IvfParts& parts, std::span<const uint64_t> bits, int64_t num_passing)
    : regions_(list_regions(parts, bits, num_passing)) {
  std::vector<int64_t> ends;
  for (const IvfList& list : parts.lists) {
    append_passing(list, bits, places_);
    ends.push_back(std::ssize(places_));
  }
  int64_t begin = 0;
  for (size_t j = 0; j < parts.lists.size(); ++j) {
    lists_.push_back(passing_of(
        parts, parts.lists[j],
        std::span(places_).subspan(static_cast<size_t>(begin), static_cast<size_t>(ends[j] - begin))));
    begin = ends[j];
  }
}

PassingOfList PassingPlaces::of(uint32_t number) {
  const IvfList& list = parts_.lists[number];
  if (!is_filtered_) return {true, {}, list.size(), list.size()};
  if (kept_ != nullptr) return kept_->of(number);
  Found& found = found_[number];
  if (!found.is_known) {
    append_passing(list, bits_, found.places);
    found.of_list = passing_of(parts_, list, found.places);
    found.is_known = true;
  }
  return found.of_list;
}

ChosenLists nearest_lists(const IvfPlan& plan, std::span<const float> measured, int64_t expected,
                          PassingPlaces& passing, IvfWork& work) {
  const int64_t nlist = std::ssize(measured);
  ChosenLists chosen;
  ListsSeen seen;
  int64_t num_passing = 0;
  const auto has_enough = [&] { return seen.lists >= plan.nprobe && num_passing >= plan.least_passing; };
  const int64_t begin = passing.is_filtered() ? std::max(plan.nprobe, expected) : plan.nprobe;
  NearestFirst nearest(measured, std::min(begin, nlist));
  while (seen.lists < nlist && !chosen.scans && !has_enough()) {
    const uint32_t list = nearest.at(static_cast<size_t>(seen.lists++));
    chosen.lists.push_back(list);
    const PassingOfList of_list = passing.of(list);
    seen.tested += passing.is_filtered() ? passing.size(list) : 0;
    seen.visited += of_list.count > 0 ? 1 : 0;
    seen.compared += of_list.compared;
    num_passing += of_list.count;
    chosen.scans = plan.planner && plan.planner->is_given_up(seen.tested);
  }
  work.seen += seen.lists;
  work.passing += num_passing;
  work.tested += passing.is_kept() ? 0 : seen.tested;
  chosen.scans = chosen.scans || (plan.planner && plan.planner->prefers_scan_now(seen));
  work.switched += chosen.scans ? 1 : 0;
  return chosen;
}

}  // namespace whitney::search
