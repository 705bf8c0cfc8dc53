// Claim: a step of an embedding table of 1,000,000 rows of 16, looked up 4,096 x 26 times, takes at most half
// of what torch.nn.Embedding(sparse=True) with SparseAdam takes. A step: look up, a gradient for each value,
// sums of the rows that came more than once, lazy Adam on the rows of the batch (gradients are far from 0,
// where epsilon would count: SparseAdam adds it to the root before the correction of bias). One thread.
// Tables after three steps are compared first. Beside it: the bytes that a step must move, and each part's
// share.
//
//   table_step_bench [--pairs 5] [--threads 1]

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/adam.h"
#include "whitney/linalg/grouped_rows.h"

namespace whitney::bench {
namespace {

constexpr int64_t kRows = 1'000'000, kDim = 16, kLookUps = 4096 * 26;

struct Table {
  Context context;
  Array<float> values = Array<float>(kRows * kDim), first = Array<float>(kRows * kDim, 0.0F),
               second = Array<float>(kRows * kDim, 0.0F);
  std::vector<uint32_t> ids;
  std::vector<float> weights, gradient, sums;
  int64_t step = 0;
  double look_up_seconds = 0, sum_seconds = 0, adam_seconds = 0;

  void take_step() {
    look_up_seconds = seconds_of([&] {
      const float* from = values.data();
      parallel_blocks(context, kLookUps, 1024, [&](int64_t begin, int64_t end) {
        constexpr int64_t kAhead = 16;
        for (int64_t i = begin; i < end; ++i) {
          __builtin_prefetch(from + ids[static_cast<size_t>(std::min(i + kAhead, kLookUps - 1))] * kDim);
          const float* row = from + ids[static_cast<size_t>(i)] * kDim;
          for (int64_t c = 0; c < kDim; ++c) {
            const auto at = static_cast<size_t>(i * kDim + c);
            gradient[at] = weights[at] + row[c];
          }
        }
      });
    });
    GroupedPlaces groups;
    sum_seconds = seconds_of([&] {
      groups = grouped_places(ids);
      sums.resize(groups.keys.size() * kDim);
      sum_groups(context, groups, gradient.data(), kDim, sums.data());
    });
    adam_seconds = seconds_of([&] {
      const AdamStep numbers = adam_step(1e-3, 0.9, 0.999, 1e-8, 0, ++step);
      float *p = values.mutable_data(), *m = first.mutable_data(), *v = second.mutable_data();
      parallel_blocks(context, groups.num_groups(), 1024, [&](int64_t begin, int64_t end) {
        const auto rows =
            std::span(groups.keys).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
        apply_adam_to_rows(numbers, rows, kDim, sums.data() + begin * kDim, p, m, v);
      });
    });
  }
};

template <class T>
void write_file(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file.flush()) fail(path, ": cannot be written");
}

void fill(Table& table) {
  RandomStream random(42, "table", 0);
  float* values = table.values.mutable_data();
  for (int64_t i = 0; i < kRows * kDim; ++i) values[i] = static_cast<float>(random.uniform() - 0.5);
  for (int64_t i = 0; i < kLookUps; ++i) {
    // Fields of all sizes: id = n u^3 repeats the first ones often, as features do.
    const double u = random.uniform();
    table.ids.push_back(static_cast<uint32_t>(static_cast<double>(kRows) * u * u * u));
  }
  table.gradient.resize(static_cast<size_t>(kLookUps * kDim));
  for (int64_t i = 0; i < kLookUps * kDim; ++i)
    table.weights.push_back(static_cast<float>(random.uniform() + 1));
}

Value steps(int count) {
  Value question = Value::object();
  question.set("question", "steps");
  question.set("count", count);
  return question;
}

void compare(PythonPeer& peer, const std::string& folder, Table& table) {
  constexpr int kSteps = 3;
  peer.ask(steps(kSteps));
  for (int i = 0; i < kSteps; ++i) table.take_step();
  Value question = Value::object();
  question.set("question", "table");
  peer.ask(question);
  std::ifstream file(folder + "/table_after.bin", std::ios::binary);
  std::vector<float> theirs(static_cast<size_t>(kRows * kDim));
  file.read(reinterpret_cast<char*>(theirs.data()), kRows * kDim * static_cast<int64_t>(sizeof(float)));
  double largest = 0;
  for (int64_t i = 0; i < kRows * kDim; ++i) {
    largest = std::max(largest, std::abs(double{table.values[i]} - theirs[static_cast<size_t>(i)]));
  }
  std::printf("  largest difference from the peer's table after %d steps: %.1e\n", kSteps, largest);
  if (!file || !(largest < 1e-5)) fail("not the same table");
}

int run(int num_pairs, int threads) {
  Table table;
  table.context.threads = threads;
  fill(table);
  const TemporaryFolder folder;
  write_file(folder.path() + "/table.bin", table.values.span());
  write_file(folder.path() + "/ids.bin", std::span<const uint32_t>(table.ids));
  write_file(folder.path() + "/weights.bin", std::span<const float>(table.weights));
  std::printf("a table of %lld x %lld, %lld look-ups, %d thread(s)\n", static_cast<long long>(kRows),
              static_cast<long long>(kDim), static_cast<long long>(kLookUps), threads);
  PythonPeer peer("table_step_bench_peer.py",
                  {folder.path(), std::to_string(kRows), std::to_string(kDim), std::to_string(kLookUps),
                   std::to_string(threads)},
                  {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"});
  const auto ours = [&] { return seconds_of([&] { table.take_step(); }); };
  double ratio = 2;
  if (peer.is_there()) {
    std::printf("  peer: %s\n", peer.versions().c_str());
    compare(peer, folder.path(), table);
    const Pairs pairs =
        run_pairs(num_pairs, ours, [&] { return peer.ask(steps(1)).at("seconds").as_real(); });
    std::printf("  a step: ours %.2f ms, SparseAdam %.1f ms, ratio %.1f (%.1f to %.1f)\n", pairs.ours * 1e3,
                pairs.peer * 1e3, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
    ratio = pairs.ratio;
  } else {
    std::printf("  no Python with torch (WHITNEY_BENCH_PYTHON): ours alone, %.2f ms\n", ours() * 1e3);
  }
  std::printf("  look-up and gradient %.2f ms, sums of rows %.2f ms, Adam %.2f ms\n",
              table.look_up_seconds * 1e3, table.sum_seconds * 1e3, table.adam_seconds * 1e3);
  if (ratio < 2) std::printf("  NOT HELD: at least 2 times\n");
  return ratio < 2 ? 1 : 0;
}

}  // namespace
}  // namespace whitney::bench

int main(int count, char** words) {
  try {
    int num_pairs = 5, threads = 1;
    whitney::bench::ArgumentReader reader(count, words);
    reader.take("--pairs", num_pairs);
    reader.take("--threads", threads);
    reader.finish();
    return whitney::bench::run(num_pairs, threads);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "table_step_bench: %s\n", error.what());
    return 1;
  }
}
