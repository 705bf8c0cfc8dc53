#include "whitney/infer/model_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "whitney/core/error.h"
#include "whitney/infer/gguf_model.h"
#include "whitney/infer/model_modules.h"

namespace whitney::infer {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kSimilarities{"cosine", "dot", "euclidean", "manhattan"};

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
  folder.similarity = settings->text("similarity_fn_name", folder.similarity);
  if (std::ranges::find(kSimilarities, folder.similarity) == kSimilarities.end())
    settings->fail_field("similarity_fn_name", "cosine, dot, euclidean or manhattan");
  if (folder.splade && settings->has("max_active_dims"))
    folder.splade->max_words = settings->size("max_active_dims");
}

// The token that ends a text, as the tokenizer's settings name it.
std::string end_token(const std::string& folder) {
  const ModelConfig settings = read_settings(folder, "tokenizer_config.json");
  constexpr const char* kField = "eos_token";
  if (!settings.has(kField)) settings.fail_field(kField, "the token that NV-Embed puts behind each text");
  if (settings.root().at(kField).is_string()) return settings.text(kField);
  return settings.section(kField)->text("content");
}

// NV-Embed's own code ends each text by its end token, leaves the prompt out of pooling, and gives vectors of
// length 1.
void read_nv_embed(bool has_modules, ModelFolder& folder) {
  if (fs::exists(fs::path(folder.transformer_folder) / "tokenizer.json") &&
      folder.config->flag("add_eos", true))
    folder.suffix = end_token(folder.transformer_folder);
  if (has_modules) return;
  folder.modules.back().pooling.include_prompt = !folder.config->flag("is_mask_instruction", true);
  const auto latent = folder.config->section("latent_attention_config");
  if (!latent || latent->flag("output_normalize", true)) {
    folder.modules.push_back(
        {.kind = ModuleKind::kNormalize, .folder = folder.path, .pooling = {}, .dense = {}});
  }
}

// llama.cpp's numbers: 0 none (pooled here by the mean, as without the field), 1 mean, 2 cls, 3 last, 4 rank.
PoolingMode gguf_pooling(const Value& type, const std::string& where) {
  if (type == Value(0) || type == Value(1)) return PoolingMode::kMean;
  if (type == Value(2)) return PoolingMode::kCls;
  if (type == Value(3)) return PoolingMode::kLastToken;
  if (type == Value(4)) fail(where, " is 4: a model that ranks pairs gives scores, and no vectors of texts");
  fail(where, " is ", type.to_json(), " (expected: 0, 1, 2 or 3)");
}

ModelFolder open_gguf_model(const std::string& path) {
  ModelFolder folder;
  folder.path = path;
  folder.gguf = std::make_shared<const GgufFile>(open_gguf(path));
  folder.config = ModelConfig(config_of(*folder.gguf), path + ": its metadata");
  folder.max_length = max_length_of(folder, std::nullopt);
  folder.modules.push_back({.kind = ModuleKind::kTransformer, .folder = path, .pooling = {}, .dense = {}});
  ModelModule pooling{.kind = ModuleKind::kPooling, .folder = path, .pooling = {}, .dense = {}};
  const std::string key = folder.gguf->architecture() + ".pooling_type";
  if (const Value* type = folder.gguf->metadata.find(key))
    pooling.pooling.modes = {gguf_pooling(*type, path + ": \"" + key + "\"")};
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
  const bool has_modules = fs::exists(modules);
  if (has_modules) {
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
    if (folder.config->text("model_type", "") == "nvembed") read_nv_embed(has_modules, folder);
  }
  folder.max_length = max_length_of(folder, settings);
  for (const ModelModule& module : folder.modules) {
    if (module.kind != ModuleKind::kSpladePooling) continue;
    folder.splade = module.splade;
    folder.similarity = "dot";
  }
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
