#include "whitney/linalg/ranked_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/ranked_scores.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

float LeastMarked(const float* HWY_RESTRICT scores, const uint8_t* HWY_RESTRICT marks, size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const size_t n = hn::Lanes(d);
  const auto none = hn::Set(d, HUGE_VALF);
  auto least = none;
  auto all_numbers = hn::Eq(none, none);
  bool any = false, any_nan = false;
  float rest = HUGE_VALF;
  size_t i = 0;
  auto any_marked = hn::Zero(du);
  for (; i + n <= count; i += n) {
    const auto mark = hn::PromoteTo(du, hn::LoadU(d8, marks + i));
    const auto is_marked = hn::RebindMask(d, hn::Ne(mark, hn::Zero(du)));
    const auto score = hn::IfThenElse(is_marked, hn::LoadU(d, scores + i), none);
    any_marked = hn::Or(any_marked, mark);
    all_numbers = hn::And(all_numbers, hn::Eq(score, score));
    least = hn::Min(least, score);
  }
  any = !hn::AllTrue(du, hn::Eq(any_marked, hn::Zero(du)));
  any_nan = !hn::AllTrue(d, all_numbers);
  for (; i < count; ++i) {
    if (marks[i] == 0) continue;
    any = true;
    any_nan = any_nan || std::isnan(scores[i]);
    rest = std::min(rest, scores[i]);
  }
  if (!any || any_nan) return std::numeric_limits<float>::quiet_NaN();
  return std::min(rest, hn::GetLane(hn::MinOfLanes(d, least)));
}

// Whole vectors are stored, of which the next store overwrites what was not taken: quicker than a store of
// some lanes.
size_t PackScores(const float* HWY_RESTRICT scores, size_t count, float least, uint32_t skipped,
                  float* HWY_RESTRICT out_scores, uint32_t* HWY_RESTRICT out_places) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t n = hn::Lanes(d);
  const bool takes_all = std::isnan(least);
  const auto limit = hn::Set(d, least);
  const auto skip = hn::Set(du, skipped);
  size_t taken = 0, i = 0;
  for (; i + n <= count; i += n) {
    const auto score = hn::LoadU(d, scores + i);
    const auto place = hn::Iota(du, static_cast<uint32_t>(i));
    auto takes = hn::Ne(place, skip);
    if (!takes_all) takes = hn::And(takes, hn::RebindMask(du, hn::Ge(score, limit)));
    hn::StoreU(hn::Compress(place, takes), du, out_places + taken);
    hn::StoreU(hn::Compress(score, hn::RebindMask(d, takes)), d, out_scores + taken);
    taken += hn::CountTrue(du, takes);
  }
  for (; i < count; ++i) {
    if (i == skipped || (!takes_all && !(scores[i] >= least))) continue;
    out_scores[taken] = scores[i];
    out_places[taken++] = static_cast<uint32_t>(i);
  }
  return taken;
}

void DescendingKeys(const float* HWY_RESTRICT scores, size_t count, uint32_t* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::RebindToSigned<decltype(d)> di;
  const size_t n = hn::Lanes(d);
  const auto nothing = hn::Zero(d);
  const auto flips = hn::Set(du, 0x7FFFFFFFU), last = hn::Set(du, ~uint32_t{0});
  size_t i = 0;
  for (; i + n <= count; i += n) {
    const auto score = hn::LoadU(d, scores + i);
    const auto bits = hn::BitCast(du, hn::Add(score, nothing));
    const auto sign = hn::BitCast(du, hn::BroadcastSignBit(hn::BitCast(di, bits)));
    const auto key = hn::Xor(bits, hn::AndNot(sign, flips));
    const auto is_number = hn::RebindMask(du, hn::Eq(score, score));
    hn::StoreU(hn::IfThenElse(is_number, key, last), du, out + i);
  }
  for (; i < count; ++i) out[i] = descending_key(scores[i]);
}

size_t CountEqual(const uint8_t* HWY_RESTRICT bytes, size_t count, uint8_t value) {
  const hn::ScalableTag<uint8_t> d;
  const size_t n = hn::Lanes(d);
  const auto sought = hn::Set(d, value);
  size_t found = 0, i = 0;
  for (; i + n <= count; i += n) found += hn::CountTrue(d, hn::Eq(hn::LoadU(d, bytes + i), sought));
  for (; i < count; ++i) found += bytes[i] == value ? 1 : 0;
  return found;
}

/// The sum of |score - center|, or of the scores themselves.
template <bool kDistances>
float SumOf(const float* HWY_RESTRICT scores, size_t count, float center) {
  const hn::ScalableTag<float> d;
  const size_t n = hn::Lanes(d);
  const auto from = hn::Set(d, center);
  auto even = hn::Zero(d), odd = hn::Zero(d);
  const auto term = [&](size_t at) HWY_ATTR {
    const auto score = hn::LoadU(d, scores + at);
    return kDistances ? hn::Abs(hn::Sub(score, from)) : score;
  };
  size_t i = 0;
  for (; i + 2 * n <= count; i += 2 * n) {
    even = hn::Add(even, term(i));
    odd = hn::Add(odd, term(i + n));
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; i < count; ++i) sum += kDistances ? std::abs(scores[i] - center) : scores[i];
  return sum;
}

ScoreSpread SpreadOf(const float* HWY_RESTRICT scores, size_t count) {
  const auto size = static_cast<float>(count);
  const float mean = SumOf<false>(scores, count, 0) / size;
  return {mean, SumOf<true>(scores, count, mean) / size};
}

// Each step rounds to the nearest and so keeps the order.
void BucketScores(const float* HWY_RESTRICT scores, size_t count, float mean, float width,
                  uint32_t num_buckets, uint32_t* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t n = hn::Lanes(d);
  const float half = static_cast<float>(num_buckets) / 2;
  const auto middle = hn::Set(d, mean), c = hn::Set(d, width), two = hn::Set(d, 2.0F);
  const auto factor = hn::Set(d, half);
  const auto last = hn::Set(du, num_buckets - 1);
  size_t i = 0;
  for (; i + n <= count; i += n) {
    const auto x = hn::Sub(hn::LoadU(d, scores + i), middle);
    const auto above = hn::Div(c, hn::Add(c, hn::Abs(x)));
    const auto place = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Sub(two, above), above);
    const auto bucket = hn::BitCast(du, hn::ConvertTo(di, hn::Mul(place, factor)));
    hn::StoreU(hn::Min(bucket, last), du, out + i);
  }
  for (; i < count; ++i) {
    const float x = scores[i] - mean, above = width / (width + std::abs(x));
    const float place = x < 0 ? 2 - above : above;
    out[i] = std::min(static_cast<uint32_t>(place * half), num_buckets - 1);
  }
}

// Odd-even transposition: pairs that begin at even places, then those at odd ones, until none changes. No
// branch an entry, where insertion mispredicts one for each that moves.
void SortNearlySorted(uint64_t* HWY_RESTRICT entries, size_t count) {
  bool changes = true;
  while (changes) {
    changes = false;
    for (size_t first = 0; first < 2; ++first) {
      size_t i = first;
#if HWY_TARGET != HWY_SCALAR
      const hn::ScalableTag<uint64_t> d;
      const size_t n = hn::Lanes(d);
      auto moved = hn::Zero(d);
      for (; i + n <= count; i += n) {
        const auto entry = hn::LoadU(d, entries + i), other = hn::Reverse2(d, entry);
        const auto sorted = hn::OddEven(hn::Max(entry, other), hn::Min(entry, other));
        moved = hn::Or(moved, hn::Xor(entry, sorted));
        hn::StoreU(sorted, d, entries + i);
      }
      changes = changes || !hn::AllTrue(d, hn::Eq(moved, hn::Zero(d)));
#endif
      for (; i + 1 < count; i += 2) {
        if (entries[i] <= entries[i + 1]) continue;
        std::swap(entries[i], entries[i + 1]);
        changes = true;
      }
    }
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(DescendingKeys);
HWY_EXPORT(CountEqual);
HWY_EXPORT(LeastMarked);
HWY_EXPORT(PackScores);
HWY_EXPORT(SpreadOf);
HWY_EXPORT(BucketScores);
HWY_EXPORT(SortNearlySorted);

void descending_keys(std::span<const float> scores, uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(DescendingKeys)(scores.data(), scores.size(), out);
}

int64_t count_equal(std::span<const uint8_t> bytes, uint8_t value) {
  return static_cast<int64_t>(HWY_DYNAMIC_DISPATCH(CountEqual)(bytes.data(), bytes.size(), value));
}

float least_marked(std::span<const float> scores, std::span<const uint8_t> marks) {
  WHITNEY_CHECK(scores.size() == marks.size(), scores.size(), " scores with ", marks.size(), " marks");
  return HWY_DYNAMIC_DISPATCH(LeastMarked)(scores.data(), marks.data(), scores.size());
}

int64_t pack_scores(std::span<const float> scores, float least, uint32_t skipped, float* out_scores,
                    uint32_t* out_places) {
  return static_cast<int64_t>(
      HWY_DYNAMIC_DISPATCH(PackScores)(scores.data(), scores.size(), least, skipped, out_scores, out_places));
}

ScoreSpread spread_of(std::span<const float> scores) {
  return HWY_DYNAMIC_DISPATCH(SpreadOf)(scores.data(), scores.size());
}

void bucket_scores(std::span<const float> scores, ScoreSpread spread, uint32_t num_buckets, uint32_t* out) {
  constexpr float kWidth = 0.7F;  // near the median distance, within which half of the buckets are
  HWY_DYNAMIC_DISPATCH(BucketScores)
  (scores.data(), scores.size(), spread.mean, kWidth * spread.deviation, num_buckets, out);
}

void sort_nearly_sorted(std::span<uint64_t> entries) {
  HWY_DYNAMIC_DISPATCH(SortNearlySorted)(entries.data(), entries.size());
}

}  // namespace whitney
#endif  // HWY_ONCE
