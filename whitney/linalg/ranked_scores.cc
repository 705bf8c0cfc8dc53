#include "whitney/linalg/ranked_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

PackedScores PackScores(const float* HWY_RESTRICT scores, size_t count, float least, uint32_t skipped,
                        float* HWY_RESTRICT out_scores, uint32_t* HWY_RESTRICT out_places) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t n = hn::Lanes(d);
  const bool takes_all = std::isnan(least);
  const auto limit = hn::Set(d, least);
  const auto skip = hn::Set(du, skipped);
  const auto lowest = hn::Set(d, -HUGE_VALF);
  auto greatest = lowest;
  float rest = -HUGE_VALF;
  size_t taken = 0, i = 0;
  for (; i + n <= count; i += n) {
    const auto score = hn::LoadU(d, scores + i);
    const auto place = hn::Iota(du, static_cast<uint32_t>(i));
    auto takes = hn::RebindMask(d, hn::Ne(place, skip));
    if (!takes_all) takes = hn::And(takes, hn::Ge(score, limit));
    greatest = hn::Max(greatest, hn::IfThenElse(takes, score, lowest));
    hn::CompressStore(place, hn::RebindMask(du, takes), du, out_places + taken);
    taken += hn::CompressStore(score, takes, d, out_scores + taken);
  }
  for (; i < count; ++i) {
    if (i == skipped || (!takes_all && !(scores[i] >= least))) continue;
    out_scores[taken] = scores[i];
    out_places[taken++] = static_cast<uint32_t>(i);
    rest = std::max(rest, scores[i]);
  }
  return {static_cast<int64_t>(taken), std::max(rest, hn::GetLane(hn::MaxOfLanes(d, greatest)))};
}

void BucketScores(const float* HWY_RESTRICT scores, size_t count, float greatest, float scale, uint32_t last,
                  uint32_t* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t n = hn::Lanes(d);
  const auto top = hn::Set(d, greatest), factor = hn::Set(d, scale);
  const auto most = hn::Set(du, last);
  size_t i = 0;
  for (; i + n <= count; i += n) {
    const auto place = hn::Mul(hn::Sub(top, hn::LoadU(d, scores + i)), factor);
    hn::StoreU(hn::Min(hn::BitCast(du, hn::ConvertTo(di, place)), most), du, out + i);
  }
  for (; i < count; ++i) out[i] = std::min(static_cast<uint32_t>((greatest - scores[i]) * scale), last);
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(LeastMarked);
HWY_EXPORT(PackScores);
HWY_EXPORT(BucketScores);

float least_marked(std::span<const float> scores, std::span<const uint8_t> marks) {
  WHITNEY_CHECK(scores.size() == marks.size(), scores.size(), " scores with ", marks.size(), " marks");
  return HWY_DYNAMIC_DISPATCH(LeastMarked)(scores.data(), marks.data(), scores.size());
}

PackedScores pack_scores(std::span<const float> scores, float least, uint32_t skipped, float* out_scores,
                         uint32_t* out_places) {
  return HWY_DYNAMIC_DISPATCH(PackScores)(scores.data(), scores.size(), least, skipped, out_scores,
                                          out_places);
}

void bucket_scores(std::span<const float> scores, float greatest, float scale, uint32_t last, uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(BucketScores)(scores.data(), scores.size(), greatest, scale, last, out);
}

}  // namespace whitney
#endif  // HWY_ONCE
