#include <algorithm>
#include <cmath>

#include "whitney/linalg/simd_targets.h"
#include "whitney/search/hnsw_codes.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/hnsw_query.cc"
#include <hwy/foreach_target.h>
// After the loop over the levels.
#include <hwy/highway.h>

#ifndef WHITNEY_SEARCH_HNSW_QUERY
#define WHITNEY_SEARCH_HNSW_QUERY
namespace whitney::search {

// What is asked of the z of a query.
struct QueryRange {
  float least = 0, greatest = 0;
  float squares = 0;
  bool integral = true;
};

// Sums of a query's rounded values.
struct RoundedSums {
  int32_t values = 0;
  int32_t squares = 0;
  /// Of what rounding took from z.
  float lost_squares = 0;
};

}  // namespace whitney::search
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// z = (stretch query - centre) inverse_scale from place `begin` on, as far as whole vectors reach; returns
// where they end.
template <class D>
HWY_INLINE int64_t ToCodeSpaceRun(D d, const float* query, const float* centre, float stretch,
                                  float inverse_scale, int64_t begin, int64_t dim, float* z,
                                  QueryRange& range) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto low = hn::Set(d, range.least), high = hn::Set(d, range.greatest), squares = hn::Zero(d);
  auto broken = hn::Zero(d);
  int64_t i = begin;
  for (; i + lanes <= dim; i += lanes) {
    const auto x = hn::Mul(hn::LoadU(d, query + i), hn::Set(d, stretch));
    const auto value = hn::Mul(hn::Sub(x, hn::LoadU(d, centre + i)), hn::Set(d, inverse_scale));
    hn::StoreU(value, d, z + i);
    low = hn::Min(low, value);
    high = hn::Max(high, value);
    squares = hn::MulAdd(value, value, squares);
    broken = hn::Max(broken, hn::Abs(hn::Sub(value, hn::Round(value))));
  }
  range.least = hn::GetLane(hn::MinOfLanes(d, low));
  range.greatest = hn::GetLane(hn::MaxOfLanes(d, high));
  range.squares += hn::GetLane(hn::SumOfLanes(d, squares));
  range.integral = range.integral && hn::GetLane(hn::MaxOfLanes(d, broken)) == 0;
  return i;
}

QueryRange ToCodeSpace(const float* query, const float* centre, float stretch, float inverse_scale,
                       int64_t dim, float* z) {
  QueryRange range;
  const int64_t rest =
      ToCodeSpaceRun(hn::CappedTag<float, 16>(), query, centre, stretch, inverse_scale, 0, dim, z, range);
  ToCodeSpaceRun(hn::CappedTag<float, 1>(), query, centre, stretch, inverse_scale, rest, dim, z, range);
  return range;
}

template <class D>
HWY_INLINE int64_t RoundRun(D d, const float* z, float step, int64_t begin, int64_t dim, int8_t* codes,
                            RoundedSums& sums) {
  const hn::RebindToSigned<D> ints;
  const hn::Rebind<int8_t, D> bytes;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto values = hn::Zero(ints), squares = hn::Zero(ints);
  auto lost = hn::Zero(d);
  const auto inverse_step = hn::Set(d, 1 / step);
  int64_t i = begin;
  for (; i + lanes <= dim; i += lanes) {
    const auto in = hn::LoadU(d, z + i);
    const auto value = hn::NearestInt(hn::Mul(in, inverse_step));
    const auto rest = hn::NegMulAdd(hn::ConvertTo(d, value), hn::Set(d, step), in);
    lost = hn::MulAdd(rest, rest, lost);
    hn::StoreU(hn::DemoteTo(bytes, value), bytes, codes + i);
    values = hn::Add(values, value);
    squares = hn::Add(squares, hn::Mul(value, value));
  }
  sums.values += hn::GetLane(hn::SumOfLanes(ints, values));
  sums.squares += hn::GetLane(hn::SumOfLanes(ints, squares));
  sums.lost_squares += hn::GetLane(hn::SumOfLanes(d, lost));
  return i;
}

void RoundQuery(const float* z, int64_t dim, float step, int8_t* codes, RoundedSums& sums) {
  const int64_t rest = RoundRun(hn::CappedTag<float, 16>(), z, step, 0, dim, codes, sums);
  RoundRun(hn::CappedTag<float, 1>(), z, step, rest, dim, codes, sums);
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
namespace {

HWY_EXPORT(ToCodeSpace);
HWY_EXPORT(RoundQuery);

double dot_in_double(const float* a, std::span<const float> b) {
  double sum = 0;
  for (size_t j = 0; j < b.size(); ++j) sum += static_cast<double>(a[j]) * b[j];
  return sum;
}

/// Writes the integers nearest to z over step where kernels look for them; zeros behind.
RoundedSums round_query(const CodeSpace& space, const float* z, float step, int64_t padded_dim,
                        int8_t* codes) {
  RoundedSums sums;
  // Codes of 4 bits have their halves apart (padded_place).
  const int64_t first = space.bits.first != 4 ? space.dim : (space.dim + 1) / 2;
  const int64_t room = space.bits.first != 4 ? padded_dim : padded_dim / 2;
  HWY_DYNAMIC_DISPATCH(RoundQuery)(z, first, step, codes, sums);
  std::fill(codes + first, codes + room, int8_t{0});
  if (first == space.dim) return sums;
  HWY_DYNAMIC_DISPATCH(RoundQuery)(z + first, space.dim - first, step, codes + room, sums);
  std::fill(codes + room + space.dim - first, codes + padded_dim, int8_t{0});
  return sums;
}

}  // namespace

float PreparedQuery::turn(const CodeSpace& space, std::vector<float>& values) {
  turned.swap(values);
  values.resize(turned.size());
  space.rotation->apply(turned.data(), values.data());
  float widest = 0;
  for (const float value : values) widest = std::max(widest, std::abs(value));
  return widest;
}

void PreparedQuery::prepare(const CodeSpace& space, Metric metric, const float* query, double norm,
                            int64_t padded_dim) {
  const auto dim = static_cast<size_t>(space.dim);
  is_zero = norm == 0;
  exact.resize(dim);
  if (codes.size() != padded_dim) codes = Array<int8_t>(padded_dim);
  const bool inner_product = metric == Metric::kInnerProduct;
  // Only the direction of the query decides the order; at the norm R its differences are largest against
  // rounding.
  const double stretch = inner_product && norm > 0 && space.radius > 0 ? space.radius / norm : 1;
  const QueryRange range =
      HWY_DYNAMIC_DISPATCH(ToCodeSpace)(query, space.centre.data(), static_cast<float>(stretch),
                                        static_cast<float>(1 / space.scale), space.dim, exact.data());
  float widest = std::max(-range.least, range.greatest);
  if (space.rotation) widest = turn(space, exact);
  const bool integral = space.precision == Precision::kInteger && range.integral && range.least >= -128 &&
                        range.greatest <= 127;
  const float step = integral ? 1.0F : std::max(widest, 1e-30F) / 127;
  const RoundedSums sums = round_query(space, exact.data(), step, padded_dim, codes.mutable_data());
  // What float32 rounds in z comes on top, a millionth of it at most.
  lost = std::sqrt(static_cast<double>(sums.lost_squares)) +
         1e-6 * std::sqrt(static_cast<double>(range.squares));
  code.codes = codes.data();
  code.base = static_cast<float>(static_cast<double>(sums.squares) * step * step);
  code.step = step;
  code.extra = 0;
  code.correction = 128 * sums.values;
  code.sum = static_cast<float>(sums.values) * step;
  // A rounded coordinate is uniform within half a step: variance step^2 / 12.
  double variance = integral ? 0 : static_cast<double>(step) * step / 12;
  if (codes_stand_alone(space.precision))
    variance += space.code_error;
  else if (space.precision != Precision::kInteger)
    variance += 1.0 / 12;
  code.error = static_cast<float>(2 * std::sqrt(variance));
  code.rounding = range.squares * 1e-6F;
  code.inner_product = inner_product;
  unit = 1;
  if (space.exact_walk) {
    walk = exact;
    code.walk = walk.data();
    code.error = 0;
  }
  const bool is_float = space.precision == Precision::kFloat;
  if (inner_product || is_float) {
    // The exact kernel multiplies with z, or sees the float32 vectors themselves.
    for (size_t j = 0; j < dim; ++j) exact[j] = static_cast<float>(query[j] * stretch);
    if (space.rotation) turn(space, exact);
  }
  if (is_float) {
    unit = 1 / (space.scale * space.scale);
    walk = exact;
  }
  code.exact = exact.data();
  if (!inner_product) return;
  dot_base = is_float ? 0 : stretch * dot_in_double(query, space.centre);
  dot_scale = is_float ? 1 : space.scale;
  dist_base = space.radius * space.radius + norm * norm * stretch * stretch;
  value_scale = 1 / stretch;
}

double PreparedQuery::distance_of(float kernel_result, double scale) const {
  if (!code.inner_product) return kernel_result * unit;
  return (dist_base - 2 * (dot_base + dot_scale * kernel_result)) / (scale * scale);
}

float PreparedQuery::value_of(float kernel_result, double scale, Metric metric) const {
  switch (metric) {
    case Metric::kL2:
      return static_cast<float>(std::sqrt(kernel_result * unit) * scale);
    // |a - b|^2 = 2 - 2 a.b for unit vectors.
    case Metric::kCosine:
      return static_cast<float>(1 - kernel_result * unit * scale * scale / 2);
    case Metric::kInnerProduct:
      break;
  }
  return static_cast<float>((dot_base + dot_scale * kernel_result) * value_scale);
}

}  // namespace whitney::search
#endif  // HWY_ONCE
