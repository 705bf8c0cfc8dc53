#include "whitney/linalg/codebook_tables.h"

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/codebook_tables.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void CodebookTable(Kernel kernel, const float* query, const float* columns, int64_t width, int64_t size,
                   float* out) {
  const hn::CappedTag<float, kCodebookLanes> d;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const bool is_product = kernel == Kernel::kInnerProduct;
  for (int64_t j = 0; j < size; j += n) {
    auto sum = hn::Zero(d);
    for (int64_t i = 0; i < width; ++i) {
      const auto value = hn::Set(d, query[i]), centroid = hn::LoadU(d, columns + i * size + j);
      const auto difference = hn::Sub(value, centroid);
      sum = is_product ? hn::MulAdd(value, centroid, sum) : hn::MulAdd(difference, difference, sum);
    }
    hn::StoreU(sum, d, out + j);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(CodebookTable);

void codebook_table(Kernel kernel, const float* query, const float* columns, int64_t width, int64_t size,
                    float* out) {
  WHITNEY_CHECK(size % kCodebookLanes == 0, size, " centroids");
  HWY_DYNAMIC_DISPATCH(CodebookTable)(kernel, query, columns, width, size, out);
}

}  // namespace whitney
#endif
