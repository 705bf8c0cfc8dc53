#include "whitney/infer/model_modules.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/json_file.h"

namespace whitney::infer {
namespace {

namespace fs = std::filesystem;

struct ModuleName {
  std::string_view name;
  ModuleKind kind;
};

// Until version 5.3 a Transformer that fills masks had a name of its own.
constexpr std::string_view kMaskFiller = "MLMTransformer";

constexpr std::array<ModuleName, 11> kModules{{{"Transformer", ModuleKind::kTransformer},
                                               {"Pooling", ModuleKind::kPooling},
                                               {"Dense", ModuleKind::kDense},
                                               {"Normalize", ModuleKind::kNormalize},
                                               {"LayerNorm", ModuleKind::kLayerNorm},
                                               {"Dropout", ModuleKind::kDropout},
                                               {"StaticEmbedding", ModuleKind::kStaticEmbedding},
                                               {"WeightedLayerPooling", ModuleKind::kWeightedLayerPooling},
                                               {"WordWeights", ModuleKind::kWordWeights},
                                               {kMaskFiller, ModuleKind::kTransformer},
                                               {"SpladePooling", ModuleKind::kSpladePooling}}};

struct PoolingName {
  std::string_view key;   // in the form of booleans
  std::string_view name;  // in the newer form
  PoolingMode mode;
};

constexpr std::array<PoolingName, 6> kPoolings{
    {{"pooling_mode_cls_token", "cls", PoolingMode::kCls},
     {"pooling_mode_max_tokens", "max", PoolingMode::kMax},
     {"pooling_mode_mean_tokens", "mean", PoolingMode::kMean},
     {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", PoolingMode::kMeanSqrt},
     {"pooling_mode_weightedmean_tokens", "weightedmean", PoolingMode::kWeightedMean},
     {"pooling_mode_lasttoken", "lasttoken", PoolingMode::kLastToken}}};

// The names that sentence-transformers gave the transformer's settings over the years.
constexpr std::array<const char*, 7> kTransformerSettings{
    "sentence_bert_config.json",      "sentence_roberta_config.json", "sentence_distilbert_config.json",
    "sentence_camembert_config.json", "sentence_albert_config.json",  "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json"};

// The folder of a module, which must lie within the model's: the file may come from anywhere.
std::string folder_of(const fs::path& model, const std::string& path, const std::string& where) {
  const fs::path relative(path);
  const bool climbs = std::ranges::any_of(relative, [](const fs::path& part) { return part == ".."; });
  if (relative.is_absolute() || climbs || path.find('\\') != std::string::npos ||
      path.find('\0') != std::string::npos) {
    fail(where, ": the path ", Value(path).to_json(), " leads out of the model's folder");
  }
  return relative.empty() ? model.string() : (model / relative).string();
}

std::string_view class_of(std::string_view type) { return type.substr(type.rfind('.') + 1); }

ModuleKind kind_of(const std::string& type, const std::string& where) {
  if (type.find('.') != std::string::npos && !type.starts_with("sentence_transformers.")) {
    fail(where, ": a module is of the type \"", type,
         "\", which is code of the model's own, and Whitney runs none; it runs modules of "
         "sentence_transformers");
  }
  std::vector<std::string> known;
  for (const ModuleName& module : kModules) {
    if (module.name == class_of(type)) return module.kind;
    known.emplace_back(module.name);
  }
  std::string list;
  for (const std::string& one : known) list += (list.empty() ? "" : ", ") + one;
  fail(where, ": a module is of the type \"", type, "\", which Whitney does not run; it runs ", list);
}

PoolingMode pooling_mode_of(const ModelConfig& config, const std::string& name) {
  for (const PoolingName& pooling : kPoolings) {
    if (pooling.name == name) return pooling.mode;
  }
  config.fail_field("pooling_mode",
                    "cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken, or a list of these");
}

std::vector<PoolingMode> pooling_modes(const ModelConfig& config) {
  std::vector<PoolingMode> modes;
  if (config.has("pooling_mode")) {
    const Value& value = config.root().at("pooling_mode");
    if (value.is_string()) return {pooling_mode_of(config, value.as_string())};
    for (const std::string& name : config.texts("pooling_mode"))
      modes.push_back(pooling_mode_of(config, name));
  } else {
    for (const PoolingName& pooling : kPoolings) {
      // sentence-transformers' own default, where a file lacks the key.
      if (config.flag(pooling.key, pooling.mode == PoolingMode::kMean)) modes.push_back(pooling.mode);
    }
  }
  if (modes.empty())
    fail(config.where(), ": asks for no pooling at all; one of pooling_mode_... must be true");
  return modes;
}

PoolingSettings read_pooling(const std::string& folder) {
  const ModelConfig config = read_settings(folder, "config.json");
  PoolingSettings settings;
  settings.modes = pooling_modes(config);
  settings.dim = config.size_or("word_embedding_dimension", config.size_or("embedding_dimension", 0));
  settings.include_prompt = config.flag("include_prompt", true);
  return settings;
}

Activation activation_of(const ModelConfig& config) {
  constexpr std::array<std::pair<std::string_view, Activation>, 7> kActivations{
      {{"Identity", Activation::kIdentity},
       {"Tanh", Activation::kTanh},
       {"ReLU", Activation::kRelu},
       {"GELU", Activation::kGelu},
       {"SiLU", Activation::kSilu},
       {"Sigmoid", Activation::kSigmoid},
       {"PytorchGELUTanh", Activation::kGeluTanh}}};
  const std::string name = config.text("activation_function", "torch.nn.modules.activation.Tanh");
  for (const auto& [ending, activation] : kActivations) {
    if (name.substr(name.rfind('.') + 1) == ending) return activation;
  }
  config.fail_field("activation_function", "one of Identity, Tanh, ReLU, GELU, SiLU, Sigmoid");
}

DenseSettings read_dense(const std::string& folder) {
  const ModelConfig config = read_settings(folder, "config.json");
  if (config.text("module_input_name", "sentence_embedding") != "sentence_embedding")
    config.fail_field("module_input_name",
                      "sentence_embedding: Whitney applies Dense to the pooled vector only");
  if (config.flag("use_residual", false)) config.fail_field("use_residual", "false");
  return {config.size("in_features"), config.size("out_features"), config.flag("bias", true),
          activation_of(config)};
}

// Whether a Transformer hands out the logits of a masked-LM head, or states, as its settings say.
bool fills_masks(const std::string& folder, bool by_its_name) {
  constexpr const char* kField = "transformer_task";
  const std::optional<ModelConfig> settings = transformer_settings(folder);
  if (!settings || !settings->has(kField)) return by_its_name;
  const std::string task = settings->text(kField);
  if (task != "fill-mask" && task != "feature-extraction")
    settings->fail_field(kField, "feature-extraction, or fill-mask before a SpladePooling");
  return task == "fill-mask";
}

SpladeSettings read_splade(const std::string& folder) {
  const ModelConfig config = read_settings(folder, "config.json");
  SpladeSettings settings;
  const std::string strategy = config.text("pooling_strategy", "max");
  if (strategy != "max" && strategy != "sum") config.fail_field("pooling_strategy", "max or sum");
  if (strategy == "sum") settings.strategy = SpladeStrategy::kSum;
  const std::string activation = config.text("activation_function", "relu");
  if (activation != "relu" && activation != "log1p_relu")
    config.fail_field("activation_function", "relu or log1p_relu");
  if (activation == "log1p_relu") settings.num_logs = 2;
  return settings;
}

ModelModule read_module(const std::string& type, std::string folder, const std::string& where) {
  const ModuleKind kind = kind_of(type, where);
  ModelModule module;
  module.kind = kind;
  module.folder = std::move(folder);
  if (kind == ModuleKind::kTransformer)
    module.fills_masks = fills_masks(module.folder, class_of(type) == kMaskFiller);
  if (kind == ModuleKind::kSpladePooling) module.splade = read_splade(module.folder);
  if (kind == ModuleKind::kPooling) module.pooling = read_pooling(module.folder);
  if (kind == ModuleKind::kDense) module.dense = read_dense(module.folder);
  if (kind == ModuleKind::kLayerNorm)
    module.dim = read_settings(module.folder, "config.json").size("dimension");
  if (kind == ModuleKind::kWeightedLayerPooling)
    module.layer_start = read_settings(module.folder, "config.json").size_or("layer_start", 4, 0, 4096);
  return module;
}

// Steps before the pooling would be run behind it, on vectors of another width or meaning.
void check_pooling_comes_first(const std::vector<ModelModule>& modules, const std::string& path) {
  bool pooled = false, stepped = false;
  for (const ModelModule& module : modules) {
    if (module.kind == ModuleKind::kPooling) {
      if (pooled || stepped)
        fail(path,
             ": Pooling stands twice, or behind another step (expected: once, next to the Transformer)");
      pooled = true;
    }
    stepped = stepped || module.kind == ModuleKind::kDense || module.kind == ModuleKind::kNormalize ||
              module.kind == ModuleKind::kLayerNorm;
  }
}

// What works on the tokens' states comes before their pooling.
void check_states_come_first(const std::vector<ModelModule>& modules, const std::string& path) {
  constexpr std::array kOrder{ModuleKind::kTransformer, ModuleKind::kWeightedLayerPooling,
                              ModuleKind::kWordWeights, ModuleKind::kPooling};
  std::ptrdiff_t place = 0;
  for (const ModelModule& module : modules) {
    if (module.kind == ModuleKind::kDropout) continue;
    const std::ptrdiff_t next = std::ranges::find(kOrder, module.kind) - kOrder.begin();
    const bool is_of_states =
        module.kind == ModuleKind::kWeightedLayerPooling || module.kind == ModuleKind::kWordWeights;
    if (is_of_states && next <= place) {
      fail(
          path,
          ": WeightedLayerPooling and WordWeights stand once, in this order, between the Transformer and its "
          "Pooling");
    }
    place = next;
  }
}

// A SpladePooling takes logits, and nothing else does.
void check_logits_are_pooled(const std::vector<ModelModule>& modules, const std::string& path) {
  const auto is_splade = [](const ModelModule& module) { return module.kind == ModuleKind::kSpladePooling; };
  const bool pools = std::ranges::any_of(modules, is_splade), fills = modules.front().fills_masks;
  if (!pools && !fills) return;
  const auto num_steps = std::ranges::count_if(
      modules, [](const ModelModule& module) { return module.kind != ModuleKind::kDropout; });
  if (pools && fills && num_steps == 2) return;
  fail(path,
       ": SpladePooling, and nothing else, must follow a Transformer that fills masks (an MLMTransformer, or "
       "transformer_task \"fill-mask\" in its settings), and stands behind no other");
}

}  // namespace

ModelConfig read_settings(const std::string& folder, const std::string& name) {
  const std::string path = (fs::path(folder) / name).string();
  if (!fs::exists(path)) fail(path, ": is missing");
  return ModelConfig::read(path);
}

std::optional<ModelConfig> find_settings(const std::string& folder, const std::string& name) {
  const std::string path = (fs::path(folder) / name).string();
  return fs::exists(path) ? std::optional(ModelConfig::read(path)) : std::nullopt;
}

std::optional<ModelConfig> transformer_settings(const std::string& folder) {
  for (const char* name : kTransformerSettings) {
    if (auto settings = find_settings(folder, name)) return settings;
  }
  return std::nullopt;
}

std::vector<ModelModule> read_modules(const std::string& model, const std::string& path) {
  const Value list = data::read_json_file(path);
  if (!list.is_list()) fail(path, ": is no list of modules");
  std::vector<std::pair<int64_t, ModelConfig>> entries;
  for (const Value& entry : list.as_list()) {
    const ModelConfig config(entry, concat(path, ": module ", entries.size()));
    entries.emplace_back(config.integer("idx", std::ssize(entries)), config);
  }
  if (entries.empty()) fail(path, ": names no module");
  std::ranges::stable_sort(entries, {}, &std::pair<int64_t, ModelConfig>::first);
  std::vector<ModelModule> modules;
  for (const auto& [idx, config] : entries) {
    modules.push_back(
        read_module(config.text("type"), folder_of(model, config.text("path", ""), config.where()), path));
  }
  const auto embeds = [](const ModelModule& module) {
    return module.kind == ModuleKind::kTransformer || module.kind == ModuleKind::kStaticEmbedding;
  };
  if (!embeds(modules.front()) || std::ranges::count_if(modules, embeds) != 1)
    fail(path, ": the first module, and no other, must be a Transformer or a StaticEmbedding");
  check_pooling_comes_first(modules, path);
  check_states_come_first(modules, path);
  check_logits_are_pooled(modules, path);
  return modules;
}

}  // namespace whitney::infer
