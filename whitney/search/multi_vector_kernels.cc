#include "whitney/search/multi_vector_kernels.h"

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/multi_vector_kernels.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Two vectors of columns at a time stay in registers while the rows go by. row_of(i) gives row i.
template <class RowOf>
HWY_INLINE void MaxOf(size_t num_rows, float* best, size_t width, const RowOf& row_of) {
  size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  for (; j + 2 * lanes <= width; j += 2 * lanes) {
    auto first = hn::LoadU(d, best + j), second = hn::LoadU(d, best + j + lanes);
    for (size_t i = 0; i < num_rows; ++i) {
      const float* row = row_of(i) + j;
      first = hn::Max(first, hn::LoadU(d, row));
      second = hn::Max(second, hn::LoadU(d, row + lanes));
    }
    hn::StoreU(first, d, best + j);
    hn::StoreU(second, d, best + j + lanes);
  }
  for (; j + lanes <= width; j += lanes) {
    auto some = hn::LoadU(d, best + j);
    for (size_t i = 0; i < num_rows; ++i) some = hn::Max(some, hn::LoadU(d, row_of(i) + j));
    hn::StoreU(some, d, best + j);
  }
#endif
  for (; j < width; ++j) {
    for (size_t i = 0; i < num_rows; ++i) best[j] = HWY_MAX(best[j], row_of(i)[j]);
  }
}

void MaxOfRows(const float* values, size_t num_rows, float* best, size_t width) {
  MaxOf(num_rows, best, width, [&](size_t i) HWY_ATTR { return values + i * width; });
}

void MaxOfListedRows(const float* values, const uint32_t* rows, size_t num_rows, float* best, size_t width) {
  MaxOf(num_rows, best, width, [&](size_t i) HWY_ATTR { return values + rows[i] * width; });
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
HWY_EXPORT(MaxOfRows);
HWY_EXPORT(MaxOfListedRows);

void max_of_rows(const float* values, size_t num_rows, std::span<float> best) {
  HWY_DYNAMIC_DISPATCH(MaxOfRows)(values, num_rows, best.data(), best.size());
}

void max_of_listed_rows(const float* values, std::span<const uint32_t> rows, std::span<float> best) {
  HWY_DYNAMIC_DISPATCH(MaxOfListedRows)(values, rows.data(), rows.size(), best.data(), best.size());
}

}  // namespace whitney::search
#endif
