// Question: do k-means of the same points, from the same centroids and for the same rounds, end with as
// little inertia as faiss's and scikit-learn's, and in less time? MNIST (60,000 x 784, k 256) and vectors of
// Debian's package synopses (60,004 x 384, k 256 and 1,024); 20 rounds, on one and two threads. Arguments:
// pairs of runs (default 3), and what the name of a case must contain.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bench/bench_main.h"
#include "bench/data_folder.h"
#include "bench/machine_limits.h"
#include "bench/mnist.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "whitney/codec/k_means.h"
#include "whitney/codec/k_means_assign.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/linalg/simd.h"

namespace whitney::bench {
namespace {

constexpr int kRounds = 20;

struct Case {
  std::string name;
  Matrix points;
  std::vector<int64_t> ks;
};

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  if (const auto folder = find_data("mnist"))
    cases.push_back({"MNIST", read_mnist_images(*folder + "/train-images-idx3-ubyte.gz", 60'000), {256}});
  if (const auto folder = find_data("debian-packages")) {
    cases.push_back({"Debian",
                     read_vectors(*folder + "/synopses.minilm.f16.npy", {}, {}).vectors.to_float32(),
                     {256, 1024}});
  }
  return cases;
}

// k different rows.
Matrix start_of(const MatrixView& points, int64_t k) {
  std::vector<int64_t> rows(static_cast<size_t>(points.rows));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  RandomStream random(42, "first centroids", 0);
  random.shuffle(std::span(rows));
  Matrix start(k, points.cols);
  auto* out = start.mutable_data<float>();
  for (int64_t c = 0; c < k; ++c)
    out = std::ranges::copy(points.row<float>(rows[static_cast<size_t>(c)]), out).out;
  return start;
}

void write_floats(const std::string& path, const Matrix& rows) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(rows.bytes().data()),
             static_cast<std::streamsize>(rows.bytes().size()));
  if (!file.flush()) fail(path, ": cannot be written");
}

Matrix read_floats(const std::string& path, int64_t rows, int64_t cols) {
  Matrix result(rows, cols);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(result.mutable_data<float>()), rows * cols * 4);
  if (!file) fail(path, ": is too short");
  return result;
}

// What a centroid set is worth: the same sum for everybody's.
double inertia_of(const Matrix& points, const Matrix& centroids) {
  double sum = 0;
  for (const float distance : codec::nearest_centroids(points, centroids, with_threads(2)).distances)
    sum += double{distance} * distance;
  return sum;
}

// One data set and k on some threads.
class Race {
 public:
  Race(const Case& data, int64_t k, int threads, PythonPeer& peer, const TemporaryFolder& folder)
      : data_(data),
        k_(k),
        context_(with_threads(threads)),
        peer_(peer),
        folder_(folder),
        start_(start_of(data.points, k)) {
    options_.max_iterations = kRounds;
    options_.tolerance = 0;
    write_floats(folder.file("start"), start_);
  }

  bool run(int num_pairs) {
    std::printf("\n%s %lld x %lld, k %lld, %d thread%s, %d rounds\n", data_.name.c_str(),
                static_cast<long long>(data_.points.rows()), static_cast<long long>(data_.points.cols()),
                static_cast<long long>(k_), context_.threads, context_.threads == 1 ? "" : "s", kRounds);
    const double seconds = seconds_of([&] { ours(); });
    const double inertia = inertia_of(data_.points, found_.centroids);
    tell_work(seconds);
    bool holds = true;
    for (const char* program : {"faiss", "sklearn lloyd", "sklearn elkan"}) {
      const double theirs = ask(program);
      if (theirs == 0) continue;
      const double other =
          inertia_of(data_.points, read_floats(folder_.file("centroids"), k_, data_.points.cols()));
      // Rounding parts ways at near ties, and empty clusters are filled by other rules.
      const bool is_equal = inertia <= other * (1 + kSame);
      std::printf("  %-14s inertia %.6e, ours %.6e (%+.4f %%)%s\n", program, other, inertia,
                  100 * (inertia / other - 1), is_equal ? "" : "  HIGHER");
      holds = holds && is_equal;
      if (std::string_view(program) != "faiss") {
        std::printf("  %-14s %.2f s, ours %.2f s: %.2f, one run\n", program, theirs, seconds,
                    theirs / seconds);
        continue;
      }
      const Pairs pairs =
          run_pairs(num_pairs, [&] { return seconds_of([&] { ours(); }); }, [&] { return ask(program); });
      std::printf("  %-14s %.2f s, ours %.2f s: %.2f (%.2f to %.2f)%s\n", program, pairs.peer, pairs.ours,
                  pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio, pairs.ratio < 1 ? "  SLOWER" : "");
      holds = holds && pairs.ratio >= 1;
    }
    return holds;
  }

 private:
  static constexpr double kSame = 1e-3;

  void ours() { found_ = codec::k_means_from(data_.points, Matrix::copy_of(start_), options_, context_); }

  // How many products bounds spare, and what they come to.
  void tell_work(double seconds) {
    options_.uses_bounds = false;
    const double without = seconds_of([&] { ours(); });
    options_.uses_bounds = true;
    const double all =
        2.0 * (kRounds + 1) * static_cast<double>(data_.points.rows() * data_.points.cols() * k_);
    std::printf("  ours %.2f s, without bounds %.2f s: %.0f GFLOP/s of %.0f at peak\n", seconds, without,
                all / without / 1e9, peak_flops() * context_.threads / 1e9);
    codec::MiniBatchOptions batches;
    batches.k = k_;
    double inertia = 0;
    const double quick =
        seconds_of([&] { inertia = codec::k_means_mini_batch(data_.points, batches, context_).inertia; });
    std::printf("  100 mini-batches of 1,024 with their start: %.2f s, inertia %.6e\n", quick, inertia);
  }

  // Seconds, 0 where the peer is not there.
  double ask(const char* program) {
    if (!peer_.is_there()) return 0;
    const Value answer = peer_.ask(
        Value::object({{"question", "k-means"}, {"program", program}, {"k", k_}, {"rounds", kRounds}}));
    if (answer.find("error") != nullptr) return 0;
    return answer.at("seconds").as_real();
  }

  const Case& data_;
  int64_t k_;
  Context context_;
  PythonPeer& peer_;
  const TemporaryFolder& folder_;
  Matrix start_;
  codec::KMeansOptions options_;
  codec::KMeans found_;
};

bool run(int num_pairs, const std::string& only) {
  bool holds = true;
  for (const Case& data : read_cases()) {
    const TemporaryFolder folder;
    write_floats(folder.file("points"), data.points);
    for (const int threads : {1, 2}) {
      const std::string count = std::to_string(threads);
      PythonPeer peer("k_means_bench_peer.py", {folder.path(), std::to_string(data.points.cols()), count},
                      {"OMP_NUM_THREADS=" + count, "OPENBLAS_NUM_THREADS=" + count, "OPENBLAS_CORETYPE",
                       "OPENBLAS_L2_SIZE"});
      for (const int64_t k : data.ks) {
        const std::string name = data.name + " " + std::to_string(k) + " threads " + count;
        if (name.find(only) == std::string::npos) continue;
        std::printf("SIMD level %s; peer: %s\n", simd_level().c_str(),
                    peer.is_there() ? peer.versions().c_str() : "none");
        holds = Race(data, k, threads, peer, folder).run(num_pairs) && holds;
      }
    }
  }
  return holds;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that ends is an Error, not the end
  return whitney::bench::bench_main("k_means_bench", [&] {
    return whitney::bench::run(argc > 1 ? std::atoi(argv[1]) : 3, argc > 2 ? argv[2] : "");
  });
}
