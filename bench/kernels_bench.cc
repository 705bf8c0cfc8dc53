// Claim: each kernel beats the plain loop that the compiler makes at -O3, and comes near what limits it: the
// reading of cache or memory, or the multiply-adds of the processor. Answers are compared first.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "bench/kernels_bench_plain.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/linalg/code_distance.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/distance.h"
#include "whitney/linalg/select.h"
#include "whitney/linalg/simd.h"

namespace whitney::bench {
namespace {

struct Limits {
  double cache;
  double memory;
  double flops;
};

// Compares the answers, then prints a line: plain and ours in units of `work` per second, and the limit.
template <class Out>
void race(const char* name, double work, double limit, int repeats, const std::function<void(Out*)>& plain,
          const std::function<void(Out*)>& ours, int64_t num_out) {
  Array<Out> expected(num_out), got(num_out);
  plain(expected.mutable_data());
  ours(got.mutable_data());
  for (int64_t i = 0; i < num_out; ++i) {
    const double difference = std::abs(static_cast<double>(expected[i]) - static_cast<double>(got[i]));
    // Sums of positive terms in another order differ by a few units in the last places.
    const double allowed = std::is_integral_v<Out> ? 0 : 1e-4 * std::abs(static_cast<double>(expected[i]));
    if (!(difference <= allowed))
      fail(name, ": answer ", i, " is ", got[i], ", the plain loop's is ", expected[i]);
  }
  const auto timed = [repeats](const std::function<void(Out*)>& kernel, Array<Out>& out) {
    return seconds_of([&] {
      for (int i = 0; i < repeats; ++i) kernel(out.mutable_data());
    });
  };
  const Pairs pairs = run_pairs(5, [&] { return timed(ours, got); }, [&] { return timed(plain, expected); });
  const double ours_rate = work * repeats / pairs.ours, plain_rate = work * repeats / pairs.peer;
  std::printf("%-46s %8.1f %8.1f %7.1f (%5.1f ..%6.1f) %8.1f %5.0f %%\n", name, plain_rate / 1e9,
              ours_rate / 1e9, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio, limit / 1e9,
              100 * ours_rate / limit);
  std::fflush(stdout);
}

// Values in (0, 1]: sums grow, so answers can be compared relatively.
Array<float> random_values(int64_t n, uint64_t item) {
  Array<float> values(n);
  float* data = values.mutable_data();
  RandomStream random(42, "bench", item);
  // A megabyte of draws, repeated: draws are not what is measured.
  for (int64_t i = 0; i < n; ++i) {
    data[i] = i < (1 << 18) ? static_cast<float>(random.uniform_positive()) : data[i - (1 << 18) + 1];
  }
  return values;
}

template <class T, class Convert>
Array<T> converted(const Array<float>& values, const Convert& convert) {
  Array<T> result(values.size());
  T* data = result.mutable_data();
  for (int64_t i = 0; i < values.size(); ++i) data[i] = convert(values[i]);
  return result;
}

// One query against a block of rows, of each type; `place` says where the rows lie.
void race_one_to_many(const std::string& place, int64_t num_rows, int64_t dim, double limit) {
  const Array<float> rows = random_values(num_rows * dim, 1), query = random_values(dim, 2);
  const int64_t bytes = num_rows * dim * 4;
  const auto repeats = [](int64_t size) {
    return static_cast<int>(std::max<int64_t>(1, (int64_t{1} << 27) / size));
  };
  const auto title = [&](const char* what) {
    return std::string(what) + ", d=" + std::to_string(dim) + ", " + place;
  };
  const MatrixView floats{rows.data(), num_rows, dim, dim, DType::kF32};
  for (Kernel kernel : {Kernel::kInnerProduct, Kernel::kSquaredL2}) {
    const bool inner = kernel == Kernel::kInnerProduct;
    race<float>(
        title(inner ? "inner product, f32" : "squared l2, f32").c_str(), static_cast<double>(bytes), limit,
        repeats(bytes),
        [&, inner](float* out) {
          const auto plain = inner ? plain_inner_product : plain_squared_l2;
          for (int64_t r = 0; r < num_rows; ++r) out[r] = plain(query.data(), rows.data() + r * dim, dim);
        },
        [&, kernel](float* out) { distance_one_to_many(kernel, query.data(), floats, 0, num_rows, out); },
        num_rows);
  }
  const auto halves = converted<Float16>(rows, to_float16);
  race<float>(
      title("inner product, f16").c_str(), static_cast<double>(bytes) / 2, limit, repeats(bytes),
      [&](float* out) {
        for (int64_t r = 0; r < num_rows; ++r) {
          out[r] = plain_inner_product_f16(query.data(), &halves.data()[r * dim].bits, dim);
        }
      },
      [&](float* out) {
        distance_one_to_many(Kernel::kInnerProduct, query.data(),
                             {halves.data(), num_rows, dim, dim, DType::kF16}, 0, num_rows, out);
      },
      num_rows);
  const auto to_code = [](float value) { return static_cast<uint8_t>(value * 255); };
  const auto codes = converted<uint8_t>(rows, to_code), query_codes = converted<uint8_t>(query, to_code);
  race<float>(
      title("inner product, u8 rows").c_str(), static_cast<double>(bytes) / 4, limit, repeats(bytes),
      [&](float* out) {
        for (int64_t r = 0; r < num_rows; ++r) {
          out[r] = plain_inner_product_u8(query.data(), codes.data() + r * dim, dim);
        }
      },
      [&](float* out) {
        distance_one_to_many(Kernel::kInnerProduct, query.data(),
                             {codes.data(), num_rows, dim, dim, DType::kU8}, 0, num_rows, out);
      },
      num_rows);
  for (CodeKernel kernel : {CodeKernel::kDot, CodeKernel::kSquaredL2}) {
    const bool dot = kernel == CodeKernel::kDot;
    race<int32_t>(
        title(dot ? "codes, dot" : "codes, squared l2").c_str(), static_cast<double>(bytes) / 4, limit,
        repeats(bytes),
        [&, dot](int32_t* out) {
          const auto plain = dot ? plain_code_dot : plain_code_squared_l2;
          for (int64_t r = 0; r < num_rows; ++r)
            out[r] = plain(query_codes.data(), codes.data() + r * dim, dim);
        },
        [&, kernel](int32_t* out) {
          code_distance_one_to_many(kernel, query_codes.data(), codes.data(), dim, dim, 0, num_rows, out);
        },
        num_rows);
  }
}

// Rows in random order out of memory: what a walk over a graph asks for.
void race_listed_rows(int64_t num_rows, int64_t dim, double limit) {
  const Array<float> rows = random_values(num_rows * dim, 1), query = random_values(dim, 2);
  std::vector<uint32_t> listed(static_cast<size_t>(num_rows));
  std::iota(listed.begin(), listed.end(), 0u);
  RandomStream(42, "rows", 0).shuffle(std::span(listed));
  listed.resize(static_cast<size_t>(num_rows / 4));
  const MatrixView floats{rows.data(), num_rows, dim, dim, DType::kF32};
  race<float>(
      ("squared l2, f32, d=" + std::to_string(dim) + ", rows at random").c_str(),
      static_cast<double>(std::ssize(listed) * dim * 4), limit, 1,
      [&](float* out) {
        for (uint32_t row : listed) *out++ = plain_squared_l2(query.data(), rows.data() + row * dim, dim);
      },
      [&](float* out) { distance_one_to_rows(Kernel::kSquaredL2, query.data(), floats, listed, out); },
      std::ssize(listed));
}

void race_dense(int64_t m, int64_t n, int64_t k, double limit) {
  const Array<float> a = random_values(m * k, 3), b = random_values(n * k, 4);
  const MatrixView left{a.data(), m, k, k, DType::kF32}, right{b.data(), n, k, k, DType::kF32};
  Context context;
  context.threads = 1;
  const std::string shape = std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k);
  const auto plain = [&](float* out) { plain_multiply_transposed(a.data(), b.data(), m, n, k, out); };
  race<float>(("dense product, " + shape).c_str(), 2.0 * static_cast<double>(m * n * k), limit, 1, plain,
              [&](float* out) { multiply_transposed(context, left, right, out); }, m * n);
  race<float>(("many to many, " + shape).c_str(), 2.0 * static_cast<double>(m * n * k), limit, 1, plain,
              [&](float* out) { distance_many_to_many(Kernel::kInnerProduct, left, right, out); }, m * n);
}

void race_select(int64_t n, double limit) {
  // One key in about 260 passes, as when a list of the best is nearly full.
  const Array<float> keys = random_values(n, 5);
  const auto pad = [n](uint32_t* positions, int64_t count) {
    std::fill(positions + count, positions + n, 0u);
  };
  race<uint32_t>(
      "selection of keys at most a limit, L2 cache", static_cast<double>(n) * 4, limit, 500,
      [&](uint32_t* out) { pad(out, plain_select(keys.data(), n - 16, 0.004f, out)); },
      [&](uint32_t* out) { pad(out, select_at_most(keys.data(), n - 16, 0.004f, out)); }, n);
}

int run() {
  std::printf("SIMD level %s, one thread. Rates are 10^9 bytes or operations a second.\n",
              simd_level().c_str());
  const int64_t kCached = int64_t{1} << 20;
  const Limits limits{cached_read_bandwidth(kCached), read_bandwidth(1), peak_flops()};
  std::printf("limits: L2 cache %.1f GB/s, memory %.1f GB/s, multiply-adds %.1f GFLOP/s\n\n",
              limits.cache / 1e9, limits.memory / 1e9, limits.flops / 1e9);
  std::printf("%-46s %8s %8s %7s %16s %8s %7s\n", "kernel", "plain", "ours", "ratio", "(of pairs)", "limit",
              "of it");
  for (int64_t dim : {128, 784}) race_one_to_many("L2 cache", kCached / (4 * dim), dim, limits.cache);
  race_one_to_many("memory", 1'000'000, 128, limits.memory);
  race_listed_rows(1'000'000, 128, limits.memory);
  for (int64_t dim : {128, 784}) race_dense(500, 1000, dim, limits.flops);
  race_select(100'000, limits.cache);
  return 0;
}

}  // namespace
}  // namespace whitney::bench

int main() {
  try {
    return whitney::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kernels_bench: %s\n", error.what());
    return 1;
  }
}
