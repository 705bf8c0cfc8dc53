#include "whitney/data/recommender_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"

namespace whitney {
namespace {

// Offsets of rows of a sparse matrix: from 0, never falling, to the number of entries.
void check_offsets(std::string_view what, std::span<const int64_t> offsets, int64_t num_rows,
                   int64_t num_entries) {
  if (std::ssize(offsets) != num_rows + 1)
    fail(what, " has ", std::ssize(offsets) - 1, " rows where ", num_rows, " are due");
  if (offsets.front() != 0 || offsets.back() != num_entries || !std::ranges::is_sorted(offsets))
    fail(what, ": its rows do not lie one behind the other in its ", num_entries, " entries");
}

void check_items(std::string_view what, std::span<const uint32_t> items, int64_t num_items) {
  const auto bad = std::ranges::find_if(items, [&](uint32_t item) { return item >= num_items; });
  if (bad != items.end()) fail(what, ", entry ", bad - items.begin(), ": item row ", *bad, " of ", num_items);
}

void check_vectors(std::string_view what, const Matrix& vectors, int64_t num_rows) {
  if (vectors.rows() != num_rows)
    fail(what, " have vectors of ", vectors.rows(), " rows where ", num_rows, " are due");
}

// What walks follow: after this none leaves the arrays.
void check_shapes(const RecommenderModel& model) {
  const int64_t num_items = model.history.num_items();
  check_offsets("seen", model.history.offsets.span(), model.history.num_users(), model.history.size());
  check_items("seen", model.history.targets.span(), num_items);
  if (const auto* weights = std::get_if<ItemWeights>(&model.scores)) {
    check_offsets("weights", weights->offsets.span(), num_items, weights->items.size());
    check_items("weights", weights->items.span(), num_items);
    if (weights->weights.size() != weights->items.size())
      fail("there are ", weights->weights.size(), " weights of ", weights->items.size(), " pairs of items");
  }
  if (const auto* factors = std::get_if<Factors>(&model.scores)) {
    check_vectors("users", factors->users, model.history.num_users());
    check_vectors("items", factors->items, num_items);
    if (factors->users.cols() != factors->items.cols())
      fail("vectors of users have ", factors->users.cols(), " values, those of items ",
           factors->items.cols());
  }
  if (!model.attributes.empty() && model.attributes.num_rows != num_items)
    fail("there are attributes of ", model.attributes.num_rows, " rows for ", num_items, " items");
}

void check_finite(std::string_view what, std::span<const float> values) {
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) fail(what, ": value ", bad - values.begin(), " is no finite number");
}

std::span<const float> values_of(const Matrix& matrix) {
  return {reinterpret_cast<const float*>(matrix.bytes().data()),
          static_cast<size_t>(matrix.rows() * matrix.cols())};
}

void add_matrix(ArtifactWriter& writer, const std::string& name, const Matrix& matrix) {
  writer.add(name, matrix.dtype(), {matrix.rows(), matrix.cols()}, matrix.bytes());
}

Matrix read_matrix(const Artifact& artifact, const std::string& name) {
  const TensorView& tensor = artifact.tensor(name);
  tensor.check_type(DType::kF32);
  if (tensor.shape.size() != 2)
    fail("tensor \"", name, "\" has ", tensor.shape.size(), " dimensions where 2 are due");
  return {tensor.aligned_bytes(), tensor.shape[0], tensor.shape[1], DType::kF32};
}

std::string_view form_of(const RecommenderModel& model) {
  constexpr std::array<std::string_view, 3> kForms = {"popularity", "item_weights", "factors"};
  return kForms[model.scores.index()];
}

// Rows as the file tells them; that there are as many ids is checked with the ids.
int64_t count_of(const Artifact& artifact, const std::string& field) {
  const Value* recommender = artifact.record().find("recommender");
  const Value* count = recommender == nullptr ? nullptr : recommender->find(field);
  if (count == nullptr || !count->is_int() || count->as_int() < 0)
    fail("the record does not tell how many ", field, " there are");
  return count->as_int();
}

RecommenderModel read_model(const Artifact& artifact) {
  RecommenderModel model;
  const int64_t num_users = count_of(artifact, "users"), num_items = count_of(artifact, "items");
  model.history.users = read_ids(artifact, num_users, "users.");
  model.history.items = read_ids(artifact, num_items);
  model.history.offsets = artifact.tensor("seen.offsets").as<int64_t>();
  model.history.targets = artifact.tensor("seen.items").as<uint32_t>();
  const Value* form = artifact.record().at("recommender").find("form");
  const std::string name = form != nullptr && form->is_string() ? form->as_string() : "";
  if (name == "factors") {
    model.scores = Factors{read_matrix(artifact, "users.vectors"), read_matrix(artifact, "vectors")};
  } else if (name == "item_weights") {
    model.scores = ItemWeights{artifact.tensor("weights.offsets").as<int64_t>(),
                               artifact.tensor("weights.items").as<uint32_t>(),
                               artifact.tensor("weights.values").as<float>()};
  } else if (name != "popularity") {
    fail("its form \"", name,
         "\" of a recommender is not known (expected: popularity, item_weights, factors)");
  }
  model.attributes = read_attributes(artifact, num_items);
  model.record = provenance_of(artifact.record());
  check_shapes(model);
  return model;
}

}  // namespace

void RecommenderModel::validate() const {
  check_shapes(*this);
  if (const auto* weights = std::get_if<ItemWeights>(&scores))
    check_finite("weights", weights->weights.span());
  if (const auto* factors = std::get_if<Factors>(&scores)) {
    check_finite("vectors of users", values_of(factors->users));
    check_finite("vectors of items", values_of(factors->items));
  }
}

Interactions history_of(const Interactions& events) {
  return {events.users, events.items, events.offsets, events.targets, {}, {}};
}

void save_recommender(const RecommenderModel& model, const std::string& path, bool force,
                      const Context& context) {
  model.validate();
  ArtifactWriter writer("model", model.record);
  writer.record().set("recommender", Value::object({{"form", form_of(model)},
                                                    {"users", model.history.num_users()},
                                                    {"items", model.history.num_items()}}));
  if (const auto* factors = std::get_if<Factors>(&model.scores)) {
    writer.record().set("metric", "inner_product");
    add_matrix(writer, "vectors", factors->items);
    add_matrix(writer, "users.vectors", factors->users);
  }
  if (const auto* weights = std::get_if<ItemWeights>(&model.scores)) {
    writer.add("weights.offsets", {weights->offsets.size()}, weights->offsets);
    writer.add("weights.items", {weights->items.size()}, weights->items);
    writer.add("weights.values", {weights->weights.size()}, weights->weights);
  }
  writer.add("seen.offsets", {model.history.offsets.size()}, model.history.offsets);
  writer.add("seen.items", {model.history.targets.size()}, model.history.targets);
  writer.add_ids(model.history.items);
  writer.add_ids(model.history.users, "users.");
  writer.add_attributes(model.attributes);
  writer.write(path, force, context);
}

bool holds_recommender(const Artifact& artifact) {
  return artifact.kind() == "model" && artifact.record().find("recommender") != nullptr;
}

RecommenderModel load_recommender(const Artifact& artifact) {
  if (!holds_recommender(artifact))
    fail(artifact.path(), ": holds no recommender (expected: what `learn` made of users and items)");
  try {
    return read_model(artifact);
  } catch (const Error& error) {
    const std::string_view text = error.what();
    if (text.starts_with(artifact.path())) throw;
    throw Error(concat(artifact.path(), ": ", text));
  }
}

RecommenderModel load_recommender(const std::string& path) { return load_recommender(Artifact::open(path)); }

std::string fingerprint(const RecommenderModel& model) {
  Hasher128 hasher;
  const auto add = [&](const auto* values, int64_t count) {
    hasher.update(&count, sizeof(count));
    hasher.update(values, count * static_cast<int64_t>(sizeof(*values)));
  };
  const std::string history = fingerprint(model.history);
  add(history.data(), std::ssize(history));
  if (const auto* weights = std::get_if<ItemWeights>(&model.scores)) {
    add(weights->offsets.data(), weights->offsets.size());
    add(weights->items.data(), weights->items.size());
    add(weights->weights.data(), weights->weights.size());
  }
  if (const auto* factors = std::get_if<Factors>(&model.scores)) {
    for (const Matrix* matrix : {&factors->users, &factors->items})
      add(values_of(*matrix).data(), std::ssize(values_of(*matrix)));
  }
  return hasher.digest();
}

}  // namespace whitney
