#include "whitney/codec/rabitq_sums.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/codec/rabitq_sums.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

#ifndef WHITNEY_RABITQ_WINDOWS
#define WHITNEY_RABITQ_WINDOWS
namespace whitney::codec {

// Where the lower bits of the numbers of a group lie, which begins at a whole byte: number j reaches over two
// bytes at most. Their places come twice, for a lane has four bytes; what the upper two hold is cut off.
struct GroupWindows {
  alignas(64) std::array<uint8_t, 4 * kRabitqGroup> bytes;
  alignas(64) std::array<int32_t, kRabitqGroup> shifts;
};

constexpr std::array<GroupWindows, 8> make_windows() {
  std::array<GroupWindows, 8> all{};
  for (size_t bits = 0; bits < all.size(); ++bits) {
    for (size_t j = 0; j < kRabitqGroup; ++j) {
      const size_t first = j * bits / 8;
      for (size_t byte = 0; byte < 4; ++byte)
        all[bits].bytes[4 * j + byte] = static_cast<uint8_t>(first + byte % 2);
      all[bits].shifts[j] = static_cast<int32_t>(j * bits % 8);
    }
  }
  return all;
}

inline constexpr std::array<GroupWindows, 8> kWindows = make_windows();

inline constexpr std::array<int32_t, kRabitqGroup> kSignBits = [] {
  std::array<int32_t, kRabitqGroup> bits{};
  for (size_t j = 0; j < bits.size(); ++j) bits[j] = 1 << j;
  return bits;
}();

}  // namespace whitney::codec
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::codec::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

float Sum(const RabitqNumbers& code, const float* weights, const float* less) {
  const unsigned mask = (1U << code.low_bits) - 1;
  float sum = 0;
  for (int64_t i = 0; i < code.dim; ++i) {
    unsigned number = (code.signs[i / 8] >> (i % 8) & 1U) << code.low_bits;
    if (code.low_bits > 0) {
      const int64_t first = i * code.low_bits, at = first / 8, shift = first % 8;
      unsigned window = code.low[at];
      if (shift + code.low_bits > 8) window |= static_cast<unsigned>(code.low[at + 1]) << 8;
      number |= window >> shift & mask;
    }
    sum += (weights[i] - (less == nullptr ? 0.0F : less[i])) * static_cast<float>(number);
  }
  return sum;
}

#else

// A group's numbers come out of one load: each lane looks its two bytes up, shifts and masks. About 8
// operations for a lane's worth of dimensions, where spreading them over bytes in general registers and a
// second pass took four times as long.
template <class D>
HWY_INLINE void AddGroup(D d, const uint8_t* low, uint32_t signs, int low_bits, const float* weights,
                         const float* less, hn::Vec<D>& even, hn::Vec<D>& odd) {
  const hn::RebindToSigned<D> di;
  const hn::Repartition<uint8_t, D> d8;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const GroupWindows& windows = kWindows[static_cast<size_t>(low_bits)];
  const auto bytes = hn::LoadDup128(d8, low);
  const auto mask = hn::Set(di, (1 << low_bits) - 1), top = hn::Set(di, 1 << low_bits);
  const auto all_signs = hn::Set(di, static_cast<int32_t>(signs));
  for (int64_t j = 0; j < kRabitqGroup; j += n) {
    const auto window =
        hn::BitCast(di, hn::TableLookupBytes(bytes, hn::Load(d8, windows.bytes.data() + 4 * j)));
    auto number = hn::And(hn::Shr(window, hn::Load(di, windows.shifts.data() + j)), mask);
    const auto is_positive = hn::TestBit(all_signs, hn::LoadU(di, kSignBits.data() + j));
    number = hn::Or(number, hn::IfThenElseZero(is_positive, top));
    auto weight = hn::LoadU(d, weights + j);
    if (less != nullptr) weight = hn::Sub(weight, hn::LoadU(d, less + j));
    hn::Vec<D>& sum = j / n % 2 == 0 ? even : odd;
    sum = hn::MulAdd(weight, hn::ConvertTo(d, number), sum);
  }
}

float Sum(const RabitqNumbers& code, const float* weights, const float* less) {
  const hn::CappedTag<float, kRabitqGroup> d;
  constexpr int64_t kLoaded = 16;  // bytes that a group is looked up in
  const int64_t low_bytes = (code.dim * code.low_bits + 7) / 8, sign_bytes = (code.dim + 7) / 8;
  auto even = hn::Zero(d), odd = hn::Zero(d);
  for (int64_t i = 0; i < code.dim; i += kRabitqGroup) {
    const int64_t low_at = i / 8 * code.low_bits;
    uint32_t signs = code.signs[i / 8];
    if (i / 8 + 1 < sign_bytes) signs |= static_cast<uint32_t>(code.signs[i / 8 + 1]) << 8;
    const float* of_less = less == nullptr ? nullptr : less + i;
    if (low_at + kLoaded <= low_bytes) {
      AddGroup(d, code.low + low_at, signs, code.low_bits, weights + i, of_less, even, odd);
    } else {
      alignas(16) std::array<uint8_t, kLoaded> last{};
      if (low_bytes > low_at)
        std::memcpy(last.data(), code.low + low_at, static_cast<size_t>(low_bytes - low_at));
      AddGroup(d, last.data(), signs, code.low_bits, weights + i, of_less, even, odd);
    }
    // With a group a vector, every other one is added up apart: two sums keep the adders busier.
    if (hn::Lanes(d) == kRabitqGroup) std::swap(even, odd);
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
}

#endif

}  // namespace whitney::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::codec {
HWY_EXPORT(Sum);

float rabitq_sum(const RabitqNumbers& code, const float* weights, const float* less) {
  return HWY_DYNAMIC_DISPATCH(Sum)(code, weights, less);
}

}  // namespace whitney::codec
#endif  // HWY_ONCE
