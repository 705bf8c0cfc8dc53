#include "whitney/train/gnn/sdne.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/plug_in.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/train/gnn/sdne_objective.h"
#include "whitney/train/nn/adam.h"
#include "whitney/train/nn/device.h"
#include "whitney/train/nn/one_torch_thread.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::gnn {
namespace {

Matrix vectors_of(const SDNEObjective& objective, int64_t num_nodes, int64_t dim, const Context& context) {
  constexpr int64_t kBlock = 1024;
  const nn::OneTorchThread one;
  Matrix vectors(num_nodes, dim);
  float* out = vectors.mutable_data<float>();
  parallel_blocks(context, num_nodes, kBlock, [&](int64_t begin, int64_t end) {
    nn::use_one_torch_thread();
    const torch::NoGradGuard no_gradients;
    std::vector<int64_t> nodes(static_cast<size_t>(end - begin));
    std::iota(nodes.begin(), nodes.end(), begin);
    const torch::Tensor block = objective.encode(nodes).cpu().contiguous();
    std::memcpy(out + begin * dim, block.data_ptr<float>(), block.nbytes());
  });
  return vectors;
}

}  // namespace

Embeddings sdne(const Graph& graph, const SDNEOptions& options, const Context& context) {
  if (graph.num_nodes() == 0) fail("sdne: the graph has no nodes");
  const auto type =
      torch::TensorOptions().dtype(torch::kFloat32).device(nn::device_named(options.training.device));
  SDNEObjective objective(graph, options, context.seed, type);
  nn::Adam optimizer({.learning_rate = options.learning_rate, .weight_decay = options.weight_decay});
  const nn::RunIdentity identity{
      .method = "sdne", .options = option_values(options), .seed = context.seed, .input = fingerprint(graph)};
  const nn::Trained trained = nn::train(objective, optimizer, options.training, identity, context);
  Embeddings result =
      graph::node_embeddings(graph, vectors_of(objective, graph.num_nodes(), options.dim, context),
                             Metric::kL2, "euclid", "sdne", context);
  result.record.set("training", trained.to_value());
  return result;
}

namespace {

const bool provided = provide_function("sdne", sdne);

}  // namespace

}  // namespace whitney::gnn
