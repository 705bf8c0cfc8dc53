#include "whitney/train/gnn/sdne.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/plug_in.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/train/gnn/sdne_objective.h"
#include "whitney/train/nn/device.h"
#include "whitney/train/nn/one_torch_thread.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::gnn {
namespace {

/// The rows that `rows_of` gives for nodes, of all nodes.
template <class RowsOf>
Matrix rows_of_all(int64_t num_nodes, const RowsOf& rows_of, const Context& context) {
  constexpr int64_t kBlock = 1024;
  const nn::OneTorchThread one;
  const torch::NoGradGuard no_gradients;
  const std::vector<int64_t> first = {0};
  Context here = context;  // a block is one thread's
  here.threads = 1;
  const int64_t width = rows_of(first, here).size(1);
  Matrix rows(num_nodes, width);
  float* out = rows.mutable_data<float>();
  parallel_blocks(context, num_nodes, kBlock, [&](int64_t begin, int64_t end) {
    nn::use_one_torch_thread();
    const torch::NoGradGuard no_gradients_here;
    std::vector<int64_t> nodes(static_cast<size_t>(end - begin));
    std::iota(nodes.begin(), nodes.end(), begin);
    const torch::Tensor block = rows_of(nodes, here).cpu().contiguous();
    std::memcpy(out + begin * width, block.data_ptr<float>(), block.nbytes());
  });
  return rows;
}

/// What evaluate reconstruction takes for the decoder: of undirected edges the mean of both directions. Of
/// directed ones the product alone, which ranks a node's targets as the rising activation of it does.
Embeddings decoder_of(const Graph& graph, const SDNEObjective& objective, const SDNEOptions& options,
                      const Context& context) {
  Matrix halves = rows_of_all(
      graph.num_nodes(),
      [&](const std::vector<int64_t>& nodes, const Context& here) {
        return objective.decoder_halves(nodes, here);
      },
      context);
  Embeddings result =
      graph::node_embeddings(graph, std::move(halves), Metric::kInnerProduct,
                             graph.directed ? "source_target" : "auto_encoder", "sdne", context);
  if (!graph.directed) result.record.set("activation", name_of_enum(options.activation));
  return result;
}

Embeddings vectors_of(const Graph& graph, const SDNEObjective& objective, const Context& context) {
  Matrix vectors = rows_of_all(
      graph.num_nodes(),
      [&](const std::vector<int64_t>& nodes, const Context& here) { return objective.encode(nodes, here); },
      context);
  return graph::node_embeddings(graph, std::move(vectors), Metric::kL2, "euclid", "sdne", context);
}

}  // namespace

Embeddings sdne(const Graph& graph, const SDNEOptions& options, const Context& context) {
  if (graph.num_nodes() == 0) fail("sdne: the graph has no nodes");
  const auto type =
      torch::TensorOptions().dtype(torch::kFloat32).device(nn::device_named(options.training.device));
  SDNEObjective objective(graph, options, context.seed, type);
  SDNEOptions own = options;
  own.rate = options.rate.resolved(options.training.epochs);
  const auto optimizer =
      nn::make_optimizer({.update = nn::Update::kAdamW,
                          .learning_rate = options.learning_rate,
                          .weight_decay = options.weight_decay},
                         schedule_of(own.rate, options.training.steps_per_epoch(objective.num_examples())));
  const nn::RunIdentity identity{
      .method = "sdne", .options = option_values(own), .seed = context.seed, .input = fingerprint(graph)};
  const nn::Trained trained = nn::train(objective, *optimizer, options.training, identity, context);
  Embeddings result = options.keep == SDNEKeep::kDecoder ? decoder_of(graph, objective, options, context)
                                                         : vectors_of(graph, objective, context);
  result.record.set("training", trained.to_value());
  return result;
}

namespace {

const bool provided = provide_function("sdne", sdne);

}  // namespace

}  // namespace whitney::gnn
