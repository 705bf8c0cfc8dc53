// Claim: an epoch of LightGCN on gowalla takes at most a quarter of what its authors' algorithm takes in
// PyTorch with torch.sparse's COO, and 1 / 1.3 of it with MKL's CSR product. The same graph, vectors and
// triples, float32, d 64, K 3, B 2,048; loss and gradient are compared first. Steps with Adam are timed in
// turns; an epoch has nnz / B of them. Beside it: each part's share of a step, and the product's bytes (a row
// of vectors an entry, the matrix and the result once) beside what a core reads from its caches.
//
//   lightgcn_bench [--pairs 5] [--steps 3] [--threads 1] [--data gowalla] [--train 0] [--seconds 600] [--run
//   FILE]
//
// --train E runs up to E epochs from the checkpoint FILE, as long as --seconds allow, and tells recall@20 and
// ndcg@20 of the test set for the best look at the held-out tenth.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "bench/arguments.h"
#include "bench/data_folder.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/interactions_reader.h"
#include "whitney/eval/ranking_quality.h"
#include "whitney/linalg/adam.h"
#include "whitney/recommend/lightgcn.h"
#include "whitney/recommend/recommender.h"

namespace whitney::bench {
namespace {

using recommend::BprSampler;
using recommend::BprTriples;
using recommend::InteractionGraph;
using recommend::LightGcnModel;
using recommend::LightGcnOptions;
using recommend::LightGcnRun;

struct Arguments {
  int num_pairs = 5, steps = 3, threads = 1, train = 0, seconds = 600, layers = 3;
  double learning_rate = 1e-3, regularization = 1e-4;
  std::string data = "gowalla", run;
};

constexpr int64_t kDim = 64, kBatch = 2048;
constexpr double kRegularization = 1e-4;

std::optional<std::vector<Interactions>> read_data(const std::string& name) {
  const std::optional<std::string> folder = find_data(name);
  if (!folder) return std::nullopt;
  const bool is_list = std::filesystem::exists(*folder + "/train.txt.gz");
  return read_interactions({*folder + (is_list ? "/train.txt.gz" : "/data1.txt.gz"),
                            *folder + (is_list ? "/test.txt.gz" : "/test1.txt.gz")},
                           {}, {});
}

template <class T>
void write_file(const std::string& path, const T* values, int64_t count) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values), count * static_cast<int64_t>(sizeof(T)));
  if (!file.flush()) fail(path, ": cannot be written");
}

/// Our step: loss, gradient, Adam.
struct Training {
  LightGcnModel model;
  BprTriples triples;
  Context context;
  Matrix gradient, first, second;
  int64_t step = 0;

  void adam() {
    const AdamStep numbers = adam_step(1e-3, 0.9, 0.999, 1e-8, 0, ++step);
    const auto* g = gradient.row<float>(0).data();
    float *p = model.mutable_vectors(), *m = first.mutable_data<float>(), *v = second.mutable_data<float>();
    parallel_blocks(context, gradient.rows() * kDim, 1 << 14, [&](int64_t begin, int64_t end) {
      apply_adam(numbers, end - begin, g + begin, p + begin, m + begin, v + begin);
    });
  }
  void take_step() {
    model.loss_and_gradient(triples, kRegularization, gradient, context);
    adam();
  }
};

void write_problem(const std::string& folder, const Training& training) {
  const SparseMatrix& matrix = training.model.graph().matrix;
  write_file(folder + "/offsets.bin", matrix.offsets.data(), std::ssize(matrix.offsets));
  write_file(folder + "/columns.bin", matrix.columns.data(), std::ssize(matrix.columns));
  write_file(folder + "/weights.bin", matrix.weights.data(), std::ssize(matrix.weights));
  write_file(folder + "/vectors.bin", training.model.vectors().row<float>(0).data(),
             training.model.vectors().rows() * kDim);
  std::vector<uint32_t> nodes;
  const InteractionGraph& graph = training.model.graph();
  for (const uint32_t user : training.triples.users) nodes.push_back(graph.place_of_user(user));
  for (const uint32_t item : training.triples.positives) nodes.push_back(graph.place_of_item(item));
  for (const uint32_t item : training.triples.negatives) nodes.push_back(graph.place_of_item(item));
  write_file(folder + "/triples.bin", nodes.data(), std::ssize(nodes));
}

/// Loss and gradient of the peer and ours; throws where they differ.
void compare(PythonPeer& peer, const std::string& folder, const char* layout, Training& training) {
  Value question = Value::object();
  question.set("question", "gradient");
  question.set("layout", layout);
  const double theirs = peer.ask(question).at("loss").as_real();
  const double ours = training.model.loss_and_gradient(training.triples, kRegularization, training.gradient,
                                                       training.context);
  std::ifstream file(folder + "/gradient.bin", std::ios::binary);
  std::vector<float> row(kDim);
  double difference = 0, squares = 0;
  for (int64_t i = 0; i < training.gradient.rows(); ++i) {
    file.read(reinterpret_cast<char*>(row.data()), kDim * static_cast<int64_t>(sizeof(float)));
    const auto mine = training.gradient.row<float>(i);
    for (size_t c = 0; c < row.size(); ++c) {
      difference += (double{mine[c]} - row[c]) * (double{mine[c]} - row[c]);
      squares += double{row[c]} * row[c];
    }
  }
  const double apart = std::sqrt(difference / squares);
  std::printf("  %s: loss %.7f, ours %.7f; gradients apart by %.1e of their length\n", layout, theirs, ours,
              apart);
  if (!file || std::abs(ours - theirs) > 1e-5 * theirs || apart > 1e-5)
    fail("not the same loss and gradient");
}

void tell_shares(Training& training, double step_seconds) {
  const SparseMatrix& matrix = training.model.graph().matrix;
  Matrix out(matrix.rows(), kDim);
  std::vector<double> product, adam;
  for (int i = 0; i < 5; ++i) {
    product.push_back(seconds_of([&] {
      multiply_sparse(training.context, matrix.view(), {}, training.model.vectors(),
                      out.mutable_data<float>());
    }));
    adam.push_back(seconds_of([&] { training.adam(); }));
  }
  const auto entries = static_cast<double>(matrix.columns.size()), rows = static_cast<double>(matrix.rows());
  const double bytes = entries * (kDim * 4 + 8) + rows * (kDim * 4 + 8);
  const double seconds = median(product);
  std::printf(
      "  a whole product %.2f ms (%.1f GB/s; a core reads 1 MiB at %.1f, 16 MiB at %.1f GB/s), four of them "
      "%.0f %% "
      "of a step; Adam %.2f ms, %.0f %%\n",
      seconds * 1e3, bytes / seconds / 1e9, cached_read_bandwidth(1 << 20) / 1e9,
      cached_read_bandwidth(1 << 24) / 1e9, 400 * seconds / step_seconds, median(adam) * 1e3,
      100 * median(adam) / step_seconds);
}

bool race(const Interactions& train, const Arguments& arguments) {
  Context context;
  context.threads = arguments.threads;
  Training training{LightGcnModel(train, kDim, 3, 0.1, 42),
                    BprSampler(train, 42).sample(0, kBatch, context),
                    context,
                    {},
                    {},
                    {}};
  const int64_t nodes = training.model.graph().num_nodes();
  training.gradient = Matrix(nodes, kDim);
  training.first = Matrix::zeros(nodes, kDim);
  training.second = Matrix::zeros(nodes, kDim);
  const double steps_an_epoch = std::ceil(static_cast<double>(train.size()) / kBatch);
  std::printf("%s: %lld users, %lld items, %lld events; d 64, K 3, B 2048, %d thread(s)\n",
              arguments.data.c_str(), static_cast<long long>(train.num_users()),
              static_cast<long long>(train.num_items()), static_cast<long long>(train.size()),
              arguments.threads);
  const auto ours = [&] {
    return seconds_of([&] {
             for (int i = 0; i < arguments.steps; ++i) training.take_step();
           }) /
           arguments.steps;
  };
  const TemporaryFolder folder;
  write_problem(folder.path(), training);
  PythonPeer peer("lightgcn_bench_peer.py",
                  {folder.path(), std::to_string(nodes), std::to_string(kDim), "3", std::to_string(kBatch),
                   "1e-4", std::to_string(arguments.threads)},
                  {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"});
  if (!peer.is_there()) {
    ours();
    const double seconds = ours();
    std::printf("  no Python with torch (WHITNEY_BENCH_PYTHON): ours alone, %.1f s an epoch\n",
                seconds * steps_an_epoch);
    tell_shares(training, seconds);
    return true;
  }
  std::printf("  peer: %s\n", peer.versions().c_str());
  bool holds = true;
  double step_seconds = 0;
  for (const char* layout : {"coo", "csr"}) compare(peer, folder.path(), layout, training);
  for (const auto& [layout, least] : {std::pair{"coo", 4.0}, std::pair{"csr", 1.3}}) {
    Value question = Value::object();
    question.set("question", "steps");
    question.set("layout", layout);
    question.set("count", arguments.steps);
    const Pairs pairs = run_pairs(arguments.num_pairs, ours, [&] {
      return peer.ask(question).at("seconds").as_real() / arguments.steps;
    });
    step_seconds = pairs.ours;
    std::printf("  an epoch: ours %.1f s, %s %.1f s, ratio %.2f (%.2f to %.2f)\n",
                pairs.ours * steps_an_epoch, layout, pairs.peer * steps_an_epoch, pairs.ratio,
                pairs.lowest_ratio, pairs.highest_ratio);
    if (arguments.data == "gowalla" && pairs.ratio < least) {
      std::printf("  NOT HELD: at least %.1f times\n", least);
      holds = false;
    }
  }
  tell_shares(training, step_seconds);
  return holds;
}

void train_run(const std::vector<Interactions>& data, const Arguments& arguments) {
  Context context;
  context.threads = arguments.threads;
  LightGcnOptions options;
  options.epochs = arguments.train;
  options.layers = arguments.layers;
  options.learning_rate = arguments.learning_rate;
  options.regularization = arguments.regularization;
  LightGcnRun run(data[0], options, context);
  if (!arguments.run.empty() && std::filesystem::exists(arguments.run)) run.load(arguments.run);
  double spent = 0;
  while (!run.is_done() && spent < arguments.seconds) {
    spent += seconds_of([&] { run.run_epoch(context); });
    if (run.epoch() % options.evaluate_every != 0) continue;
    std::printf("  epoch %d: loss %.5f, recall@20 of the held-out tenth %.4f (best %.4f), %.0f s\n",
                run.epoch(), run.loss(), run.last_recall(), run.best_recall(), spent);
    std::fflush(stdout);
    if (!arguments.run.empty()) run.save(arguments.run, context);
  }
  Factors factors = run.factors(context);
  const auto recommender = recommend::factor_recommender(std::move(factors.users), std::move(factors.items));
  const Interactions* const seen[] = {data.data()};
  const auto quality = eval::full_ranking(*recommender, seen, data[1], 20, context);
  std::printf("  %s, epoch %d%s: test recall@20 %.4f, ndcg@20 %.4f\n", arguments.data.c_str(), run.epoch(),
              run.is_done() ? ", done" : "", eval::mean_of(quality.recall), eval::mean_of(quality.ndcg));
}

int run(int count, char** words) {
  Arguments arguments;
  ArgumentReader reader(count, words);
  reader.take("--pairs", arguments.num_pairs);
  reader.take("--steps", arguments.steps);
  reader.take("--threads", arguments.threads);
  reader.take("--data", arguments.data);
  reader.take("--train", arguments.train);
  reader.take("--seconds", arguments.seconds);
  reader.take("--layers", arguments.layers);
  reader.take("--learning-rate", arguments.learning_rate);
  reader.take("--regularization", arguments.regularization);
  reader.take("--run", arguments.run);
  reader.finish();
  const auto data = read_data(arguments.data);
  if (!data) return 0;
  if (arguments.train == 0) return race((*data)[0], arguments) ? 0 : 1;
  train_run(*data, arguments);
  return 0;
}

}  // namespace
}  // namespace whitney::bench

int main(int count, char** words) {
  try {
    return whitney::bench::run(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lightgcn_bench: %s\n", error.what());
    return 1;
  }
}
