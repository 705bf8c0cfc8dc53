// Claim: an epoch of NGCF (three layers, norm adjacency) on gowalla takes at most a quarter of what its
// authors' algorithm takes in PyTorch with torch.sparse's COO, and 1 / 1.3 of it with MKL's CSR product. The
// same graph, parameters and triples, float32, d 64, B 2,048; loss and gradients are compared first, without
// dropout. Steps with message dropout 0.1 and Adam are timed in turns; an epoch has nnz / B of them. Beside
// it: seconds an epoch of MF, NGCF-3 and LightGCN-3 at equal d and B (the paper: 20 s of MF against 80 s of
// NGCF), and the sparse products' share of a step.
//
//   ngcf_bench [--pairs 5] [--steps 3] [--threads 1] [--batch 2048] [--data gowalla]

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "bench/arguments.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/recommender_data.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/adam.h"
#include "whitney/recommend/lightgcn_model.h"
#include "whitney/recommend/mf_bpr_run.h"
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

  double gradients() {
    objective_.parameters().clear_gradients();
    const nn::BatchPlace place{.step = step_, .batch = 0, .num_in_step = std::ssize(batch_)};
    return nn::add_gradients(objective_, batch_, place, 4, context_);
  }
  void take_step() {
    gradients();
    optimizer_->step(objective_.parameters(), step_++, context_);
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

/// Loss and gradients of the peer and ours; throws where they differ.
void compare(PythonPeer& peer, const std::string& folder, const char* layout, Training& training) {
  const double theirs = peer.ask(question_of("gradient", layout)).at("loss").as_real();
  const double ours = training.gradients();
  std::ifstream file(folder + "/gradients.bin", std::ios::binary);
  // Of the whole gradient: of late layers what is left of sums over all nodes that nearly cancel has few
  // digits.
  double difference = 0, squares = 0;
  for (const nn::Parameter& parameter : training.objective().parameters().all()) {
    torch::Tensor their = torch::empty(parameter.tensor.sizes(), torch::kFloat32);
    file.read(reinterpret_cast<char*>(their.mutable_data_ptr<float>()),
              their.numel() * static_cast<int64_t>(sizeof(float)));
    difference += (parameter.tensor.grad() - their).square().sum().item<double>();
    squares += their.square().sum().item<double>();
  }
  const double apart = std::sqrt(difference / squares);
  std::printf("  %s: loss %.7f, ours %.7f; gradients apart by %.1e of their length\n", layout, theirs, ours,
              apart);
  if (!file || std::abs(ours - theirs) > 1e-5 * theirs || apart > 1e-5)
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

/// Of a step: two whole products forwards and two back, and those of the batch's rows.
void tell_costs(const Interactions& train, Training& training, const Arguments& arguments) {
  const double steps = std::ceil(static_cast<double>(train.size()) / arguments.batch);
  std::vector<double> step, product;
  const SparseMatrix& matrix = training.objective().graph().matrix;
  const Matrix vectors = Matrix::zeros(matrix.rows(), kDim);
  Matrix out(matrix.rows(), kDim);
  for (int i = 0; i < 5; ++i) {
    step.push_back(seconds_of([&] { training.take_step(); }));
    product.push_back(seconds_of(
        [&] { multiply_sparse(training.context(), matrix.view(), {}, vectors, out.mutable_data<float>()); }));
  }
  const double ngcf = median(step), whole = median(product);
  const double mf_adam = lightgcn_step(train, 0, arguments), lightgcn = lightgcn_step(train, 3, arguments),
               mf = mf_epoch(train, training.context());
  std::printf(
      "  seconds an epoch: mf_bpr %.2f, MF by Adam %.1f, NGCF-3 %.1f, LightGCN-3 %.1f; 1 : %.1f : %.1f by "
      "Adam\n",
      mf, steps * mf_adam, steps * ngcf, steps * lightgcn, ngcf / mf_adam, lightgcn / mf_adam);
  std::printf("  a step of NGCF-3 %.0f ms; a whole sparse product %.1f ms, four of them %.0f %% of it\n",
              1e3 * ngcf, 1e3 * whole, 400 * whole / ngcf);
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
    for (const char* layout : {"coo", "csr"}) compare(peer, folder.path(), layout, still);
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
