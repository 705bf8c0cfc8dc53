#pragma once

#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/infer/model_config.h"
#include "whitney/infer/transformer.h"
#include "whitney/infer/weights.h"

namespace whitney::infer {

/// What a transformer is made of.
struct ModelSource {
  const ModelConfig& config;
  const Weights& weights;
  const Context& context;
  Precision precision = Precision::kFloat32;
};

/// Registers how the transformers of a "model_type" are made: one line in the architecture's file.
struct Architecture {
  using Make = Transformer (*)(const ModelSource& source);
  Architecture(const char* model_type, Make make);
};

/// Makes the transformer that config.json declares. Throws Error that lists the known model types for an
/// unknown one, and names file and field, or tensor, where something is missing or of the wrong size.
Transformer make_transformer(const ModelSource& source);

/// The model types that can be run, in alphabetical order.
std::vector<std::string> known_model_types();

}  // namespace whitney::infer
