#include "whitney/infer/pinsage_model.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/core/parallel.h"

namespace whitney::infer {
namespace {

constexpr int64_t kBlockRows = 256;
/// More than any model that is trained has; what is made for each layer is paid for by its weights.
constexpr int64_t kMostLayers = 64, kMostWidth = int64_t{1} << 24;

int64_t int_in(const Value& value, std::string_view name, int64_t least, int64_t most) {
  const Value& member = value.at(name);
  if (!member.is_int() || member.as_int() < least || member.as_int() > most) {
    fail("its setting \"", name, "\" is ", member.to_json(), " (expected: a whole number from ", least,
         " to ", most, ")");
  }
  return member.as_int();
}

NeighborPooling pooling_named(const std::string& name) {
  const auto names = enum_names(NeighborPooling());
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    fail("its setting \"pooling\" is \"", name, "\" (expected: importance, mean or max)");
  return static_cast<NeighborPooling>(found - names.begin());
}

std::span<const float> bias_of(const ItemModel& model, const std::string& name, int64_t size) {
  return model.weights_of(name, 1, size).row<float>(0);
}

/// Length 1, but for rows that are 0.
void normalize_rows(const Context& context, Matrix& matrix) {
  const int64_t cols = matrix.cols();
  auto* values = matrix.mutable_data<float>();
  parallel_blocks(context, matrix.rows(), kBlockRows, [&](int64_t begin, int64_t end) {
    for (float* row = values + begin * cols; row != values + end * cols; row += cols) {
      double sum = 0;
      for (int64_t j = 0; j < cols; ++j) sum += static_cast<double>(row[j]) * row[j];
      if (sum == 0) continue;
      const double scale = 1 / std::sqrt(sum);
      for (int64_t j = 0; j < cols; ++j) row[j] = static_cast<float>(row[j] * scale);
    }
  });
}

Matrix multiplied(const Context& context, const DenseWeights& weights, const MatrixView& rows,
                  Epilogue epilogue) {
  Matrix out(rows.rows, weights.rows());
  weights.multiply(context, rows, out.mutable_data<float>(), weights.rows(), epilogue);
  return out;
}

}  // namespace

Value PinSageSettings::to_value() const {
  return Value::object({{"features", features},
                        {"layers", layers},
                        {"hidden", hidden},
                        {"dim", dim},
                        {"neighbors", visits.neighbors},
                        {"stop", visits.stop},
                        {"max_steps", visits.max_steps},
                        {"visits", visits.visits},
                        {"exact", exact},
                        {"seed", std::to_string(seed)},  // all 64 bits
                        {"pooling", name_of_enum(pooling)},
                        {"log_degree", log_degree},
                        {"normalize", normalize}});
}

PinSageSettings PinSageSettings::from_value(const Value& value) {
  constexpr int64_t kMost = int64_t{1} << 32;
  PinSageSettings settings;
  settings.features = int_in(value, "features", 1, kMostWidth);
  settings.layers = int_in(value, "layers", 0, kMostLayers);
  settings.hidden = int_in(value, "hidden", 1, kMostWidth);
  settings.dim = int_in(value, "dim", 1, kMostWidth);
  settings.visits.neighbors = int_in(value, "neighbors", 1, kMost);
  settings.visits.stop = value.at("stop").as_real();
  settings.visits.max_steps = int_in(value, "max_steps", 1, kMost);
  settings.visits.visits = int_in(value, "visits", 1, kMost);
  settings.exact = value.at("exact").as_bool();
  const std::string& seed = value.at("seed").as_string();
  if (seed.empty() || seed.size() > 20 || seed.find_first_not_of("0123456789") != std::string::npos)
    fail("its setting \"seed\" is \"", seed, "\" (expected: a whole number)");
  settings.seed = std::strtoull(seed.c_str(), nullptr, 10);
  settings.pooling = pooling_named(value.at("pooling").as_string());
  settings.log_degree = value.at("log_degree").as_bool();
  settings.normalize = value.at("normalize").as_bool();
  return settings;
}

std::vector<PinSageSettings::Shape> PinSageSettings::shapes() const {
  std::vector<Shape> shapes;
  int64_t before = inputs();
  for (int64_t k = 1; k <= layers; ++k) {
    const std::string layer = "convolve" + std::to_string(k);
    shapes.push_back({layer + ".neighbor.weight", hidden, before});
    shapes.push_back({layer + ".neighbor.bias", 1, hidden});
    shapes.push_back({layer + ".weight", dim, before + hidden});
    shapes.push_back({layer + ".bias", 1, dim});
    before = dim;
  }
  shapes.push_back({"head1.weight", dim, before});
  shapes.push_back({"head1.bias", 1, dim});
  shapes.push_back({"head2.weight", dim, dim});
  return shapes;
}

SparseMatrix pinsage_neighborhoods(const graph::ItemContexts& graph, const PinSageSettings& settings,
                                   const Context& context) {
  Context of_model = context;
  of_model.seed = settings.seed;
  SparseMatrix rows = settings.exact ? graph::truncated_page_rank(graph, settings.visits, of_model)
                                     : graph::visit_counts(graph, settings.visits, of_model);
  if (settings.pooling != NeighborPooling::kMean) return rows;
  for (size_t row = 0; row + 1 < rows.offsets.size(); ++row) {
    const int64_t begin = rows.offsets[row], count = rows.offsets[row + 1] - begin;
    std::fill_n(rows.weights.begin() + begin, count, 1.0F / static_cast<float>(count));
  }
  return rows;
}

std::vector<float> pinsage_degrees(const graph::ItemContexts& graph) {
  std::vector<float> degrees(static_cast<size_t>(graph.num_items()));
  const double most = std::log1p(static_cast<double>(std::max<int64_t>(graph.num_contexts(), 1)));
  for (size_t item = 0; item < degrees.size(); ++item) {
    const int64_t contexts = graph.contexts_of.offsets[item + 1] - graph.contexts_of.offsets[item];
    degrees[item] = static_cast<float>(std::log1p(static_cast<double>(contexts)) / most);
  }
  return degrees;
}

Matrix features_of_items(const Ids& items, const Embeddings& features, const Context& context) {
  Matrix rows(items.size(), features.dim());
  auto* out = rows.mutable_data<float>();
  for (int64_t item = 0; item < items.size(); ++item) {
    const std::string id = items.text(item);
    const std::optional<int64_t> row = features.ids.find(id);
    if (!row) {
      fail(features.path.empty() ? "the features" : features.path, ": item \"", id, "\" has no features",
           features.ids.did_you_mean(id), " (expected: a row for every item of the events)");
    }
    copy_row_as_float(features.vectors, *row, out + item * features.dim());
  }
  check_finite(rows, items, context);
  return rows;
}

PinSageModel::PinSageModel(const ItemModel& model) {
  if (model.form != kPinSageForm)
    fail("a model of the form \"", model.form, "\" is no PinSage (expected: ", kPinSageForm, ")");
  settings_ = PinSageSettings::from_value(model.settings);
  const int64_t hidden = settings_.hidden, dim = settings_.dim;
  int64_t before = settings_.inputs();
  for (int64_t k = 1; k <= settings_.layers; ++k) {
    const std::string layer = "convolve" + std::to_string(k);
    layers_.emplace_back(model.weights_of(layer + ".neighbor.weight", hidden, before),
                         bias_of(model, layer + ".neighbor.bias", hidden),
                         model.weights_of(layer + ".weight", dim, before + hidden),
                         bias_of(model, layer + ".bias", dim), settings_.pooling);
    before = dim;
  }
  head_.first =
      DenseWeights(model.weights_of("head1.weight", dim, before), bias_of(model, "head1.bias", dim));
  head_.second = DenseWeights(model.weights_of("head2.weight", dim, dim));
}

Matrix PinSageModel::embed(const MatrixView& features, const graph::ItemContexts& graph,
                           const Context& context) const {
  if (settings_.layers == 0) return embed(features, graph, SparseView(), context);
  return embed(features, graph, pinsage_neighborhoods(graph, settings_, context).view(), context);
}

Matrix PinSageModel::inputs(const MatrixView& features, std::span<const float> degrees,
                            const Context& context) const {
  if (features.cols != settings_.features) {
    fail("features have ", features.cols, " values, but the model was trained with ", settings_.features);
  }
  if (settings_.log_degree && std::ssize(degrees) != features.rows)
    fail("there are features of ", features.rows, " items, but degrees of ", degrees.size());
  Matrix rows(features.rows, settings_.inputs());
  auto* out = rows.mutable_data<float>();
  parallel_blocks(context, features.rows, kBlockRows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* to = out + row * settings_.inputs();
      copy_row_as_float(features, row, to);
      if (settings_.log_degree) to[settings_.features] = degrees[static_cast<size_t>(row)];
    }
  });
  return rows;
}

Matrix PinSageModel::finish(const MatrixView& h, const Context& context) const {
  Matrix vectors = multiplied(context, head_.second, multiplied(context, head_.first, h, Epilogue::kRelu),
                              Epilogue::kNone);
  if (settings_.normalize) normalize_rows(context, vectors);
  return vectors;
}

Matrix PinSageModel::embed(const MatrixView& features, const graph::ItemContexts& graph,
                           const SparseView& neighborhoods, const Context& context) const {
  if (features.rows != graph.num_items())
    fail("there are features of ", features.rows, " items, but the graph has ", graph.num_items());
  const std::vector<float> degrees = settings_.log_degree ? pinsage_degrees(graph) : std::vector<float>();
  Matrix h = inputs(features, degrees, context);
  if (!layers_.empty()) h = convolve_all(context, layers_, nullptr, neighborhoods, h);
  return finish(h, context);
}

Embeddings PinSageModel::embed(const Ids& ids, const MatrixView& features, const graph::ItemContexts& graph,
                               const Context& context) const {
  if (ids.size() != features.rows)
    fail("there are ", ids.size(), " ids for the features of ", features.rows, " items");
  Embeddings embeddings;
  embeddings.ids = ids;
  embeddings.vectors = embed(features, graph, context);
  embeddings.record = Value::object({{"metric", settings_.normalize ? "cosine" : "inner_product"}});
  return embeddings;
}

}  // namespace whitney::infer
