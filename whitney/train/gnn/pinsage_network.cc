#include "whitney/train/gnn/pinsage_network.h"

#include <cmath>
#include <cstring>
#include <string>

#include "whitney/core/random.h"
#include "whitney/train/nn/unit_rows.h"

namespace whitney::gnn {
namespace {

/// Uniform in +- sqrt(6 / (rows + cols)) (Glorot, Bengio 2010), each row by (seed, name, row).
torch::Tensor xavier(int64_t rows, int64_t cols, uint64_t seed, const std::string& name) {
  torch::Tensor values = torch::empty({rows, cols}, torch::kFloat64);
  const double most = std::sqrt(6.0 / static_cast<double>(rows + cols));
  auto* out = values.mutable_data_ptr<double>();
  for (int64_t row = 0; row < rows; ++row) {
    RandomStream random(seed, "pinsage " + name, static_cast<uint64_t>(row));
    for (int64_t c = 0; c < cols; ++c) *out++ = most * (2 * random.uniform() - 1);
  }
  return values;
}

}  // namespace

torch::Tensor largest_of_rows(const SparseMatrix& rows, const torch::Tensor& values) {
  const auto count = static_cast<int64_t>(rows.columns.size());
  torch::Tensor places = torch::empty({count}, torch::kInt64), owners = torch::empty({count}, torch::kInt64);
  auto* place = places.mutable_data_ptr<int64_t>();
  auto* owner = owners.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < rows.rows(); ++row) {
    for (int64_t e = rows.offsets[static_cast<size_t>(row)]; e < rows.offsets[static_cast<size_t>(row) + 1];
         ++e) {
      *place++ = rows.columns[static_cast<size_t>(e)];
      *owner++ = row;
    }
  }
  const torch::Tensor all = values.index_select(0, places.to(values.device()));
  const torch::Tensor owned = owners.to(values.device()).unsqueeze(1).expand({count, values.size(1)});
  return torch::zeros({rows.rows(), values.size(1)}, values.options())
      .scatter_reduce(0, owned, all, "amax", /*include_self=*/true);
}

PinSageNetwork::PinSageNetwork(const infer::PinSageSettings& settings, uint64_t seed,
                               torch::TensorOptions type)
    : settings_(settings) {
  for (const auto& [name, rows, cols] : settings.shapes()) {
    const torch::Tensor values = name.ends_with(".bias") ? torch::zeros({rows, cols}, torch::kFloat64)
                                                         : xavier(rows, cols, seed, name);
    parameters_.add(name, values.to(type.dtype()).to(type.device()));
  }
}

torch::Tensor PinSageNetwork::convolve(int64_t k, const LocalGraph& graph, const torch::Tensor& before,
                                       const Context& context) const {
  const std::string layer = "convolve" + std::to_string(k);
  const nn::SparseOperator& neighborhoods = graph.neighborhoods[static_cast<size_t>(k - 1)];
  const torch::Tensor& neighbor = weight(layer + ".neighbor.weight");
  const torch::Tensor& own = weight(layer + ".weight");
  const int64_t inputs = neighbor.size(1), hidden = neighbor.size(0);
  // Split, not narrowed: the gradients of both parts are then joined, not added to zeros.
  const std::vector<torch::Tensor> own_parts = own.split_with_sizes({inputs, hidden}, 1);
  // Q and the part of W that meets h itself, side by side: one pass over the inputs.
  const torch::Tensor both = torch::cat({neighbor, own_parts[0]}).t();
  const torch::Tensor mapped =
      k == 1 ? graph.features.times(both.contiguous(), context) : torch::matmul(before, both);
  const std::vector<torch::Tensor> parts = mapped.split_with_sizes({hidden, own.size(0)}, 1);
  // In place where nothing that goes back needs what was there: a pass over memory less.
  const torch::Tensor projected = (parts[0] + weight(layer + ".neighbor.bias")).relu_();
  const torch::Tensor pooled = settings_.pooling == infer::NeighborPooling::kMax
                                   ? largest_of_rows(neighborhoods.matrix(), projected)
                                   : nn::sparse_product(neighborhoods, projected, context);
  torch::Tensor next = torch::addmm(parts[1].narrow(0, 0, neighborhoods.rows()), pooled, own_parts[1].t());
  return nn::unit_rows(next.add_(weight(layer + ".bias")).relu_(), context);
}

torch::Tensor PinSageNetwork::forward(const LocalGraph& graph, int64_t num_items,
                                      const Context& context) const {
  torch::Tensor h;
  for (int64_t k = 1; k <= settings_.layers; ++k) h = convolve(k, graph, h, context);
  const torch::Tensor first = weight("head1.weight").t();
  torch::Tensor z = settings_.layers == 0
                        ? graph.features.times(first.contiguous(), context).narrow(0, 0, num_items)
                        : torch::matmul(h.narrow(0, 0, num_items), first);
  z = torch::matmul((z + weight("head1.bias")).relu_(), weight("head2.weight").t());
  return settings_.normalize ? nn::unit_rows(z, context) : z;
}

ItemModel PinSageNetwork::model() const {
  ItemModel model;
  model.form = infer::kPinSageForm;
  model.settings = settings_.to_value();
  for (const nn::Parameter& parameter : parameters_.all()) {
    const torch::Tensor values = parameter.tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    Matrix copy(values.size(0), values.size(1));
    std::memcpy(copy.mutable_data<float>(), values.const_data_ptr<float>(), values.nbytes());
    model.weights.push_back({parameter.name, std::move(copy)});
  }
  return model;
}

}  // namespace whitney::gnn
