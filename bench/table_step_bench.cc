// Claim: a training step of an embedding table of 1,000,000 rows of 16, looked up 4,096 x 26 times, takes at
// most half of what torch.nn.Embedding(sparse=True) with SparseAdam takes: both by libtorch's autograd, ours
// with table_look_up and lazy_adam (gradients are far from 0, where epsilon would count: SparseAdam adds it
// to the root before the correction of bias). One thread. Tables after three steps are compared first. Beside
// it: what our kernels take of it alone, look-up with the gradient of a value, sums of the rows that came
// more than once, Adam on the rows of the batch. The allocator keeps freed arrays, as in the command line's
// training.
//
//   table_step_bench [--pairs 5] [--threads 1]

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
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
#include "whitney/train/nn/one_torch_thread.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/table_look_up.h"

namespace whitney::bench {
namespace {

constexpr int64_t kRows = 1'000'000, kDim = 16, kLookUps = 4096 * 26;

// What a step takes without autograd.
struct Kernels {
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

// The step that methods take.
class Training {
 public:
  explicit Training(Kernels& data)
      : context_(data.context),
        ids_(torch::empty({kLookUps}, torch::kInt64)),
        weights_(torch::from_blob(data.weights.data(), {kLookUps, kDim})),
        optimizer_(nn::make_optimizer({.update = nn::Update::kLazyAdam})) {
    std::ranges::copy(data.ids, ids_.mutable_data_ptr<int64_t>());
    table_ = parameters_.add("table", torch::from_blob(data.values.mutable_data(), {kRows, kDim}).clone());
  }
  void take_step() {
    const torch::Tensor values = nn::table_look_up(table_, ids_, context_);
    ((weights_ * values).sum() + values.square().sum() / 2).backward();
    optimizer_->step(parameters_, step_++, context_);
    parameters_.clear_gradients();
  }
  std::span<const float> table() const {
    return {table_.const_data_ptr<float>(), static_cast<size_t>(kRows * kDim)};
  }

 private:
  Context context_;
  torch::Tensor ids_, weights_, table_;
  nn::Parameters parameters_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  int64_t step_ = 0;
};

template <class T>
void write_file(const std::string& path, std::span<const T> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file.flush()) fail(path, ": cannot be written");
}

void fill(Kernels& table) {
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

void compare(PythonPeer& peer, const std::string& folder, Training& training) {
  constexpr int kSteps = 3;
  peer.ask(steps(kSteps));
  for (int i = 0; i < kSteps; ++i) training.take_step();
  Value question = Value::object();
  question.set("question", "table");
  peer.ask(question);
  std::ifstream file(folder + "/table_after.bin", std::ios::binary);
  std::vector<float> theirs(static_cast<size_t>(kRows * kDim));
  file.read(reinterpret_cast<char*>(theirs.data()), kRows * kDim * static_cast<int64_t>(sizeof(float)));
  double largest = 0;
  for (int64_t i = 0; i < kRows * kDim; ++i) {
    largest = std::max(
        largest, std::abs(double{training.table()[static_cast<size_t>(i)]} - theirs[static_cast<size_t>(i)]));
  }
  std::printf("  largest difference from the peer's table after %d steps: %.1e\n", kSteps, largest);
  if (!file || !(largest < 1e-5)) fail("not the same table");
}

int run(int num_pairs, int threads) {
  Kernels kernels;
  kernels.context.threads = threads;
  fill(kernels);
  const TemporaryFolder folder;
  write_file(folder.path() + "/table.bin", kernels.values.span());
  write_file(folder.path() + "/ids.bin", std::span<const uint32_t>(kernels.ids));
  write_file(folder.path() + "/weights.bin", std::span<const float>(kernels.weights));
  std::printf("a table of %lld x %lld, %lld look-ups, %d thread(s)\n", static_cast<long long>(kRows),
              static_cast<long long>(kDim), static_cast<long long>(kLookUps), threads);
  const nn::OneTorchThread one_torch_thread;
  Training training(kernels);
  PythonPeer peer("table_step_bench_peer.py",
                  {folder.path(), std::to_string(kRows), std::to_string(kDim), std::to_string(kLookUps),
                   std::to_string(threads)},
                  {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"});
  const auto ours = [&] { return seconds_of([&] { training.take_step(); }); };
  double ratio = 2;
  if (peer.is_there()) {
    std::printf("  peer: %s\n", peer.versions().c_str());
    compare(peer, folder.path(), training);
    const Pairs pairs =
        run_pairs(num_pairs, ours, [&] { return peer.ask(steps(1)).at("seconds").as_real(); });
    std::printf("  a step: ours %.2f ms, SparseAdam %.1f ms, ratio %.1f (%.1f to %.1f)\n", pairs.ours * 1e3,
                pairs.peer * 1e3, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
    ratio = pairs.ratio;
  } else {
    std::printf("  no Python with torch (WHITNEY_BENCH_PYTHON): ours alone, %.2f ms\n", ours() * 1e3);
  }
  for (int i = 0; i < 3; ++i) kernels.take_step();
  std::printf("  of it our kernels: look-up and gradient %.2f ms, sums of rows %.2f ms, Adam %.2f ms\n",
              kernels.look_up_seconds * 1e3, kernels.sum_seconds * 1e3, kernels.adam_seconds * 1e3);
  if (ratio < 2) std::printf("  NOT HELD: at least 2 times\n");
  return ratio < 2 ? 1 : 0;
}

}  // namespace
}  // namespace whitney::bench

int main(int count, char** words) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
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
