#include "whitney/infer/encoder_parts.h"

#include <algorithm>
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
      case ModuleKind::kDropout:
        break;
      default:
        parts->steps.push_back(read_step(context, module));
    }
  }
  if (folder.gguf != nullptr) {
    parts->tokenizer = text::Tokenizer::of_gguf(vocabulary_of(*folder.gguf), path);
  } else if (has_tokenizer_files(folder.transformer_folder)) {
    parts->tokenizer = text::Tokenizer::open(folder.transformer_folder);
  }
  return parts;
}

const MaskedLmHead& Encoder::Parts::masked_lm_head(const Context& context) const {
  std::call_once(head_once, [&] {
    head.emplace(ModelSource{*folder.config, folder.weights(), context, precision}, *transformer);
  });
  return *head;
}

std::vector<PoolingMode> Encoder::Parts::modes(const EncodeOptions& options) const {
  return options.pooling.empty() ? pooling.modes : options.pooling;
}

void Encoder::Parts::check(const EncodeOptions& options) const {
  if (!transformer && (options.output != EncodeOutput::kDense || options.layer || options.echo ||
                       !options.pooling.empty() || options.attention != AttentionSwitch::kModel)) {
    fail(folder.path,
         ": a static model has no layers: output, layer, pooling, attention and echo do not apply");
  }
  if (options.prompt && options.prompt_name) fail("prompt and prompt_name are both given; one is expected");
  if (options.output != EncodeOutput::kDense && options.long_texts != LongTexts::kCut) {
    fail("long_texts=", name_of_enum(options.long_texts), " gives vectors, so output must be dense, not ",
         name_of_enum(options.output));
  }
  if ((options.echo || options.frame) && options.long_texts != LongTexts::kCut)
    fail(options.echo ? "echo" : "frame", " takes long_texts=cut only");
  if (options.frame) {
    const TextFrames frames = frames_of(*options.frame);
    if (options.echo) fail("echo and frame are both given; one is expected");
    if (frames.asks_for_a_word && options.output != EncodeOutput::kDense) {
      fail("frame=", *options.frame, " gives one vector a text, so output must be dense, not ",
           name_of_enum(options.output));
    }
  }
  if (options.layer && *options.layer > std::ssize(transformer->layers)) {
    fail("layer ", *options.layer, " is beyond the model's ", transformer->layers.size(), " layers");
  }
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
  settings.include_prompt = options.include_prompt.value_or(pooling.include_prompt);
  settings.lower_case = folder.do_lower_case;
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
