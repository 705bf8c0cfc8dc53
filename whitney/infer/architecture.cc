#include "whitney/infer/architecture.h"

#include <map>

#include "whitney/core/error.h"

namespace whitney::infer {
namespace {

// Made at first use: registrations run before main, in any order.
std::map<std::string, Architecture::Make>& registered() {
  static std::map<std::string, Architecture::Make> architectures;
  return architectures;
}

}  // namespace

Architecture::Architecture(const char* model_type, Make make) {
  WHITNEY_CHECK(registered().emplace(model_type, make).second, "two architectures \"", model_type, "\"");
}

std::vector<std::string> known_model_types() {
  std::vector<std::string> names;
  for (const auto& [name, make] : registered()) names.push_back(name);
  return names;
}

Transformer make_transformer(const ModelSource& source) {
  const std::string type = source.config.model_type();
  if (const auto quantized = source.config.section("quantization_config")) {
    fail(source.config.where(), ": \"quantization_config\": weights quantized by \"",
         quantized->text("quant_method", "an unknown method"),
         "\" are not read (expected: plain F32, F16, BF16 or F8 weights, or a GGUF file)");
  }
  const auto found = registered().find(type);
  if (found == registered().end()) {
    std::string known;
    for (const std::string& name : known_model_types()) known += (known.empty() ? "" : ", ") + name;
    source.config.fail_field("model_type", "one of " + known);
  }
  Transformer model = found->second(source);
  WHITNEY_CHECK(model.width > 0 && !model.layers.empty(), "architecture ", type, " made nothing");
  return model;
}

}  // namespace whitney::infer
