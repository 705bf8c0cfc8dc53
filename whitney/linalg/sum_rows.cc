#include "whitney/linalg/sum_rows.h"

#include <algorithm>
#include <vector>

#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/sum_rows.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void SumColumns(D d, const float* const* rows, const float* factors, size_t num_terms,
                           int64_t column, float* out) {
  auto sum = hn::Mul(hn::Set(d, factors[0]), hn::LoadU(d, rows[0] + column));
  for (size_t t = 1; t < num_terms; ++t)
    sum = hn::MulAdd(hn::Set(d, factors[t]), hn::LoadU(d, rows[t] + column), sum);
  hn::StoreU(sum, d, out + column);
}

void SumRows(std::span<const ScaledRows> terms, int64_t begin, int64_t end, int64_t cols, float* out,
             int64_t stride) {
  const hn::ScalableTag<float> d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  std::vector<const float*> rows(terms.size());
  std::vector<float> factors(terms.size());
  for (int64_t r = begin; r < end; ++r) {
    for (size_t t = 0; t < terms.size(); ++t) {
      rows[t] = terms[t].values + r * terms[t].stride;
      const double scale = terms[t].row_scale == nullptr ? 1 : terms[t].row_scale[r];
      factors[t] = static_cast<float>(terms[t].weight * scale);
    }
    float* to = out + r * stride;
    int64_t column = 0;
    for (; column + n <= cols; column += n)
      SumColumns(d, rows.data(), factors.data(), terms.size(), column, to);
    for (; column < cols; ++column)
      SumColumns(hn::CappedTag<float, 1>(), rows.data(), factors.data(), terms.size(), column, to);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(SumRows);

void sum_rows(std::span<const ScaledRows> terms, int64_t begin, int64_t end, int64_t cols, float* out,
              int64_t stride) {
  if (terms.empty()) {
    for (int64_t r = begin; r < end; ++r) std::fill_n(out + r * stride, cols, 0.0F);
    return;
  }
  HWY_DYNAMIC_DISPATCH(SumRows)(terms, begin, end, cols, out, stride);
}

}  // namespace whitney
#endif  // HWY_ONCE
