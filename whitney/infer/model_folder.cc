#include "whitney/infer/model_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "whitney/core/error.h"
#include "whitney/data/json_file.h"
#include "whitney/infer/gguf_model.h"

namespace whitney::infer {
namespace {

namespace fs = std::filesystem;

struct ModuleName {
  std::string_view name;
  ModuleKind kind;
};

constexpr std::array<ModuleName, 9> kModules{{{"Transformer", ModuleKind::kTransformer},
                                              {"Pooling", ModuleKind::kPooling},
                                              {"Dense", ModuleKind::kDense},
                                              {"Normalize", ModuleKind::kNormalize},
                                              {"LayerNorm", ModuleKind::kLayerNorm},
                                              {"Dropout", ModuleKind::kDropout},
                                              {"StaticEmbedding", ModuleKind::kStaticEmbedding},
                                              {"WeightedLayerPooling", ModuleKind::kWeightedLayerPooling},
                                              {"WordWeights", ModuleKind::kWordWeights}}};

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

constexpr std::array<std::string_view, 4> kSimilarities{"cosine", "dot", "euclidean", "manhattan"};

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

ModelConfig read_settings(const std::string& folder, const char* name) {
  const std::string path = (fs::path(folder) / name).string();
  if (!fs::exists(path)) fail(path, ": is missing");
  return ModelConfig::read(path);
}

ModuleKind kind_of(const std::string& type, const std::string& where) {
  if (type.find('.') != std::string::npos && !type.starts_with("sentence_transformers.")) {
    fail(where, ": a module is of the type \"", type,
         "\", which is code of the model's own, and Whitney runs none; it runs modules of "
         "sentence_transformers");
  }
  const std::string name = type.substr(type.rfind('.') + 1);
  std::vector<std::string> known;
  for (const ModuleName& module : kModules) {
    if (module.name == name) return module.kind;
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

ModelModule read_module(ModuleKind kind, std::string folder) {
  ModelModule module;
  module.kind = kind;
  module.folder = std::move(folder);
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

// In the order of `idx`, which need not be the order of the list.
std::vector<ModelModule> read_modules(const fs::path& model, const std::string& path) {
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
    const ModuleKind kind = kind_of(config.text("type"), path);
    modules.push_back(read_module(kind, folder_of(model, config.text("path", ""), config.where())));
  }
  const auto embeds = [](const ModelModule& module) {
    return module.kind == ModuleKind::kTransformer || module.kind == ModuleKind::kStaticEmbedding;
  };
  if (!embeds(modules.front()) || std::ranges::count_if(modules, embeds) != 1)
    fail(path, ": the first module, and no other, must be a Transformer or a StaticEmbedding");
  check_pooling_comes_first(modules, path);
  check_states_come_first(modules, path);
  return modules;
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

// Positions that the first token's lies behind: RoBERTa's table begins with the padding's.
int64_t position_offset(const ModelConfig& config) {
  constexpr std::array<std::string_view, 7> kOffset{
      "roberta", "xlm-roberta", "camembert", "mpnet", "xlm-roberta-xl", "longformer", "roberta-prelayernorm"};
  if (std::ranges::find(kOffset, config.model_type()) == kOffset.end()) return 0;
  return config.integer("pad_token_id", 1) + 1;
}

// By the settings, else the smaller of what tokenizer and positions allow.
std::optional<int64_t> max_length_of(const ModelFolder& folder, const std::optional<ModelConfig>& settings) {
  if (settings && settings->has("max_seq_length")) return settings->size("max_seq_length");
  std::optional<int64_t> length;
  const auto bound = [&length](double most) {
    constexpr double kNoLimit = 1e9;  // transformers writes 10^30 for "none"
    if (most >= 1 && most < kNoLimit)
      length = std::min(length.value_or(INT64_MAX), static_cast<int64_t>(most));
  };
  if (const auto tokenizer = find_settings(folder.transformer_folder, "tokenizer_config.json"))
    bound(tokenizer->real("model_max_length", 0));
  if (folder.config) {
    for (const char* field : {"max_position_embeddings", "n_positions"}) {
      // T5 has relative positions: its n_positions is no bound.
      if (folder.config->has(field) && folder.config->model_type() != "t5")
        bound(static_cast<double>(folder.config->size(field) - position_offset(*folder.config)));
    }
  }
  return length;
}

void read_sentence_settings(ModelFolder& folder) {
  const auto settings = find_settings(folder.path, "config_sentence_transformers.json");
  if (!settings) return;
  if (const auto prompts = settings->section("prompts")) {
    for (const auto& [name, text] : prompts->root().as_object())
      folder.prompts.emplace_back(name, prompts->text(name));
  }
  if (settings->has("default_prompt_name")) {
    folder.default_prompt_name = settings->text("default_prompt_name");
    if (std::ranges::find(folder.prompts, *folder.default_prompt_name,
                          &std::pair<std::string, std::string>::first) == folder.prompts.end())
      settings->fail_field("default_prompt_name", "the name of one of the prompts");
  }
  folder.similarity = settings->text("similarity_fn_name", "cosine");
  if (std::ranges::find(kSimilarities, folder.similarity) == kSimilarities.end())
    settings->fail_field("similarity_fn_name", "cosine, dot, euclidean or manhattan");
}

ModelFolder open_gguf_model(const std::string& path) {
  ModelFolder folder;
  folder.path = path;
  folder.gguf = std::make_shared<const GgufFile>(open_gguf(path));
  folder.config = ModelConfig(config_of(*folder.gguf), path + ": its metadata");
  folder.max_length = max_length_of(folder, std::nullopt);
  folder.modules.push_back({.kind = ModuleKind::kTransformer, .folder = path, .pooling = {}, .dense = {}});
  ModelModule pooling{.kind = ModuleKind::kPooling, .folder = path, .pooling = {}, .dense = {}};
  // llama.cpp's numbers: none, mean, cls, last, rank.
  const Value* type = folder.gguf->metadata.find(folder.gguf->architecture() + ".pooling_type");
  if (type != nullptr && *type == Value(2)) pooling.pooling.modes = {PoolingMode::kCls};
  if (type != nullptr && *type == Value(3)) pooling.pooling.modes = {PoolingMode::kLastToken};
  folder.modules.push_back(pooling);
  return folder;
}

}  // namespace

ModelFolder ModelFolder::open(const std::string& path) {
  if (!fs::exists(path)) fail(path, ": there is no such model: neither a folder nor a .gguf file");
  if (!fs::is_directory(path)) {
    if (!path.ends_with(".gguf")) fail(path, ": is no model: name its folder, or a .gguf file");
    return open_gguf_model(path);
  }
  ModelFolder folder;
  folder.path = path;
  const std::string modules = (fs::path(path) / "modules.json").string();
  if (fs::exists(modules)) {
    folder.modules = read_modules(path, modules);
  } else {
    folder.modules = {{.kind = ModuleKind::kTransformer, .folder = path, .pooling = {}, .dense = {}},
                      {.kind = ModuleKind::kPooling, .folder = path, .pooling = {}, .dense = {}}};
  }
  folder.transformer_folder = folder.modules.front().folder;
  std::optional<ModelConfig> settings;
  if (folder.modules.front().kind == ModuleKind::kTransformer) {
    folder.config = read_settings(folder.transformer_folder, "config.json");
    settings = transformer_settings(folder.transformer_folder);
    folder.do_lower_case = settings && settings->flag("do_lower_case", false);
  }
  folder.max_length = max_length_of(folder, settings);
  read_sentence_settings(folder);
  return folder;
}

std::string ModelFolder::prompt(std::optional<std::string_view> name) const {
  if (!name && !default_prompt_name) return "";
  const std::string wanted(name ? *name : *default_prompt_name);
  std::vector<std::string> names;
  for (const auto& [known, text] : prompts) {
    if (known == wanted) return text;
    names.push_back(known);
  }
  std::string list;
  for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
  fail(path, ": has no prompt \"", wanted, "\"; it has ", names.empty() ? "none" : list);
}

Weights ModelFolder::weights() const { return gguf ? Weights::of(*gguf) : Weights::open(transformer_folder); }

}  // namespace whitney::infer
