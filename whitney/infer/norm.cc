#include "whitney/infer/norm.h"

#include <cmath>

#include "whitney/core/parallel.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/infer/norm.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include "whitney/infer/norm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::infer::HWY_NAMESPACE {

void NormalizeRows(const Norm& norm, int64_t rows, const float* x, float* out) {
  const int64_t dim = norm.dim();
  for (int64_t r = 0; r < rows; ++r) NormalizeRow(norm, x + r * dim, out + r * dim);
}

}  // namespace whitney::infer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::infer {
HWY_EXPORT(NormalizeRows);

void normalize_rows(const Context& context, const Norm& norm, int64_t rows, const float* x, float* out) {
  constexpr int64_t kBlock = 16;  // a text of some tens of tokens is shared evenly
  parallel_blocks(context, rows, kBlock, [&](int64_t begin, int64_t end) {
    const int64_t at = begin * norm.dim();
    HWY_DYNAMIC_DISPATCH(NormalizeRows)(norm, end - begin, x + at, out + at);
  });
}

}  // namespace whitney::infer
#endif  // HWY_ONCE
