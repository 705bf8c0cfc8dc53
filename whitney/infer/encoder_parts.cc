#include "whitney/infer/encoder_parts.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "whitney/core/error.h"
#include "whitney/infer/architecture.h"
#include "whitney/infer/gguf_tokenizer.h"
#include "whitney/infer/model_parts.h"
#include "whitney/infer/pooling.h"
#include "whitney/infer/text_frames.h"

namespace whitney::infer {
namespace {

bool has_tokenizer_files(const std::string& folder) {
  for (const char* name : {"tokenizer.json", "vocab.txt", "vocab.json"}) {
    if (std::filesystem::exists(std::filesystem::path(folder) / name)) return true;
  }
  return false;
}

Encoder::Parts::Step read_step(const Context& context, const ModelModule& module) {
  Encoder::Parts::Step step;
  step.kind = module.kind;
  if (module.kind == ModuleKind::kNormalize) return step;
  const Weights weights = Weights::open(module.folder);
  if (module.kind == ModuleKind::kLayerNorm) {
    step.norm.weight = weights.vector("norm.weight", module.dim, context);
    step.norm.bias = weights.vector("norm.bias", module.dim, context);
    return step;
  }
  const DenseSettings& dense = module.dense;
  const Matrix weight = weights.matrix("linear.weight", dense.out, dense.in, context);
  Array<float> bias;
  if (dense.bias) bias = weights.vector("linear.bias", dense.out, context);
  step.dense = Linear(DenseWeights(weight, bias.span()), dense.activation);
  return step;
}

// What sentence-transformers mixes layers by: nothing where the transformer does not hand out their states.
std::vector<float> read_layer_weights(const Context& context, const ModelModule& module,
                                      const ModelConfig& config, int64_t num_layers) {
  if (!config.flag("output_hidden_states", false)) return {};
  if (module.layer_start > num_layers) {
    fail(module.folder, ": layer_start ", module.layer_start, " is beyond the model's ", num_layers,
         " layers");
  }
  const Array<float> weights =
      Weights::open(module.folder).vector("layer_weights", num_layers + 1 - module.layer_start, context);
  double total = 0;
  for (const float weight : weights.span()) total += static_cast<double>(weight);
  if (!(std::abs(total) > 0)) fail(module.folder, ": the weights of the layers add up to ", total);
  return {weights.begin(), weights.end()};
}

// An option of attention=prefix_lm and another that puts tokens around a text.
void check_prefix_lm(const EncodeOptions& options) {
  if (options.attention != AttentionSwitch::kPrefixLm) return;
  if (options.echo || options.frame || options.long_texts != LongTexts::kCut) {
    fail("attention=prefix_lm takes ", options.long_texts != LongTexts::kCut
                                           ? "long_texts=cut only"
                                           : "a prompt, and neither echo nor frame");
  }
}

}  // namespace

std::unique_ptr<const Encoder::Parts> Encoder::Parts::open(const Context& context, const std::string& path,
                                                           Precision precision) {
  auto parts = std::make_unique<Parts>();
  parts->precision = precision;
  parts->folder = ModelFolder::open(path);
  const ModelFolder& folder = parts->folder;
  for (const ModelModule& module : folder.modules) {
    switch (module.kind) {
      case ModuleKind::kTransformer:
        parts->transformer = make_transformer({*folder.config, folder.weights(), context, precision});
        break;
      case ModuleKind::kStaticEmbedding:
        parts->table.emplace(folder.weights());
        break;
      case ModuleKind::kPooling:
        parts->pooling = module.pooling;
        break;
      case ModuleKind::kWeightedLayerPooling:
        parts->layer_weights =
            read_layer_weights(context, module, *folder.config, std::ssize(parts->transformer->layers));
        break;
      case ModuleKind::kWordWeights:
        parts->token_weights = TokenWeights::of_module(
            ModelConfig::read((std::filesystem::path(module.folder) / "config.json").string()));
        break;
      case ModuleKind::kDropout:
      case ModuleKind::kSpladePooling:
        break;
      default:
        parts->steps.push_back(read_step(context, module));
    }
  }
  if (folder.gguf != nullptr) {
    parts->tokenizer = text::Tokenizer::of_gguf(vocabulary_of(*folder.gguf), path);
  } else if (has_tokenizer_files(folder.transformer_folder)) {
    parts->tokenizer = text::Tokenizer::open(folder.transformer_folder, folder.do_lower_case);
  }
  return parts;
}

const MaskedLmHead& Encoder::Parts::masked_lm_head(const Context& context) const {
  std::call_once(head_once, [&] {
    head.emplace(ModelSource{*folder.config, folder.weights(), context, precision}, *transformer);
  });
  return *head;
}

EncodeOptions Encoder::Parts::resolved(const EncodeOptions& options) const {
  EncodeOptions resolved = options;
  if (!resolved.output) resolved.output = folder.splade ? EncodeOutput::kSparse : EncodeOutput::kDense;
  return resolved;
}

std::vector<PoolingMode> Encoder::Parts::modes(const EncodeOptions& options) const {
  return options.pooling.empty() ? pooling.modes : options.pooling;
}

std::vector<float> Encoder::Parts::layers_mixed(const EncodeOptions& options) const {
  if (options.output == EncodeOutput::kSparse) return {};  // words are weighed by the last layer's states
  if (options.last_layers) return std::vector<float>(static_cast<size_t>(*options.last_layers), 1.0f);
  return layer_weights;
}

void Encoder::Parts::check_layers(const EncodeOptions& options) const {
  const int64_t num_layers = std::ssize(transformer->layers);
  if (options.layer && *options.layer > num_layers)
    fail("layer ", *options.layer, " is beyond the model's ", num_layers, " layers");
  if (options.last_layers && *options.last_layers > options.layer.value_or(num_layers)) {
    fail("last_layers ", *options.last_layers, " is above the ", options.layer.value_or(num_layers),
         " layers that are run");
  }
  if (options.last_layers && options.output == EncodeOutput::kSparse)
    fail("last_layers does not apply to output=sparse, which weighs words by the last layer's states");
  if (options.layer && !options.last_layers && !layers_mixed(options).empty()) {
    fail(folder.path, ": mixes all its layers by stored weights, so layer needs last_layers beside it");
  }
}

void Encoder::Parts::check(const EncodeOptions& options) const {
  if (!transformer &&
      (options.output != EncodeOutput::kDense || options.layer || options.last_layers || options.echo ||
       !options.pooling.empty() || options.last_tokens || options.skip_first_tokens ||
       options.token_weights || options.attention != AttentionSwitch::kModel)) {
    fail(folder.path,
         ": a static model has no layers: output, layer, last_layers, pooling, last_tokens, "
         "skip_first_tokens, token_weights, attention and echo do not apply");
  }
  if (folder.splade && options.output == EncodeOutput::kDense) {
    fail(folder.path,
         ": gives weights of words (SPLADE), and has no Pooling that would make one vector of a text "
         "(expected: output=sparse, or none)");
  }
  if (options.prompt && options.prompt_name) fail("prompt and prompt_name are both given; one is expected");
  if (options.output != EncodeOutput::kDense && options.long_texts != LongTexts::kCut) {
    fail("long_texts=", name_of_enum(options.long_texts), " gives vectors, so output must be dense, not ",
         name_of_enum(*options.output));
  }
  if ((options.echo || options.frame) && options.long_texts != LongTexts::kCut)
    fail(options.echo ? "echo" : "frame", " takes long_texts=cut only");
  if (options.frame) {
    const TextFrames frames = frames_of(*options.frame);
    if (options.echo) fail("echo and frame are both given; one is expected");
    if (frames.asks_for_a_word && options.output != EncodeOutput::kDense) {
      fail("frame=", *options.frame, " gives one vector a text, so output must be dense, not ",
           name_of_enum(*options.output));
    }
  }
  check_prefix_lm(options);
  if (transformer) check_layers(options);
  if (options.token_weights && !tokenizer)
    fail(folder.transformer_folder, ": has no tokenizer, whose tokens token_weights could name");
  if (options.max_length && transformer && *options.max_length > transformer->max_tokens) {
    fail("max_length ", *options.max_length, " is above the model's ", transformer->max_tokens, " positions");
  }
}

PieceSettings Encoder::Parts::piece_settings(const EncodeOptions& options) const {
  PieceSettings settings;
  settings.most_tokens = transformer ? transformer->max_tokens : kUnlimited;
  settings.window = options.max_length ? options.max_length : folder.max_length;
  if (settings.most_tokens < kUnlimited) {
    settings.window = std::min(settings.window.value_or(settings.most_tokens), settings.most_tokens);
  }
  settings.prompt = options.prompt ? *options.prompt : folder.prompt(options.prompt_name);
  settings.suffix = folder.suffix;
  settings.include_prompt = options.include_prompt.value_or(pooling.include_prompt);
  settings.special_tokens = transformer.has_value();
  return settings;
}

int64_t Encoder::Parts::batch_tokens(int threads) const {
  constexpr int64_t kBudget = 48 << 20, kMost = 512, kLeast = 64;
  const int64_t least = transformer->workspace_bytes(kLeast, 1);
  const int64_t a_token = (transformer->workspace_bytes(kMost, 1) - least) / (kMost - kLeast);
  return std::clamp((kBudget / threads - least) / a_token, kLeast, kMost);
}

}  // namespace whitney::infer
