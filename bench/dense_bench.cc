// Claim: products with packed weights are as fast as oneDNN's on one thread, for the shapes of small
// transformers, and int8 weights are at least 1.8 times as fast as float32. Answers are compared first.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "bench/dense_bench_peer.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/linalg/dense_weights.h"
#include "whitney/linalg/int8_weights.h"
#include "whitney/linalg/simd.h"

namespace whitney::bench {
namespace {

struct Shape {
  int64_t m, n, k;
};

Array<float> random_values(int64_t n, uint64_t item) {
  Array<float> values(n);
  float* data = values.mutable_data();
  RandomStream random(42, "dense bench", item);
  for (int64_t i = 0; i < n; ++i) data[i] = static_cast<float>(random.uniform()) - 0.5f;
  return values;
}

// Differences are measured against the typical value: sums of terms of both signs may come near zero.
void compare(const Shape& shape, const Array<float>& ours, const Array<float>& peers, double allowed) {
  double squares = 0, largest = 0;
  for (int64_t i = 0; i < ours.size(); ++i) {
    squares += static_cast<double>(peers[i]) * static_cast<double>(peers[i]);
    largest = std::max(largest, std::abs(static_cast<double>(ours[i]) - static_cast<double>(peers[i])));
  }
  const double typical = std::sqrt(squares / static_cast<double>(ours.size()));
  if (!(largest <= allowed * typical)) {
    fail(shape.m, " x ", shape.n, " x ", shape.k, ": answers differ by ", largest, " where ", typical,
         " is typical");
  }
}

// Repeats so often that a run takes about ten milliseconds.
int repeats_of(const Shape& shape) {
  return static_cast<int>(std::max<int64_t>(1, int64_t{750'000'000} / (shape.m * shape.n * shape.k)));
}

template <class Work>
double timed(int repeats, const Work& work) {
  return seconds_of([&] {
    for (int i = 0; i < repeats; ++i) work();
  });
}

class Race {
 public:
  explicit Race(double flops_limit) : flops_limit_(flops_limit) {}

  void floats(const Shape& s, Epilogue epilogue) {
    const Array<float> a = random_values(s.m * s.k, 1), w = random_values(s.n * s.k, 2);
    const Array<float> bias = random_values(s.n, 3);
    const DenseWeights weights({w.data(), s.n, s.k, s.k, DType::kF32}, bias.span());
    const MatrixView rows{a.data(), s.m, s.k, s.k, DType::kF32};
    Array<float> out(s.m * s.n), peer_out(s.m * s.n, 0.0f);
    const auto ours = [&] { weights.multiply_on_this_thread(rows, out.mutable_data(), s.n, epilogue); };
    if (!OnednnLayer::is_there()) {
      // Its own time beside itself, so that the rate is printed.
      print(s, "alone", ours, ours, "", floats_over_peer_);
      return;
    }
    OnednnLayer peer(s.m, s.n, s.k, w.data(), bias.data(), epilogue == Epilogue::kGelu);
    ours();
    const auto peers = [&] { peer.multiply(a.data(), peer_out.mutable_data()); };
    peers();
    compare(s, out, peer_out, 1e-4);
    print(s, epilogue == Epilogue::kGelu ? "bias, gelu" : "bias", ours, peers, peer.kernel(),
          floats_over_peer_);
  }

  // Float32 beside oneDNN's, int8 (quantising the rows included) beside float32 and beside oneDNN's, which is
  // given rows that are quantised.
  void int8(const Shape& s) {
    const Array<float> a = random_values(s.m * s.k, 1), w = random_values(s.n * s.k, 2);
    const Array<float> bias = random_values(s.n, 3);
    const MatrixView rows{a.data(), s.m, s.k, s.k, DType::kF32}, all{w.data(), s.n, s.k, s.k, DType::kF32};
    const DenseWeights exact(all, bias.span());
    const Int8Weights weights(all, bias.span());
    Array<float> out(s.m * s.n), exact_out(s.m * s.n);
    QuantizedRows quantized;
    const auto ours = [&] {
      quantized.quantize(rows);
      weights.multiply_on_this_thread(quantized, out.mutable_data(), s.n);
    };
    const auto floats = [&] { exact.multiply_on_this_thread(rows, exact_out.mutable_data(), s.n); };
    ours();
    floats();
    compare(s, out, exact_out, 0.1);
    print(s, "to float32", ours, floats, "", int8_over_float32_);
    if (!OnednnLayer::is_there()) return;
    Array<int8_t> codes(s.n * s.k);
    for (int64_t i = 0; i < codes.size(); ++i) {
      codes.mutable_data()[i] = static_cast<int8_t>(std::lround(w[i] * 254));
    }
    OnednnLayer peer(s.m, s.n, s.k, codes.data(), bias.data(), weights.scales());
    print(
        s, "to oneDNN", ours, [&] { peer.multiply(quantized.codes(0), exact_out.mutable_data()); },
        peer.kernel(), int8_over_peer_);
  }

  void print_means() const {
    const auto print = [](const char* what, const Mean& mean) {
      if (mean.count > 0)
        std::printf("%s: geometric mean %.2f\n", what, std::exp(mean.sum_of_logs / mean.count));
    };
    std::printf("\n");
    print("float32, oneDNN's time / ours", floats_over_peer_);
    print("int8, time of float32 / int8", int8_over_float32_);
    print("int8, oneDNN's time / ours", int8_over_peer_);
  }

 private:
  struct Mean {
    double sum_of_logs = 0;
    int count = 0;
  };

  template <class Ours, class Peers>
  void print(const Shape& s, const char* what, const Ours& ours, const Peers& peers,
             const std::string& kernel, Mean& mean) {
    const int repeats = repeats_of(s);
    const Pairs pairs =
        run_pairs(5, [&] { return timed(repeats, ours); }, [&] { return timed(repeats, peers); });
    const double work = 2.0 * static_cast<double>(s.m * s.n * s.k) * repeats / 1e9;
    std::printf("%5lld x %5lld x %5lld  %-10s %8.1f %5.0f %% %8.1f  %5.2f (%.2f .. %.2f)  %s\n",
                static_cast<long long>(s.m), static_cast<long long>(s.n), static_cast<long long>(s.k), what,
                work / pairs.ours, 100e9 * work / pairs.ours / flops_limit_, work / pairs.peer, pairs.ratio,
                pairs.lowest_ratio, pairs.highest_ratio, kernel.c_str());
    std::fflush(stdout);
    mean.sum_of_logs += std::log(pairs.ratio);
    ++mean.count;
  }

  double flops_limit_;
  Mean floats_over_peer_, int8_over_float32_, int8_over_peer_;
};

// Those of the command line, "400x384x1536" each; without any, products of small transformers.
std::vector<Shape> shapes(char** arguments) {
  std::vector<Shape> given;
  for (; *arguments != nullptr; ++arguments) {
    long long m = 0, n = 0, k = 0;
    if (std::sscanf(*arguments, "%lldx%lldx%lld", &m, &n, &k) != 3) fail("\"", *arguments, "\" is no shape");
    given.push_back({m, n, k});
  }
  if (!given.empty()) return given;
  std::vector<Shape> result{{32, 1536, 384}, {1024, 1024, 1024}};
  for (int64_t m : {8, 16, 32, 128, 400, 4000}) {
    for (int64_t n : {384, 1152, 1536}) {
      for (int64_t k : {384, 1536}) result.push_back({m, n, k});
    }
  }
  return result;
}

int run(char** arguments) {
  const double limit = peak_flops();
  std::printf("SIMD level %s, one thread, limit %.1f GFLOP/s; ", simd_level().c_str(), limit / 1e9);
  if (OnednnLayer::is_there()) {
    std::printf("peer: oneDNN %s, weights reordered beforehand\n\n", OnednnLayer::version().c_str());
  } else {
    std::printf("built without oneDNN (apt package libdnnl-dev): no peer\n\n");
  }
  std::printf("GFLOP/s of ours, its part of the limit, and GFLOP/s of the other; the other's time / ours\n");
  std::printf("%21s  %-10s %8s %7s %8s  ratio of medians (of pairs)\n", "m x n x k", "", "ours", "of it",
              "other");
  Race race(limit);
  const std::vector<Shape> all = shapes(arguments);
  for (const Shape& shape : all) race.floats(shape, Epilogue::kNone);
  std::printf("\nwith gelu\n");
  for (const Shape& shape : all) {
    if (shape.n == 1536 && shape.k == 384) race.floats(shape, Epilogue::kGelu);
  }
  std::printf("\nint8\n");
  for (const Shape& shape : all) race.int8(shape);
  race.print_means();
  return 0;
}

}  // namespace
}  // namespace whitney::bench

int main(int, char** arguments) {
  // oneDNN's threads are OpenMP's, which reads its number once, before main.
  const char* threads = std::getenv("OMP_NUM_THREADS");
  if (threads == nullptr || std::strcmp(threads, "1") != 0) {
    setenv("OMP_NUM_THREADS", "1", 1);
    execv("/proc/self/exe", arguments);
  }
  try {
    return whitney::bench::run(arguments + 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dense_bench: %s\n", error.what());
    return 1;
  }
}
