#include "whitney/search/bm25_kernels.h"

#include <bit>
#include <limits>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/bm25_kernels.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Four lanes at a time, whatever the level: wider vectors need more steps for the sums within them, and a
// block is 128 values only. From vector to vector one addition waits for another.
void AddUpDistances(uint32_t first, uint32_t* values, size_t size) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t i = 0; i < size; ++i) values[i] = first = first + values[i] + (i == 0 ? 0 : 1);
#else
  const hn::FixedTag<uint32_t, 4> d;
  const auto places = hn::Iota(d, 0);
  auto before = hn::Set(d, first);
  size_t i = 0;
  for (; i + 4 <= size; i += 4) {
    auto sums = hn::LoadU(d, values + i);
    sums = hn::Add(sums, hn::ShiftLeftLanes<1>(d, sums));
    sums = hn::Add(hn::Add(sums, hn::ShiftLeftLanes<2>(d, sums)), places);
    hn::StoreU(hn::Add(sums, before), d, values + i);
    before = hn::Add(before, hn::Add(hn::Broadcast<3>(sums), hn::Set(d, 1)));
  }
  for (uint32_t next = hn::GetLane(before); i < size; ++i) {
    values[i] += next;
    next = values[i] + 1;
  }
#endif
}

// Every operation rounds as the scalar formula does: no multiplication is fused with an addition.
void ScoreRows(const Bm25Formula::Terms& f, double weight, const uint32_t* rows, const uint32_t* counts,
               const uint32_t* lengths, size_t size, uint32_t* scores) {
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<uint64_t, decltype(d)> wide;
  const hn::Rebind<uint32_t, decltype(d)> narrow;
  const hn::Rebind<float, decltype(d)> single;
  // 2^52 + x, for x of 32 bits, has x as its lowest bits.
  const auto magic = hn::Set(d, 4503599627370496.0);
  const auto real = [&](auto integers) HWY_ATTR {
    const auto bits = hn::Or(hn::PromoteTo(wide, integers), hn::BitCast(wide, magic));
    return hn::Sub(hn::BitCast(d, bits), magic);
  };
  const auto grid = hn::Set(d, Bm25Formula::kGrid);
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN uint32_t row_lengths[HWY_MAX_BYTES / sizeof(double)];
  for (; i + lanes <= size; i += lanes) {
    for (size_t j = 0; j < lanes; ++j) row_lengths[j] = lengths[rows[i + j]];
    const auto length = real(hn::Load(narrow, row_lengths));
    const auto t = hn::Add(real(hn::LoadU(narrow, counts + i)),
                           hn::Add(hn::Set(d, f.shift_base), hn::Mul(hn::Set(d, f.shift_slope), length)));
    const auto k = hn::Add(hn::Set(d, f.base), hn::Mul(hn::Set(d, f.slope), length));
    const auto share = hn::Sub(hn::Div(t, hn::Add(t, k)), hn::Set(d, f.offset));
    const auto score = hn::Sub(hn::Add(hn::Mul(hn::Set(d, weight), share), grid), grid);
    hn::StoreU(hn::BitCast(narrow, hn::DemoteTo(single, score)), narrow, scores + i);
  }
#endif
  for (; i < size; ++i)
    scores[i] = std::bit_cast<uint32_t>(Bm25Formula::score_of(f, weight, counts[i], lengths[rows[i]]));
}

// Bits of doubles that are not negative order as integers do, and kUntouched is the least integer.
int64_t TakeSums(double* sums, size_t size, int64_t least, RowSum* out) {
  int64_t found = 0;
  const auto take = [&](size_t i) { out[found++] = {static_cast<uint32_t>(i), sums[i]}; };
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::ScalableTag<int64_t> integers;
  const auto untouched = hn::Set(d, kUntouched);
  const auto below = hn::Set(integers, least - 1);
  const size_t lanes = hn::Lanes(d);
  const auto bits_at = [&](size_t at) HWY_ATTR { return hn::BitCast(integers, hn::LoadU(d, sums + at)); };
  // Bit j: whether sum at + j is taken; of vectors of at most 8 sums.
  const auto taken_at = [&](size_t at) HWY_ATTR {
    uint8_t lanes_found[8] = {};
    hn::StoreMaskBits(integers, hn::Gt(bits_at(at), below), lanes_found);
    return uint32_t{lanes_found[0]};
  };
  const auto take_all = [&](size_t at, uint32_t taken) HWY_ATTR {
    for (; taken != 0; taken &= taken - 1) take(at + static_cast<size_t>(std::countr_zero(taken)));
  };
  // Most sums are not taken: one look at four vectors tells.
  for (; i + 4 * lanes <= size; i += 4 * lanes) {
    const auto first = hn::Max(bits_at(i), bits_at(i + lanes));
    const auto second = hn::Max(bits_at(i + 2 * lanes), bits_at(i + 3 * lanes));
    if (HWY_UNLIKELY(!hn::AllFalse(integers, hn::Gt(hn::Max(first, second), below)))) {
      uint32_t taken = 0;
      for (size_t j = 0; j < 4; ++j) taken |= taken_at(i + j * lanes) << (j * lanes);
      take_all(i, taken);
    }
    for (size_t j = 0; j < 4; ++j) hn::StoreU(untouched, d, sums + i + j * lanes);
  }
  for (; i + lanes <= size; i += lanes) {
    take_all(i, taken_at(i));
    hn::StoreU(untouched, d, sums + i);
  }
#endif
  for (; i < size; ++i) {
    if (std::bit_cast<int64_t>(sums[i]) >= least) take(i);
    sums[i] = kUntouched;
  }
  return found;
}

void BestOfGroups(const double* sums, size_t size, double* best) {
  for (size_t begin = 0; begin < size; begin += kGroupOfSums) {
    double largest = kUntouched;
    size_t i = begin;
    const size_t end = HWY_MIN(size, begin + kGroupOfSums);
#if HWY_TARGET != HWY_SCALAR
    const hn::ScalableTag<double> d;
    const size_t lanes = hn::Lanes(d);
    auto some = hn::Set(d, kUntouched);
    for (; i + lanes <= end; i += lanes) some = hn::Max(some, hn::LoadU(d, sums + i));
    largest = hn::GetLane(hn::MaxOfLanes(d, some));
#endif
    for (; i < end; ++i) largest = HWY_MAX(largest, sums[i]);
    *best++ = largest;
  }
}

// The largest value that at least k are not below.
double KthLargest(const double* values, size_t size, int64_t k) {
  double result = values[0];
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::ScalableTag<int64_t> integers;
  const size_t lanes = hn::Lanes(d);
  const auto lowest = hn::Set(d, std::numeric_limits<double>::lowest());
  auto largest = lowest;
  for (; i + lanes <= size; i += lanes) {
    const auto some = hn::LoadU(d, values + i);
    auto minus_count = hn::Zero(integers);
    for (size_t j = 0; j < size; ++j) {
      const auto is_not_below = hn::Ge(hn::Set(d, values[j]), some);
      minus_count = hn::Add(minus_count, hn::BitCast(integers, hn::VecFromMask(d, is_not_below)));
    }
    const auto is_reached = hn::Lt(minus_count, hn::Set(integers, 1 - k));
    largest = hn::Max(
        largest,
        hn::IfThenElse(hn::MaskFromVec(hn::BitCast(d, hn::VecFromMask(integers, is_reached))), some, lowest));
  }
  result = hn::GetLane(hn::MaxOfLanes(d, largest));
#else
  result = std::numeric_limits<double>::lowest();
#endif
  for (; i < size; ++i) {
    int64_t count = 0;
    for (size_t j = 0; j < size; ++j) count += values[j] >= values[i] ? 1 : 0;
    if (count >= k) result = HWY_MAX(result, values[i]);
  }
  return result;
}

// Stores the largest of four vectors that follow one another again and again, by their places of eight.
template <class D, class V = hn::Vec<D>>
void StoreBestOfEight(D d, V a, V b, V c, V e, double* best) {
  const size_t lanes = hn::Lanes(d);
  if (lanes == 8) {
    hn::StoreU(hn::Max(hn::Max(a, b), hn::Max(c, e)), d, best);
  } else if (lanes == 4) {
    hn::StoreU(hn::Max(a, c), d, best);
    hn::StoreU(hn::Max(b, e), d, best + 4);
  } else {
    hn::StoreU(a, d, best);
    hn::StoreU(b, d, best + 2);
    hn::StoreU(c, d, best + 4);
    hn::StoreU(e, d, best + 6);
  }
}

// The products are exact, so that it is the same whether they are fused with the sums. Four vectors at a
// time: with fewer, asking for the lists' places takes as long as adding.
void AddDense(const DenseList* lists, size_t num_lists, double* sums, size_t size, double* best) {
  constexpr size_t kBlock = kGroupOfSums * kDenseGroups;
  for (size_t begin = 0; begin < size; begin += kBlock, best += kDenseGroups) {
    for (size_t j = 0; j < kDenseGroups; ++j) best[j] = kUntouched;
    size_t i = begin;
    const size_t end = HWY_MIN(size, begin + kBlock);
#if HWY_TARGET != HWY_SCALAR
    const hn::CappedTag<double, kDenseGroups> d;
    const hn::Rebind<float, decltype(d)> single;
    const size_t lanes = hn::Lanes(d);
    auto most_a = hn::Set(d, kUntouched), most_b = most_a, most_c = most_a, most_e = most_a;
    for (; i + 4 * lanes <= end; i += 4 * lanes) {
      auto a = hn::LoadU(d, sums + i), b = hn::LoadU(d, sums + i + lanes),
           c = hn::LoadU(d, sums + i + 2 * lanes), e = hn::LoadU(d, sums + i + 3 * lanes);
      for (size_t j = 0; j < num_lists; ++j) {
        const float* scores = lists[j].scores + i;
        const auto times = hn::Set(d, lists[j].times);
        a = hn::MulAdd(times, hn::PromoteTo(d, hn::LoadU(single, scores)), a);
        b = hn::MulAdd(times, hn::PromoteTo(d, hn::LoadU(single, scores + lanes)), b);
        c = hn::MulAdd(times, hn::PromoteTo(d, hn::LoadU(single, scores + 2 * lanes)), c);
        e = hn::MulAdd(times, hn::PromoteTo(d, hn::LoadU(single, scores + 3 * lanes)), e);
      }
      hn::StoreU(a, d, sums + i);
      hn::StoreU(b, d, sums + i + lanes);
      hn::StoreU(c, d, sums + i + 2 * lanes);
      hn::StoreU(e, d, sums + i + 3 * lanes);
      most_a = hn::Max(most_a, a);
      most_b = hn::Max(most_b, b);
      most_c = hn::Max(most_c, c);
      most_e = hn::Max(most_e, e);
    }
    StoreBestOfEight(d, most_a, most_b, most_c, most_e, best);
#endif
    for (; i < end; ++i) {
      for (size_t j = 0; j < num_lists; ++j)
        sums[i] += lists[j].times * static_cast<double>(lists[j].scores[i]);
      double& largest = best[(i - begin) % kDenseGroups];
      largest = HWY_MAX(largest, sums[i]);
    }
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
HWY_EXPORT(AddUpDistances);
HWY_EXPORT(ScoreRows);
HWY_EXPORT(TakeSums);
HWY_EXPORT(BestOfGroups);
HWY_EXPORT(KthLargest);
HWY_EXPORT(AddDense);

void add_up_distances(uint32_t first, std::span<uint32_t> values) {
  HWY_DYNAMIC_DISPATCH(AddUpDistances)(first, values.data(), values.size());
}

void score_rows(const Bm25Formula& formula, double weight, std::span<const uint32_t> rows,
                std::span<const uint32_t> counts, std::span<const uint32_t> lengths, uint32_t* scores) {
  HWY_DYNAMIC_DISPATCH(ScoreRows)
  (formula.terms(), weight, rows.data(), counts.data(), lengths.data(), rows.size(), scores);
}

int64_t take_sums(std::span<double> sums, double least, RowSum* out) {
  return HWY_DYNAMIC_DISPATCH(TakeSums)(sums.data(), sums.size(), std::bit_cast<int64_t>(least), out);
}

void best_of_groups(std::span<const double> sums, double* best) {
  HWY_DYNAMIC_DISPATCH(BestOfGroups)(sums.data(), sums.size(), best);
}

double kth_largest(std::span<const double> values, int64_t k) {
  return HWY_DYNAMIC_DISPATCH(KthLargest)(values.data(), values.size(), k);
}

void add_dense(std::span<const DenseList> lists, std::span<double> sums, double* best) {
  HWY_DYNAMIC_DISPATCH(AddDense)(lists.data(), lists.size(), sums.data(), sums.size(), best);
}

}  // namespace whitney::search
#endif
