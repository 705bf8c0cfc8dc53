#include "whitney/recommend/bpr_steps.h"

#include <cmath>
#include <numeric>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/recommend/bpr_steps.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::recommend::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

/// <p, q - r>, by two chains.
HWY_INLINE float Margin(const float* p, const float* q, const float* r, int64_t width) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  V even = hn::Zero(d), odd = hn::Zero(d);
  int64_t j = 0;
  for (; j + 2 * n <= width; j += 2 * n) {
    even = hn::MulAdd(hn::LoadU(d, p + j), hn::Sub(hn::LoadU(d, q + j), hn::LoadU(d, r + j)), even);
    odd = hn::MulAdd(hn::LoadU(d, p + j + n), hn::Sub(hn::LoadU(d, q + j + n), hn::LoadU(d, r + j + n)), odd);
  }
  for (; j < width; j += n)
    even = hn::MulAdd(hn::LoadU(d, p + j), hn::Sub(hn::LoadU(d, q + j), hn::LoadU(d, r + j)), even);
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
}

/// The step: with g = 1 / (1 + exp(x)), p goes up g (q - r), q up g p and r down g p; all shrink by `keep`.
HWY_INLINE void Move(float keep, float gain, float* p, float* q, float* r, int64_t width) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  const V kept = hn::Set(d, keep), rate = hn::Set(d, gain);
  for (int64_t j = 0; j < width; j += n) {
    const V user = hn::LoadU(d, p + j), taken = hn::LoadU(d, q + j), other = hn::LoadU(d, r + j);
    const V pull = hn::Mul(rate, user);
    hn::StoreU(hn::MulAdd(kept, user, hn::Mul(rate, hn::Sub(taken, other))), d, p + j);
    hn::StoreU(hn::MulAdd(kept, taken, pull), d, q + j);
    hn::StoreU(hn::MulSub(kept, other, pull), d, r + j);
  }
}

HWY_INLINE void AskFor(const float* row, int64_t width) {
  for (int64_t j = 0; j < width; j += 16) __builtin_prefetch(row + j, 1, 3);
}

void Steps(const BprTriple* triples, int64_t count, float learning_rate, float regularization,
           const BprTables& tables) {
  constexpr int64_t kAhead = 6;
  const int64_t width = tables.width;
  const float keep = 1 - learning_rate * regularization;
  const auto row = [&](float* table, uint32_t index) { return table + index * width; };
  for (int64_t t = 0; t < count; ++t) {
    if (t + kAhead < count) {
      const BprTriple& later = triples[t + kAhead];
      AskFor(row(tables.users, later.user), width);
      AskFor(row(tables.items, later.taken), width);
      AskFor(row(tables.items, later.other), width);
    }
    const BprTriple& triple = triples[t];
    float* p = row(tables.users, triple.user);
    float* q = row(tables.items, triple.taken);
    float* r = row(tables.items, triple.other);
    const float gain = learning_rate / (1 + std::exp(Margin(p, q, r, width)));
    Move(keep, gain, p, q, r, width);
  }
}

}  // namespace whitney::recommend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::recommend {
HWY_EXPORT(Steps);

void bpr_steps(std::span<const BprTriple> triples, float learning_rate, float regularization,
               const BprTables& tables) {
  HWY_DYNAMIC_DISPATCH(Steps)(triples.data(), std::ssize(triples), learning_rate, regularization, tables);
}

double bpr_loss(const Factors& factors, const BprTriple& triple, double regularization) {
  const auto p = factors.users.row<float>(triple.user), q = factors.items.row<float>(triple.taken),
             r = factors.items.row<float>(triple.other);
  const auto dot = [](std::span<const float> a, std::span<const float> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  const double x = dot(p, q) - dot(p, r);
  // Neither exponential overflows.
  const double softplus = std::max(-x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  return softplus + regularization / 2 * (dot(p, p) + dot(q, q) + dot(r, r));
}

}  // namespace whitney::recommend
#endif  // HWY_ONCE
