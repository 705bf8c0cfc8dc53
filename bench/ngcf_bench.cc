// Claim: an epoch of NGCF (three layers, norm adjacency) on gowalla takes at most a quarter of what its
// authors' algorithm takes in PyTorch with torch.sparse's COO, and 1 / 1.3 of it with MKL's CSR product. The
// same graph, parameters and triples, float32, d 64, B 2,048; loss and gradients are compared first, without
// dropout, and both with those in float64. Steps with message dropout 0.1 and Adam are timed in turns; an
// epoch has nnz / B of them. Beside it: seconds an epoch of MF, NGCF-3 and LightGCN-3 at equal d and B (the
// paper: 20 s of MF against 80 s of NGCF), the shares of sparse products, dense layers and Adam in a step,
// and what these reach of the machine's limits. The allocator keeps freed arrays, as in the command line's
// training.
//
//   ngcf_bench [--pairs 5] [--steps 3] [--threads 1] [--batch 2048] [--data gowalla]

#include <malloc.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/arguments.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/recommender_data.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/adam.h"
#include "whitney/recommend/lightgcn_model.h"
#include "whitney/recommend/mf_bpr_run.h"
#include "whitney/recommend/ngcf_layer.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/sharded_gradients.h"
#include "whitney/train/recsys/ngcf_objective.h"

namespace whitney::bench {
namespace {

struct Arguments {
  int num_pairs = 5, steps = 3, threads = 1, batch = 2048;
  std::string data = "gowalla";
};

constexpr int64_t kDim = 64;

recsys::NgcfOptions options_of(double dropout) {
  recsys::NgcfOptions options;
  options.message_dropout = dropout;
  return options;
}

/// Our step: gradients in four shards, Adam.
class Training {
 public:
  Training(const Interactions& train, double dropout, const Arguments& arguments)
      : objective_(train, {}, options_of(dropout), 42, torch::kFloat32), optimizer_(nn::make_optimizer({})) {
    context_.threads = arguments.threads;
    objective_.begin_epoch(0, context_);
    for (int64_t i = 0; i < arguments.batch; ++i) batch_.push_back(i);
  }
  const recsys::NgcfObjective& objective() const { return objective_; }
  const Context& context() const { return context_; }
  std::span<const int64_t> batch() const { return batch_; }

  double gradients() {
    objective_.parameters().clear_gradients();
    const nn::BatchPlace place{.step = step_, .batch = 0, .num_in_step = std::ssize(batch_)};
    return nn::add_gradients(objective_, batch_, place, 4, context_);
  }
  void update() { optimizer_->step(objective_.parameters(), step_++, context_); }
  void take_step() {
    gradients();
    update();
  }

 private:
  recsys::NgcfObjective objective_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  Context context_;
  std::vector<int64_t> batch_;
  int64_t step_ = 0;
};

template <class T>
void append(std::ofstream& file, const T* values, int64_t count) {
  file.write(reinterpret_cast<const char*>(values), count * static_cast<int64_t>(sizeof(T)));
}

void write_problem(const std::string& folder, const recsys::NgcfObjective& objective,
                   const recommend::BprTriples& triples) {
  const auto open = [&](const char* name) { return std::ofstream(folder + "/" + name, std::ios::binary); };
  const SparseMatrix& matrix = objective.graph().matrix;
  std::ofstream offsets = open("offsets.bin"), columns = open("columns.bin"), weights = open("weights.bin"),
                parameters = open("parameters.bin"), nodes = open("triples.bin");
  append(offsets, matrix.offsets.data(), std::ssize(matrix.offsets));
  append(columns, matrix.columns.data(), std::ssize(matrix.columns));
  append(weights, matrix.weights.data(), std::ssize(matrix.weights));
  for (const nn::Parameter& parameter : objective.parameters().all())
    append(parameters, parameter.tensor.contiguous().const_data_ptr<float>(), parameter.tensor.numel());
  const recommend::InteractionGraph& graph = objective.graph();
  for (const uint32_t user : triples.users) {
    const uint32_t node = graph.place_of_user(user);
    append(nodes, &node, 1);
  }
  for (const auto* items : {&triples.positives, &triples.negatives}) {
    for (const uint32_t item : *items) {
      const uint32_t node = graph.place_of_item(item);
      append(nodes, &node, 1);
    }
  }
  for (std::ofstream* file : {&offsets, &columns, &weights, &parameters, &nodes}) {
    if (!file->flush()) fail(folder, ": cannot be written");
  }
}

Value question_of(const char* question, const char* layout) {
  Value value = Value::object();
  value.set("question", question).set("layout", layout);
  return value;
}

/// The gradients of the same parameters and triples in float64.
std::vector<torch::Tensor> exact_gradients(const Interactions& train, const Training& training,
                                           std::span<const int64_t> batch) {
  recsys::NgcfObjective exact(train, {}, options_of(0), 42, torch::kFloat64);
  std::vector<nn::NamedTensor> values;
  for (const nn::Parameter& parameter : training.objective().parameters().all()) {
    values.push_back({parameter.name, parameter.tensor.detach()});
  }
  nn::copy_into(exact.parameters(), values, "ngcf_bench");
  exact.begin_epoch(0, training.context());
  nn::add_gradients(exact, batch, {.num_in_step = std::ssize(batch)}, 4, training.context());
  std::vector<torch::Tensor> gradients;
  for (const nn::Parameter& parameter : exact.parameters().all()) {
    gradients.push_back(parameter.tensor.grad());
  }
  return gradients;
}

/// Loss and gradients of the peer and ours; throws where they differ.
void compare(PythonPeer& peer, const std::string& folder, const char* layout, Training& training,
             const std::vector<torch::Tensor>& exact) {
  const double theirs = peer.ask(question_of("gradient", layout)).at("loss").as_real();
  const double ours = training.gradients();
  std::ifstream file(folder + "/gradients.bin", std::ios::binary);
  // Of the whole gradient: of late layers what is left of sums over all nodes that nearly cancel has few
  // digits.
  double squares = 0, of_ours = 0, of_theirs = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    torch::Tensor their = torch::empty(exact[i].sizes(), torch::kFloat32);
    file.read(reinterpret_cast<char*>(their.mutable_data_ptr<float>()),
              their.numel() * static_cast<int64_t>(sizeof(float)));
    squares += exact[i].square().sum().item<double>();
    of_ours +=
        (training.objective().parameters().all()[i].tensor.grad() - exact[i]).square().sum().item<double>();
    of_theirs += (their - exact[i]).square().sum().item<double>();
  }
  std::printf(
      "  %s: loss %.7f, ours %.7f; gradients apart from float64's by %.1e of their length, ours by %.1e\n",
      layout, theirs, ours, std::sqrt(of_theirs / squares), std::sqrt(of_ours / squares));
  if (!file || std::abs(ours - theirs) > 1e-5 * theirs || of_theirs > 1e-8 * squares ||
      of_ours > 2 * of_theirs)
    fail("not the same loss and gradients");
}

/// Seconds of LightGCN's step with Adam, of so many layers.
double lightgcn_step(const Interactions& train, int layers, const Arguments& arguments) {
  Context context;
  context.threads = arguments.threads;
  recommend::LightGcnModel model(train, kDim, layers, 0.1, 42);
  const auto triples = recommend::BprSampler(train, 42).sample(0, arguments.batch, context);
  const int64_t nodes = model.graph().num_nodes();
  Matrix gradient(nodes, kDim), first = Matrix::zeros(nodes, kDim), second = Matrix::zeros(nodes, kDim);
  std::vector<double> seconds;
  for (int64_t step = 1; step <= 5; ++step) {
    seconds.push_back(seconds_of([&] {
      model.loss_and_gradient(triples, 1e-4, gradient, context);
      const AdamStep numbers = adam_step(1e-3, 0.9, 0.999, 1e-8, 0, step);
      parallel_blocks(context, nodes * kDim, 1 << 14, [&](int64_t begin, int64_t end) {
        apply_adam(numbers, end - begin, gradient.row<float>(0).data() + begin,
                   model.mutable_vectors() + begin, first.mutable_data<float>() + begin,
                   second.mutable_data<float>() + begin);
      });
    }));
  }
  return median(seconds);
}

double mf_epoch(const Interactions& train, const Context& context) {
  const recommend::MfBprOptions options;
  recommend::MfBprRun run(train, options, context);
  std::vector<double> seconds;
  for (int i = 0; i < 4; ++i) seconds.push_back(seconds_of([&] { run.run_epoch(); }));
  return median(seconds);
}

/// Seconds that all nodes take through the dense part of a layer forwards, and back.
std::pair<double, double> dense_layer(const Training& training) {
  const int64_t nodes = training.objective().graph().num_nodes(), values = nodes * kDim;
  const nn::Parameters& parameters = training.objective().parameters();
  const auto at = [&](const char* name) { return parameters.at(name).const_data_ptr<float>(); };
  const torch::Tensor turned1 = parameters.at("weights1.1").detach().t().contiguous(),
                      turned2 = parameters.at("weights2.1").detach().t().contiguous();
  recommend::NgcfBlock<float> block({.before = kDim,
                                     .after = kDim,
                                     .weights1 = at("weights1.1"),
                                     .weights2 = at("weights2.1"),
                                     .turned1 = turned1.const_data_ptr<float>(),
                                     .turned2 = turned2.const_data_ptr<float>(),
                                     .bias1 = at("bias1.1"),
                                     .bias2 = at("bias2.1"),
                                     .keep = 0.9});
  const float* own = at("vectors");
  std::vector<float> sums(own, own + values), out(sums), of_sums(sums), gradient(2 * kDim * (kDim + 1));
  std::vector<uint8_t> codes(sums.size());
  const int64_t rows = block.most_rows(kDim, kDim);
  const auto each_block = [&](const auto& body) {
    for (int64_t row = 0; row < nodes; row += rows) {
      const int64_t first = row * kDim, count = std::min(rows, nodes - row);
      body(first, recommend::NgcfRows<float>{.rows = count,
                                             .next_rows = std::min(count, nodes - row - count),
                                             .sums = sums.data() + first,
                                             .own = own + first,
                                             .codes = codes.data() + first});
    }
  };
  std::vector<double> forwards, backwards;
  for (int i = 0; i < 5; ++i) {
    forwards.push_back(seconds_of([&] {
      each_block([&](int64_t first, const auto& in) {
        recommend::draw_left_out(42, "ngcf_bench", first, in.rows * kDim, 0.9, codes.data() + first);
        block.forward(in, out.data() + first);
      });
    }));
    backwards.push_back(seconds_of([&] {
      float* weights = gradient.data();
      each_block([&](int64_t first, const auto& in) {
        block.backward(
            in, out.data() + first, of_sums.data() + first, sums.data() + first,
            {weights, weights + kDim * kDim, weights + 2 * kDim * kDim, weights + kDim * (2 * kDim + 1)});
      });
    }));
    sums.assign(own, own + values);
  }
  return {median(forwards), median(backwards)};
}

/// Of a step: two whole products forwards and two back, two dense layers, and those of the batch's rows.
void tell_costs(const Interactions& train, Training& training, const Arguments& arguments) {
  const double steps = std::ceil(static_cast<double>(train.size()) / arguments.batch);
  std::vector<double> gradients, update, product;
  const SparseMatrix& matrix = training.objective().graph().matrix;
  const Matrix vectors = Matrix::zeros(matrix.rows(), kDim);
  Matrix out(matrix.rows(), kDim);
  for (int i = 0; i < 9; ++i) {
    gradients.push_back(seconds_of([&] { training.gradients(); }));
    update.push_back(seconds_of([&] { training.update(); }));
    product.push_back(seconds_of(
        [&] { multiply_sparse(training.context(), matrix.view(), {}, vectors, out.mutable_data<float>()); }));
  }
  const double adam = median(update), ngcf = median(gradients) + adam, whole = median(product);
  const auto [forwards, backwards] = dense_layer(training);
  const double mf_adam = lightgcn_step(train, 0, arguments), lightgcn = lightgcn_step(train, 3, arguments),
               mf = mf_epoch(train, training.context());
  std::printf(
      "  seconds an epoch: mf_bpr %.2f, MF by Adam %.1f, NGCF-3 %.1f, LightGCN-3 %.1f; 1 : %.1f : %.1f by "
      "Adam\n",
      mf, steps * mf_adam, steps * ngcf, steps * lightgcn, ngcf / mf_adam, lightgcn / mf_adam);
  const auto percent = [&](double seconds) { return 100 * seconds / ngcf; };
  std::printf(
      "  a step of NGCF-3 %.0f ms; a whole sparse product %.1f ms, four of them %.0f %% of it; two dense "
      "layers "
      "forwards %.1f and back %.1f ms, %.0f %%; Adam %.1f ms, %.0f %%\n",
      1e3 * ngcf, 1e3 * whole, percent(4 * whole), 2e3 * forwards, 2e3 * backwards,
      percent(2 * (forwards + backwards)), 1e3 * adam, percent(adam));
  const double map = 2e-9 * static_cast<double>(matrix.rows() * kDim * kDim),
               read = 4e-9 * static_cast<double>((std::ssize(matrix.columns) + matrix.rows()) * kDim);
  std::printf(
      "  of the maps forwards %.0f GFLOP/s, back %.0f, the processor's limit %.0f; of a sparse product %.0f "
      "GB/s of rows, reading memory %.0f, the second-level cache %.0f\n",
      2 * map / forwards, 4 * map / backwards, 1e-9 * peak_flops(), read / whole, 1e-9 * read_bandwidth(1),
      1e-9 * cached_read_bandwidth(1 << 20));
}

bool race(const Interactions& train, const Arguments& arguments) {
  Training still(train, 0, arguments), training(train, 0.1, arguments);
  const double steps_an_epoch = std::ceil(static_cast<double>(train.size()) / arguments.batch);
  std::printf("%s: %lld users, %lld items, %lld events; d 64, 3 layers, B %d, %d thread(s)\n",
              arguments.data.c_str(), static_cast<long long>(train.num_users()),
              static_cast<long long>(train.num_items()), static_cast<long long>(train.size()),
              arguments.batch, arguments.threads);
  const TemporaryFolder folder;
  write_problem(folder.path(), still.objective(),
                recommend::BprSampler(train, 42).sample(0, arguments.batch, still.context()));
  PythonPeer peer("ngcf_bench_peer.py",
                  {folder.path(), std::to_string(still.objective().graph().num_nodes()), std::to_string(kDim),
                   "3", std::to_string(arguments.batch), "1e-5", std::to_string(arguments.threads)},
                  {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"});
  bool holds = true;
  if (!peer.is_there()) {
    std::printf("  no Python with torch (WHITNEY_BENCH_PYTHON): ours alone\n");
  } else {
    std::printf("  peer: %s\n", peer.versions().c_str());
    const std::vector<torch::Tensor> exact = exact_gradients(train, still, still.batch());
    for (const char* layout : {"coo", "csr"}) compare(peer, folder.path(), layout, still, exact);
    for (const auto& [layout, least] : {std::pair{"coo", 4.0}, std::pair{"csr", 1.3}}) {
      Value question = question_of("steps", layout);
      question.set("count", arguments.steps);
      const auto ours = [&] {
        return seconds_of([&] {
          for (int i = 0; i < arguments.steps; ++i) training.take_step();
        });
      };
      const Pairs pairs =
          run_pairs(arguments.num_pairs, ours, [&] { return peer.ask(question).at("seconds").as_real(); });
      const double epoch = steps_an_epoch / arguments.steps;
      std::printf("  an epoch: ours %.1f s, %s %.1f s, ratio %.2f (%.2f to %.2f)\n", pairs.ours * epoch,
                  layout, pairs.peer * epoch, pairs.ratio, pairs.lowest_ratio, pairs.highest_ratio);
      if (arguments.data == "gowalla" && pairs.ratio < least) {
        std::printf("  NOT HELD: at least %.1f times\n", least);
        holds = false;
      }
    }
  }
  tell_costs(train, training, arguments);
  return holds;
}

int run(int count, char** words) {
  Arguments arguments;
  ArgumentReader reader(count, words);
  reader.take("--pairs", arguments.num_pairs);
  reader.take("--steps", arguments.steps);
  reader.take("--threads", arguments.threads);
  reader.take("--batch", arguments.batch);
  reader.take("--data", arguments.data);
  reader.finish();
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  const auto data = read_event_split(arguments.data);
  return !data || race(data->train, arguments) ? 0 : 1;
}

}  // namespace
}  // namespace whitney::bench

int main(int count, char** words) {
  try {
    return whitney::bench::run(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ngcf_bench: %s\n", error.what());
    return 1;
  }
}
