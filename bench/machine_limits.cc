#include "bench/machine_limits.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <numeric>
#include <span>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/machine_limits.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

float SumAll(const float* values, int64_t n) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (int64_t i = 0; i + 8 * lanes <= n; i += 8 * lanes) {
    s0 = hn::Add(s0, hn::Load(d, values + i));
    s1 = hn::Add(s1, hn::Load(d, values + i + lanes));
    s2 = hn::Add(s2, hn::Load(d, values + i + 2 * lanes));
    s3 = hn::Add(s3, hn::Load(d, values + i + 3 * lanes));
    s4 = hn::Add(s4, hn::Load(d, values + i + 4 * lanes));
    s5 = hn::Add(s5, hn::Load(d, values + i + 5 * lanes));
    s6 = hn::Add(s6, hn::Load(d, values + i + 6 * lanes));
    s7 = hn::Add(s7, hn::Load(d, values + i + 7 * lanes));
  }
  const auto low = hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)),
             high = hn::Add(hn::Add(s4, s5), hn::Add(s6, s7));
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(low, high)));
}

void CopyPastCaches(const float* from, int64_t n, float* to) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i + lanes <= n; i += lanes) hn::Stream(hn::Load(d, from + i), d, to + i);
  hwy::FlushStream();
}

// Twelve chains hide the latency of a multiply-add at two a cycle.
int64_t MultiplyAdd(int64_t rounds, float* out) {
  const D d;
  const auto factor = hn::Set(d, *out), addend = hn::Set(d, 1 - *out);
  // Chains that begin alike would be merged into one.
  const auto start = [&](int chain) HWY_ATTR { return hn::Set(d, *out * static_cast<float>(chain)); };
  auto s0 = start(0), s1 = start(1), s2 = start(2), s3 = start(3), s4 = start(4), s5 = start(5);
  auto s6 = start(6), s7 = start(7), s8 = start(8), s9 = start(9), s10 = start(10), s11 = start(11);
  for (int64_t i = 0; i < rounds; ++i) {
    s0 = hn::MulAdd(s0, factor, addend);
    s1 = hn::MulAdd(s1, factor, addend);
    s2 = hn::MulAdd(s2, factor, addend);
    s3 = hn::MulAdd(s3, factor, addend);
    s4 = hn::MulAdd(s4, factor, addend);
    s5 = hn::MulAdd(s5, factor, addend);
    s6 = hn::MulAdd(s6, factor, addend);
    s7 = hn::MulAdd(s7, factor, addend);
    s8 = hn::MulAdd(s8, factor, addend);
    s9 = hn::MulAdd(s9, factor, addend);
    s10 = hn::MulAdd(s10, factor, addend);
    s11 = hn::MulAdd(s11, factor, addend);
  }
  const auto sum =
      hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)));
  *out = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum, hn::Add(hn::Add(s8, s9), hn::Add(s10, s11)))));
  return rounds * 12 * 2 * static_cast<int64_t>(hn::Lanes(d));
}

}  // namespace whitney::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::bench {
HWY_EXPORT(SumAll);
HWY_EXPORT(CopyPastCaches);
HWY_EXPORT(MultiplyAdd);

namespace {

constexpr int kRuns = 7;
constexpr int64_t kPerThread = int64_t{1} << 27;  // floats: 512 MiB, beyond any cache
constexpr int64_t kBlock = int64_t{1} << 20;

// Results are written here, so that no compiler leaves the work out.
volatile float sink;

template <class Work>
double best_seconds(const Work& work) {
  double best = 1e300;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

Context context_of(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

}  // namespace

int64_t bytes_beyond_caches() {
  constexpr int64_t kLeast = 400'000'000, kKilo = 1024;
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
  int64_t kilobytes = 0;
  file >> kilobytes;
  return std::max(kLeast, 3 * kKilo * kilobytes / 2);
}

double read_bandwidth(int threads) {
  const Array<float> values(threads * kPerThread, 1.0f);
  const double seconds = best_seconds([&] {
    parallel_blocks(context_of(threads), values.size(), kBlock, [&](int64_t begin, int64_t end) {
      sink = HWY_DYNAMIC_DISPATCH(SumAll)(values.data() + begin, end - begin);
    });
  });
  return static_cast<double>(values.size()) * sizeof(float) / seconds;
}

double copy_bandwidth(int threads) {
  const Array<float> from(threads * kPerThread, 1.0f);
  Array<float> to(threads * kPerThread, 0.0f);
  float* out = to.mutable_data();
  const double streamed = best_seconds([&] {
    parallel_blocks(context_of(threads), from.size(), kBlock, [&](int64_t begin, int64_t end) {
      HWY_DYNAMIC_DISPATCH(CopyPastCaches)(from.data() + begin, end - begin, out + begin);
    });
  });
  const double plain = best_seconds([&] {
    parallel_blocks(context_of(threads), from.size(), kBlock, [&](int64_t begin, int64_t end) {
      std::memcpy(out + begin, from.data() + begin, static_cast<size_t>(end - begin) * sizeof(float));
    });
  });
  return 2 * static_cast<double>(from.size()) * sizeof(float) / std::min(streamed, plain);
}

double cached_read_bandwidth(int64_t size_bytes) {
  const Array<float> values(size_bytes / static_cast<int64_t>(sizeof(float)), 1.0f);
  const int64_t repeats = (int64_t{1} << 30) / size_bytes + 1;
  const double seconds = best_seconds([&] {
    for (int64_t i = 0; i < repeats; ++i) sink = HWY_DYNAMIC_DISPATCH(SumAll)(values.data(), values.size());
  });
  return static_cast<double>(values.size()) * sizeof(float) * static_cast<double>(repeats) / seconds;
}

double chased_loads(int64_t size_bytes, int num_chains) {
  constexpr int64_t kPerLine = 8;
  const int64_t num_lines = std::max<int64_t>(size_bytes / 64 / num_chains, 2) * num_chains;
  std::vector<uint32_t> order(static_cast<size_t>(num_lines));
  std::iota(order.begin(), order.end(), 0U);
  RandomStream(42, "pointer chase", 0).shuffle(std::span(order));
  // A chain is a ring through the lines of its part of the order.
  Array<uint64_t> lines(num_lines * kPerLine);
  uint64_t* next = lines.mutable_data();
  const auto per_chain = static_cast<size_t>(num_lines / num_chains);
  std::vector<uint64_t> at;
  for (size_t begin = 0; begin < order.size(); begin += per_chain) {
    for (size_t i = 0; i < per_chain; ++i)
      next[order[begin + i] * kPerLine] = order[begin + (i + 1) % per_chain] * kPerLine;
    at.push_back(order[begin] * kPerLine);
  }
  const int64_t rounds = 4'000'000 / num_chains;
  const double seconds = best_seconds([&] {
    for (int64_t round = 0; round < rounds; ++round) {
      for (uint64_t& place : at) place = next[place];
    }
    sink = static_cast<float>(at[0]);
  });
  return static_cast<double>(rounds * num_chains) / seconds;
}

double peak_flops() {
  int64_t flops = 0;
  const double seconds = best_seconds([&] {
    float value = 0.5f;
    flops = HWY_DYNAMIC_DISPATCH(MultiplyAdd)(20'000'000, &value);
    sink = value;
  });
  return static_cast<double>(flops) / seconds;
}

}  // namespace whitney::bench
#endif  // HWY_ONCE
