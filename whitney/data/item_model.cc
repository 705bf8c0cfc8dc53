#include "whitney/data/item_model.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "whitney/core/error.h"

namespace whitney {
namespace {

constexpr std::string_view kPrefix = "weights.";

void check_weights(const ItemModel::Weights& weights) {
  const Matrix& values = weights.values;
  const std::span<const float> all(reinterpret_cast<const float*>(values.bytes().data()),
                                   static_cast<size_t>(values.rows() * values.cols()));
  const auto bad = std::ranges::find_if(all, [](float value) { return !std::isfinite(value); });
  if (bad != all.end()) {
    fail("weights \"", weights.name, "\": value ", bad - all.begin(), " is no finite number");
  }
}

ItemModel read_model(const Artifact& artifact) {
  ItemModel model;
  model.items = load_embeddings(artifact);
  if (model.items.vectors.dtype() != DType::kF32) fail("vectors of its items are not of type F32");
  const Value& told = artifact.record().at("item_model");
  model.form = told.at("form").as_string();
  model.settings = told.at("settings");
  if (!model.settings.is_object()) fail("its settings are no object");
  for (const TensorView& tensor : artifact.tensors()) {
    if (!tensor.name.starts_with(kPrefix)) continue;
    tensor.check_type(DType::kF32);
    if (tensor.shape.size() != 2)
      fail("tensor \"", tensor.name, "\" has ", tensor.shape.size(), " dimensions where 2 are due");
    model.weights.push_back({tensor.name.substr(kPrefix.size()),
                             Matrix(tensor.aligned_bytes(), tensor.shape[0], tensor.shape[1], DType::kF32)});
    check_weights(model.weights.back());
  }
  return model;
}

}  // namespace

const Matrix& ItemModel::weights_of(std::string_view name, int64_t rows, int64_t cols) const {
  const auto found = std::ranges::find_if(weights, [&](const Weights& entry) { return entry.name == name; });
  if (found == weights.end()) fail("a model of the form ", form, " needs weights \"", name, "\"");
  const Matrix& values = found->values;
  if (values.rows() != rows || values.cols() != cols) {
    fail("weights \"", name, "\" are ", values.rows(), " x ", values.cols(), " where ", rows, " x ", cols,
         " are due");
  }
  return values;
}

void save_item_model(const ItemModel& model, const std::string& path, bool force, const Context& context) {
  if (model.items.ids.size() != model.items.size())
    fail("there are ", model.items.ids.size(), " ids for ", model.items.size(), " vectors of items");
  ArtifactWriter writer("model", model.items.record);
  writer.record().set("item_model", Value::object({{"form", model.form}, {"settings", model.settings}}));
  const Matrix& vectors = model.items.vectors;
  writer.add("vectors", vectors.dtype(), {vectors.rows(), vectors.cols()}, vectors.bytes());
  for (const ItemModel::Weights& weights : model.weights) {
    check_weights(weights);
    writer.add(concat(kPrefix, weights.name), weights.values.dtype(),
               {weights.values.rows(), weights.values.cols()}, weights.values.bytes());
  }
  writer.add_ids(model.items.ids);
  writer.add_attributes(model.items.attributes);
  writer.write(path, force, context);
}

bool holds_item_model(const Artifact& artifact) {
  return artifact.kind() == "model" && artifact.record().find("item_model") != nullptr;
}

ItemModel load_item_model(const Artifact& artifact) {
  if (!holds_item_model(artifact))
    fail(artifact.path(), ": holds no model of items (expected: what `learn pinsage` made)");
  try {
    return read_model(artifact);
  } catch (const Error& error) {
    const std::string_view text = error.what();
    if (text.starts_with(artifact.path())) throw;
    throw Error(concat(artifact.path(), ": ", text));
  }
}

ItemModel load_item_model(const std::string& path) { return load_item_model(Artifact::open(path)); }

}  // namespace whitney
