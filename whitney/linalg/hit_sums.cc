#include "whitney/linalg/hit_sums.h"

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/hit_sums.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A lane a set: a hit costs the latency of an addition, whatever sets it is in. 2.5 times as fast as a loop
// over the sets of three hops.
void AddHits(const Hit* HWY_RESTRICT hits, size_t count, const double* HWY_RESTRICT members, size_t width,
             const double* HWY_RESTRICT factors, double* HWY_RESTRICT found, double* HWY_RESTRICT sum) {
  const hn::CappedTag<double, 8> d;
  for (size_t set = 0; set < width; set += hn::Lanes(d)) {
    auto found_here = hn::LoadU(d, found + set), sum_here = hn::LoadU(d, sum + set);
    for (size_t i = 0; i < count; ++i) {
      const auto member = hn::LoadU(d, members + hits[i].group * width + set);
      found_here = hn::Add(found_here, member);
      const auto factor = hn::Set(d, factors[hits[i].rank]);
      sum_here = hn::Add(sum_here, hn::Mul(hn::Mul(member, found_here), factor));
    }
    hn::StoreU(found_here, d, found + set);
    hn::StoreU(sum_here, d, sum + set);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(AddHits);

void add_hits(std::span<const Hit> hits, std::span<const double> members, std::span<const double> factors,
              HitSums sums) {
  const size_t width = sums.found.size();
  WHITNEY_CHECK(width % 8 == 0 && sums.sum.size() == width, "sums of ", width, " sets");
  HWY_DYNAMIC_DISPATCH(AddHits)
  (hits.data(), hits.size(), members.data(), width, factors.data(), sums.found.data(), sums.sum.data());
}

}  // namespace whitney
#endif  // HWY_ONCE
