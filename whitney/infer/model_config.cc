#include "whitney/infer/model_config.h"

#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/json_file.h"

namespace whitney::infer {
namespace {

// A long value would hide the sentence.
std::string shown(const Value& value) {
  constexpr size_t kMost = 80;
  std::string text = value.to_json();
  if (text.size() > kMost) text = text.substr(0, kMost) + "...";
  return text;
}

std::optional<int64_t> whole_number(const Value& value) {
  if (value.is_int()) return value.as_int();
  if (!value.is_number()) return std::nullopt;
  const double real = value.as_real();
  if (std::floor(real) != real || std::abs(real) > 0x1p53) return std::nullopt;
  return static_cast<int64_t>(real);
}

}  // namespace

ModelConfig::ModelConfig(Value root, std::string where) : root_(std::move(root)), where_(std::move(where)) {
  if (!root_.is_object()) fail(where_, ": is ", shown(root_), ", but must be an object of settings");
}

ModelConfig ModelConfig::read(const std::string& path) { return {data::read_json_file(path), path}; }

const Value* ModelConfig::find(std::string_view field) const {
  const Value* value = root_.find(field);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Value& ModelConfig::at(std::string_view field) const {
  const Value* value = find(field);
  if (value == nullptr) fail(where_, ": has no \"", field, "\"");
  return *value;
}

void ModelConfig::fail_field(std::string_view field, std::string_view wanted) const {
  const Value* value = root_.find(field);
  fail(where_, ": \"", field, "\" is ", value == nullptr ? "missing" : shown(*value), ", but must be ",
       wanted);
}

bool ModelConfig::has(std::string_view field) const { return find(field) != nullptr; }

int64_t ModelConfig::integer(std::string_view field) const {
  const auto number = whole_number(at(field));
  if (!number) fail_field(field, "an integer");
  return *number;
}

int64_t ModelConfig::integer(std::string_view field, int64_t fallback) const {
  return has(field) ? integer(field) : fallback;
}

double ModelConfig::real(std::string_view field) const {
  const Value& value = at(field);
  if (!value.is_number()) fail_field(field, "a number");
  return value.as_real();
}

double ModelConfig::real(std::string_view field, double fallback) const {
  return has(field) ? real(field) : fallback;
}

bool ModelConfig::flag(std::string_view field) const {
  const Value& value = at(field);
  if (!value.is_bool()) fail_field(field, "true or false");
  return value.as_bool();
}

bool ModelConfig::flag(std::string_view field, bool fallback) const {
  return has(field) ? flag(field) : fallback;
}

std::string ModelConfig::text(std::string_view field) const {
  const Value& value = at(field);
  if (!value.is_string()) fail_field(field, "a string");
  return value.as_string();
}

std::string ModelConfig::text(std::string_view field, std::string_view fallback) const {
  return has(field) ? text(field) : std::string(fallback);
}

std::vector<std::string> ModelConfig::texts(std::string_view field) const {
  const Value& value = at(field);
  std::vector<std::string> result;
  if (!value.is_list()) fail_field(field, "a list of strings");
  for (const Value& element : value.as_list()) {
    if (!element.is_string()) fail_field(field, "a list of strings");
    result.push_back(element.as_string());
  }
  return result;
}

std::vector<int64_t> ModelConfig::integers(std::string_view field) const {
  const Value& value = at(field);
  std::vector<int64_t> result;
  if (!value.is_list()) fail_field(field, "a list of integers");
  for (const Value& element : value.as_list()) {
    const auto number = whole_number(element);
    if (!number) fail_field(field, "a list of integers");
    result.push_back(*number);
  }
  return result;
}

std::vector<double> ModelConfig::reals(std::string_view field) const {
  const Value& value = at(field);
  std::vector<double> result;
  if (!value.is_list()) fail_field(field, "a list of numbers");
  for (const Value& element : value.as_list()) {
    if (!element.is_number()) fail_field(field, "a list of numbers");
    result.push_back(element.as_real());
  }
  return result;
}

int64_t ModelConfig::size(std::string_view field, int64_t least, int64_t most) const {
  const int64_t value = integer(field);
  if (value < least || value > most) fail_field(field, concat("an integer from ", least, " to ", most));
  return value;
}

int64_t ModelConfig::size_or(std::string_view field, int64_t fallback, int64_t least, int64_t most) const {
  return has(field) ? size(field, least, most) : fallback;
}

std::optional<ModelConfig> ModelConfig::section(std::string_view field) const {
  const Value* value = find(field);
  if (value == nullptr) return std::nullopt;
  return ModelConfig(*value, concat(where_, ": \"", field, "\""));
}

std::string ModelConfig::model_type() const {
  if (!has("model_type")) fail_field("model_type", "the name of an architecture, such as \"bert\"");
  return text("model_type");
}

std::vector<std::string> ModelConfig::architectures() const {
  return has("architectures") ? texts("architectures") : std::vector<std::string>();
}

RopeSettings ModelConfig::rope(double theta, std::string_view layer_kind) const {
  RopeSettings rope;
  rope.theta = real("rope_theta", theta);
  rope.partial_factor = real("partial_rotary_factor", 1);
  rope.original_max_positions =
      integer("original_max_position_embeddings", integer("max_position_embeddings", 0));
  // Newer files gather everything in rope_parameters, perhaps once per kind of layer.
  auto settings = section("rope_parameters");
  if (settings && !layer_kind.empty() && settings->has(layer_kind)) settings = settings->section(layer_kind);
  if (!settings) settings = section("rope_scaling");
  if (!settings) return rope;
  rope.theta = settings->real("rope_theta", rope.theta);
  rope.partial_factor = settings->real("partial_rotary_factor", rope.partial_factor);
  rope.type = settings->text("rope_type", settings->text("type", "default"));
  rope.factor = settings->real("factor", 1);
  rope.low_freq_factor = settings->real("low_freq_factor", 1);
  rope.high_freq_factor = settings->real("high_freq_factor", 4);
  rope.original_max_positions =
      settings->integer("original_max_position_embeddings", rope.original_max_positions);
  if (settings->has("factors")) rope.factors = settings->reals("factors");
  if (!(rope.theta > 0) || !(rope.factor > 0)) {
    fail(settings->where(), ": theta ", rope.theta, " and factor ", rope.factor, " must be above 0");
  }
  return rope;
}

}  // namespace whitney::infer
