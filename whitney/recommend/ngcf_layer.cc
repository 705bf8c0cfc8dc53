#include "whitney/recommend/ngcf_layer.h"

#include <algorithm>
#include <span>
#include <type_traits>

#include "whitney/core/random.h"
#include "whitney/linalg/simd_targets.h"
#include "whitney/linalg/strided_product.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/recommend/ngcf_layer.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::recommend::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Calls body(d, i) for vectors of values from i on that make up [0, n), whole ones first.
template <class T, class Body>
HWY_INLINE void EachVector(int64_t n, const Body& body) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(d, i);
  for (; i < n; ++i) body(hn::CappedTag<T, 1>(), i);
}

// ---- codes: a byte a value ----

template <class D>
using Bits = hn::RebindToUnsigned<D>;

template <class D>
HWY_INLINE hn::Vec<Bits<D>> LoadCodes(D, const uint8_t* codes) {
  const hn::Rebind<uint8_t, D> bytes;
  const auto loaded = hn::LoadU(bytes, codes);
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::PromoteTo(Bits<D>(), loaded);
  } else {
    return hn::PromoteTo(Bits<D>(), hn::PromoteTo(hn::Rebind<uint32_t, D>(), loaded));
  }
}

template <class D>
HWY_INLINE void StoreCodes(D, hn::Vec<Bits<D>> values, uint8_t* codes) {
  const hn::Rebind<uint8_t, D> bytes;
  const hn::Rebind<int32_t, D> numbers;
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    // (Not TruncateTo, which Highway 1.0.3 gets wrong for these types at the highest level.)
    hn::StoreU(hn::DemoteTo(bytes, hn::BitCast(numbers, values)), bytes, codes);
  } else {
    const auto halves = hn::TruncateTo(hn::Rebind<uint32_t, D>(), values);
    hn::StoreU(hn::DemoteTo(bytes, hn::BitCast(numbers, halves)), bytes, codes);
  }
}

template <class D>
HWY_INLINE hn::Mask<D> Has(D d, hn::Vec<Bits<D>> codes, uint8_t bit) {
  return hn::RebindMask(d, hn::TestBit(codes, hn::Set(Bits<D>(), bit)));
}

template <class D>
HWY_INLINE hn::Vec<Bits<D>> CodeWhere(D, hn::Mask<D> mask, uint8_t bit) {
  const Bits<D> bits;
  return hn::IfThenElseZero(hn::RebindMask(bits, mask), hn::Set(bits, bit));
}

// Two rounds of multiplication and shifts (the constants are "lowbias32" of Wellons' search), with a word of
// the key before and between them: 32 bits of each value's own.
template <class D>
HWY_INLINE hn::Vec<D> Mixed(D d, hn::Vec<D> x, uint32_t key) {
  x = hn::Xor(x, hn::ShiftRight<16>(x));
  x = hn::Mul(x, hn::Set(d, 0x7FEB352DU));
  x = hn::Xor(x, hn::ShiftRight<15>(x));
  x = hn::Mul(hn::Xor(x, hn::Set(d, key)), hn::Set(d, 0x846CA68BU));
  return hn::Xor(x, hn::ShiftRight<16>(x));
}

void DrawRun(uint32_t begin, uint32_t key, uint32_t threshold, int64_t count, uint8_t* codes) {
  EachVector<uint32_t>(count, [&](auto d, int64_t i) HWY_ATTR {
    const auto number = hn::Iota(d, begin + static_cast<uint32_t>(i));
    const auto is_kept = hn::Lt(Mixed(d, number, key), hn::Set(d, threshold));
    StoreCodes(d, hn::IfThenZeroElse(is_kept, hn::Set(d, uint32_t{kLeftOut})), codes + i);
  });
}

// ---- what is done value by value ----

// e o s, and s + e where somebody asks for it.
template <class T>
void Combine(int64_t n, const T* sums, const T* own, T* products, T* both) {
  EachVector<T>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto s = hn::LoadU(d, sums + i), e = hn::LoadU(d, own + i);
    hn::StoreU(hn::Mul(s, e), d, products + i);
    if (both != nullptr) hn::StoreU(hn::Add(s, e), d, both + i);
  });
}

template <bool kTwo, bool kDrops, class T>
void ActivateBy(const NgcfLayer<T>& layer, int64_t n, const T* part1, const T* part2, T* out,
                uint8_t* codes) {
  EachVector<T>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto zero = hn::Zero(d), slope = hn::Set(d, static_cast<T>(layer.slope));
    const auto x = hn::LoadU(d, part1 + i);
    const auto not_above = hn::Not(hn::Gt(x, zero));
    auto sum = hn::IfThenElse(not_above, hn::Mul(x, slope), x);
    auto code = CodeWhere(d, not_above, kNotAbove1);
    if constexpr (kTwo) {
      const auto y = hn::LoadU(d, part2 + i);
      const auto not_above2 = hn::Not(hn::Gt(y, zero));
      sum = hn::Add(sum, hn::IfThenElse(not_above2, hn::Mul(y, slope), y));
      code = hn::Or(code, CodeWhere(d, not_above2, kNotAbove2));
    }
    if constexpr (kDrops) {
      const auto drawn = LoadCodes(d, codes + i);
      code = hn::Or(code, drawn);
      sum = hn::IfThenZeroElse(Has(d, drawn, kLeftOut),
                               hn::Mul(sum, hn::Set(d, static_cast<T>(1 / layer.keep))));
    }
    hn::StoreU(sum, d, out + i);
    StoreCodes(d, code, codes + i);
  });
}

template <class T>
void Activate(const NgcfLayer<T>& layer, int64_t n, const T* part1, const T* part2, T* out, uint8_t* codes) {
  const auto function = layer.two_activations
                            ? (layer.keep < 1 ? &ActivateBy<true, true, T> : &ActivateBy<true, false, T>)
                            : (layer.keep < 1 ? &ActivateBy<false, true, T> : &ActivateBy<false, false, T>);
  function(layer, n, part1, part2, out, codes);
}

// The gradients of both parts; of their sum, where there is one activation.
template <class T>
void GoBack(const NgcfLayer<T>& layer, int64_t n, const T* given, const uint8_t* codes, T* part1, T* part2) {
  EachVector<T>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto slope = hn::Set(d, static_cast<T>(layer.slope));
    const auto code = LoadCodes(d, codes + i);
    const auto scaled = hn::Mul(hn::LoadU(d, given + i), hn::Set(d, static_cast<T>(1 / layer.keep)));
    const auto g = hn::IfThenZeroElse(Has(d, code, kLeftOut), scaled), below = hn::Mul(g, slope);
    hn::StoreU(hn::IfThenElse(Has(d, code, kNotAbove1), below, g), d, part1 + i);
    if (part2 == part1) return;
    hn::StoreU(hn::IfThenElse(Has(d, code, kNotAbove2), below, g), d, part2 + i);
  });
}

// From the gradients of s (or s + e) and of e o s, those of s and e.
template <class T>
void Divide(bool self_message, int64_t n, const T* of_mapped, const T* of_products, const T* sums,
            const T* own, T* of_sums, T* of_own) {
  EachVector<T>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto g = hn::LoadU(d, of_mapped + i), h = hn::LoadU(d, of_products + i);
    const auto s = hn::LoadU(d, sums + i), e = hn::LoadU(d, own + i);
    hn::StoreU(hn::MulAdd(h, e, g), d, of_sums + i);
    hn::StoreU(self_message ? hn::MulAdd(h, s, g) : hn::Mul(h, s), d, of_own + i);
  });
}

// to = base + self e' for each row, e' a row of `from`; `base` may be `to`.
template <class T>
void AddOwn(const NgcfRows<T>& in, int64_t width, const T* from, const T* base, T* to) {
  for (int64_t row = 0; row < in.rows; ++row) {
    const int64_t at = row * width;
    EachVector<T>(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto e = hn::LoadU(d, from + at + i), s = hn::LoadU(d, base + at + i);
      hn::StoreU(hn::MulAdd(hn::Set(d, in.self[row]), e, s), d, to + at + i);
    });
  }
}

// ---- blocks ----

// Whether W1 maps s + e, with all of e.
template <class T>
bool MapsAllOfOwn(const NgcfLayer<T>& layer, const NgcfRows<T>& in) {
  return layer.self_message && in.self == nullptr;
}

// What W1 and W2 map, where it is not s.
template <class T>
void CombineRows(const NgcfLayer<T>& layer, const NgcfScratch<T>& scratch, const NgcfRows<T>& in) {
  Combine(in.rows * layer.before, in.sums, in.own, scratch.products,
          MapsAllOfOwn(layer, in) ? scratch.mapped : nullptr);
  if (layer.self_message && in.self != nullptr) AddOwn(in, layer.before, in.own, in.sums, scratch.mapped);
}

// What follows the rows in an array, and comes next.
template <class T>
std::span<const T> NextOf(const NgcfRows<T>& in, const T* values, int64_t width) {
  return {values + in.rows * width, static_cast<size_t>(in.next_rows * width)};
}

template <class T>
void Forward(const NgcfLayer<T>& layer, const NgcfScratch<T>& scratch, const NgcfRows<T>& in, T* out) {
  const int64_t before = layer.before, after = layer.after;
  CombineRows(layer, scratch, in);
  StridedProduct<T> product{.rows = in.rows,
                            .terms = before,
                            .cols = after,
                            .a = layer.self_message ? scratch.mapped : in.sums,
                            .a_row = before,
                            .b = layer.weights1,
                            .b_stride = after,
                            .bias = layer.bias1,
                            .out = scratch.part1,
                            .out_stride = after,
                            .ahead = {NextOf(in, in.sums, before)}};
  multiply_strided(product);
  product.ahead = {NextOf(in, in.own, before), NextOf(in, static_cast<const T*>(out), after)};
  product.a = scratch.products;
  product.b = layer.weights2;
  product.bias = layer.bias2;
  product.add = !layer.two_activations;
  if (layer.two_activations) product.out = scratch.part2;
  multiply_strided(product);
  Activate(layer, in.rows * after, scratch.part1, scratch.part2, out, in.codes);
}

// Adds inputs^T gradient to the weights' gradient, and the gradient's rows to the bias'. `ahead`: what comes
// next.
template <class T>
void AddOfWeights(const NgcfLayer<T>& layer, int64_t rows, const T* inputs, const T* gradient, T* weights,
                  T* bias, std::span<const T> ahead) {
  const int64_t before = layer.before, after = layer.after;
  multiply_strided(StridedProduct<T>{.rows = before,
                                     .terms = rows,
                                     .cols = after,
                                     .a = inputs,
                                     .a_row = 1,
                                     .a_term = before,
                                     .b = gradient,
                                     .b_stride = after,
                                     .add = true,
                                     .out = weights,
                                     .out_stride = after,
                                     .ahead = {ahead}});
  if (bias == nullptr) return;
  const T one = 1;
  multiply_strided(StridedProduct<T>{.rows = 1,
                                     .terms = rows,
                                     .cols = after,
                                     .a = &one,
                                     .a_term = 0,
                                     .b = gradient,
                                     .b_stride = after,
                                     .add = true,
                                     .out = bias,
                                     .out_stride = after});
}

template <class T>
void Backward(const NgcfLayer<T>& layer, const NgcfScratch<T>& scratch, const NgcfRows<T>& in, const T* given,
              T* of_sums, T* of_own, const NgcfLayerGradient<T>& gradient) {
  const int64_t before = layer.before, after = layer.after, rows = in.rows;
  CombineRows(layer, scratch, in);
  T* part2 = layer.two_activations ? scratch.part2 : scratch.part1;
  GoBack(layer, rows * after, given, in.codes, scratch.part1, part2);
  AddOfWeights(layer, rows, layer.self_message ? scratch.mapped : in.sums, scratch.part1, gradient.weights1,
               gradient.bias1, NextOf(in, in.sums, before));
  AddOfWeights(layer, rows, scratch.products, part2, gradient.weights2, gradient.bias2,
               NextOf(in, in.own, before));
  StridedProduct<T> product{.rows = rows,
                            .terms = after,
                            .cols = before,
                            .a = scratch.part1,
                            .a_row = after,
                            .b = layer.turned1,
                            .b_stride = before,
                            .out = scratch.mapped,
                            .out_stride = before,
                            .ahead = {NextOf(in, given, after)}};
  multiply_strided(product);
  product.a = part2;
  product.ahead = {NextOf(in, static_cast<const T*>(of_sums), before)};
  product.b = layer.turned2;
  product.out = scratch.products;
  multiply_strided(product);
  Divide(MapsAllOfOwn(layer, in), rows * before, scratch.mapped, scratch.products, in.sums, in.own, of_sums,
         of_own);
  if (layer.self_message && in.self != nullptr) {
    AddOwn(in, before, scratch.mapped, static_cast<const T*>(of_own), of_own);
  }
}

void ForwardFloats(const NgcfLayer<float>& layer, const NgcfScratch<float>& scratch,
                   const NgcfRows<float>& in, float* out) {
  Forward(layer, scratch, in, out);
}
void ForwardDoubles(const NgcfLayer<double>& layer, const NgcfScratch<double>& scratch,
                    const NgcfRows<double>& in, double* out) {
  Forward(layer, scratch, in, out);
}
void BackwardFloats(const NgcfLayer<float>& layer, const NgcfScratch<float>& scratch,
                    const NgcfRows<float>& in, const float* given, float* of_sums, float* of_own,
                    const NgcfLayerGradient<float>& gradient) {
  Backward(layer, scratch, in, given, of_sums, of_own, gradient);
}
void BackwardDoubles(const NgcfLayer<double>& layer, const NgcfScratch<double>& scratch,
                     const NgcfRows<double>& in, const double* given, double* of_sums, double* of_own,
                     const NgcfLayerGradient<double>& gradient) {
  Backward(layer, scratch, in, given, of_sums, of_own, gradient);
}

}  // namespace whitney::recommend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::recommend {
HWY_EXPORT(DrawRun);
HWY_EXPORT(ForwardFloats);
HWY_EXPORT(ForwardDoubles);
HWY_EXPORT(BackwardFloats);
HWY_EXPORT(BackwardDoubles);

void draw_left_out(uint64_t seed, std::string_view purpose, int64_t first, int64_t count, double keep,
                   uint8_t* codes) {
  // Numbers of a run are all that a lane holds; each run has two words of its own.
  constexpr int64_t kRun = 4096;
  const auto threshold = static_cast<uint32_t>(std::min(keep * 0x1p32, 0x1p32 - 1));
  for (int64_t at = first; at < first + count;) {
    const int64_t run = at / kRun, end = std::min(first + count, (run + 1) * kRun);
    RandomStream random(seed, purpose, static_cast<uint64_t>(run));
    const uint32_t begin = random.next_u32() + static_cast<uint32_t>(at - run * kRun);
    HWY_DYNAMIC_DISPATCH(DrawRun)(begin, random.next_u32(), threshold, end - at, codes + (at - first));
    at = end;
  }
}

template <class T>
int64_t NgcfBlock<T>::most_rows(int64_t before, int64_t after) {
  // Of 64 values a block is 128 rows: 32 KB an array of float32, some eight of which lie in L2.
  constexpr int64_t kValues = 8192, kLeastRows = 16;
  return std::max(kValues / std::max(before, after), kLeastRows);
}

template <class T>
NgcfBlock<T>::NgcfBlock(const NgcfLayer<T>& layer) : layer_(layer) {
  const int64_t rows = most_rows(layer.before, layer.after);
  memory_ = Array<T>(2 * rows * (layer.before + layer.after));
  T* begin = memory_.mutable_data();
  scratch_ = {.mapped = begin,
              .products = begin + rows * layer.before,
              .part1 = begin + 2 * rows * layer.before,
              .part2 = begin + 2 * rows * layer.before + rows * layer.after};
}

template <class T>
void NgcfBlock<T>::forward(const NgcfRows<T>& in, T* out) {
  if constexpr (std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(ForwardFloats)(layer_, scratch_, in, out);
  } else {
    HWY_DYNAMIC_DISPATCH(ForwardDoubles)(layer_, scratch_, in, out);
  }
}

template <class T>
void NgcfBlock<T>::backward(const NgcfRows<T>& in, const T* given, T* of_sums, T* of_own,
                            const NgcfLayerGradient<T>& gradient) {
  if constexpr (std::is_same_v<T, float>) {
    HWY_DYNAMIC_DISPATCH(BackwardFloats)(layer_, scratch_, in, given, of_sums, of_own, gradient);
  } else {
    HWY_DYNAMIC_DISPATCH(BackwardDoubles)(layer_, scratch_, in, given, of_sums, of_own, gradient);
  }
}

template class NgcfBlock<float>;
template class NgcfBlock<double>;

}  // namespace whitney::recommend
#endif  // HWY_ONCE
