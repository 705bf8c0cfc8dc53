#pragma once

#include <optional>
#include <string>
#include <vector>

#include "whitney/infer/model_config.h"
#include "whitney/infer/model_folder.h"

namespace whitney::infer {

/// Reads the steps that a modules.json at `path` names in the folder of a model, with their own settings, in
/// the order of `idx`, which need not be that of the list. Throws Error as ModelFolder::open does.
std::vector<ModelModule> read_modules(const std::string& model, const std::string& path);

/// Reads a small file of a folder; it must be there, or need not.
ModelConfig read_settings(const std::string& folder, const std::string& name);
std::optional<ModelConfig> find_settings(const std::string& folder, const std::string& name);
/// What sentence-transformers keeps of a Transformer beside its config.json.
std::optional<ModelConfig> transformer_settings(const std::string& folder);

}  // namespace whitney::infer
