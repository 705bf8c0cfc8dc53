#include "whitney/infer/encoder.h"

#include <algorithm>
#include <initializer_list>

#include "whitney/core/error.h"
#include "whitney/infer/encoder_parts.h"
#include "whitney/infer/latent_attention.h"
#include "whitney/infer/not_finite.h"
#include "whitney/infer/pooling.h"
#include "whitney/infer/text_frames.h"

namespace whitney::infer {
namespace {

// Tokens that texts of so many become under the options: echo runs each text twice, a frame adds its own.
int64_t tokens_run(int64_t num_texts, int64_t num_tokens, const EncodeOptions& options) {
  if (options.echo) return 2 * num_tokens + 8 * num_texts;
  if (!options.frame) return num_tokens;
  int64_t num_run = 0;
  for (const TextFrame& frame : frames_of(*options.frame).frames)
    num_run += num_tokens + num_texts * std::ssize(frame.before + frame.behind) / 4;
  return num_run;
}

int64_t num_frames(const EncodeOptions& options) {
  return options.frame ? std::ssize(frames_of(*options.frame).frames) : 1;
}

Encoding run(const Context& context, const Encoder::Parts& parts, const TextPieces& pieces,
             const EncodeOptions& options) {
  Encoding encoding;
  switch (*options.output) {
    case EncodeOutput::kTokens: {
      encoding.starts = pieces.tokens.starts;
      Matrix states = parts.states(context, pieces, options);
      if (options.dim || options.normalize.value_or(false)) {
        states =
            parts.cut_and_normalized(context, std::move(states), options, options.normalize.value_or(false));
      }
      encoding.vectors = std::move(states);
      break;
    }
    case EncodeOutput::kSparse:
      parts.weigh_words(context, pieces, options, encoding);
      break;
    case EncodeOutput::kDense: {
      const bool averages = options.long_texts == LongTexts::kMean || num_frames(options) > 1;
      if (options.long_texts == LongTexts::kLate) encoding.starts = pieces.starts;
      encoding.vectors = parts.finished(context, parts.pooled(context, pieces, options),
                                        averages ? &pieces : nullptr, options);
      break;
    }
  }
  check_finite(context, parts.folder.path, encoding);
  return encoding;
}

// Says what the folder lacks, or how to make a tokenizer.json of what it has.
[[noreturn]] void fail_without_tokenizer(const std::string& folder) {
  static_cast<void>(text::Tokenizer::open(folder));
  fail(folder, ": had no tokenizer when the model was opened; open it again");
}

std::optional<std::string> first_prompt(const ModelFolder& folder,
                                        std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const auto& [known, prompt] : folder.prompts) {
      if (known == name && !prompt.empty()) return known;
    }
  }
  return std::nullopt;
}

// Says which options change nothing beside the others.
void note_idle_options(const Context& context, const EncodeOptions& options, bool has_prompt) {
  if (options.overlap > 0 && options.long_texts == LongTexts::kCut) {
    context.note("overlap has no effect with long_texts=cut");
  }
  if (options.include_prompt && (!has_prompt || options.echo)) {
    context.note("include_prompt has no effect without a prompt, nor with echo");
  }
  if (options.output != EncodeOutput::kDense && (!options.pooling.empty() || options.last_tokens ||
                                                 options.skip_first_tokens || options.token_weights)) {
    context.note(
        "pooling, last_tokens, skip_first_tokens and token_weights have no effect unless output=dense");
  }
  if (options.attention == AttentionSwitch::kPrefixLm && !has_prompt) {
    context.note("attention=prefix_lm is causal where there is no prompt");
  }
  if (options.frame && frames_of(*options.frame).asks_for_a_word &&
      (!options.pooling.empty() || options.include_prompt)) {
    context.note(concat("pooling and include_prompt have no effect with frame=", *options.frame,
                        ", which takes the last token"));
  }
}

TextPieces cut(const Context& context, const Encoder::Parts& parts, std::span<const std::string_view> texts,
               const EncodeOptions& options) {
  parts.check(options);
  if (!parts.tokenizer) fail_without_tokenizer(parts.folder.transformer_folder);
  return cut_texts(context, *parts.tokenizer, texts, options, parts.piece_settings(options));
}

}  // namespace

Encoder::Encoder(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

Encoder Encoder::open(const Context& context, const std::string& path, Precision precision) {
  return Encoder(Parts::open(context, path, precision));
}

Encoding Encoder::encode(const Context& context, std::span<const std::string_view> texts,
                         const EncodeOptions& given) const {
  const EncodeOptions options = parts_->resolved(given);
  const TextPieces pieces = cut(context, *parts_, texts, options);
  note_idle_options(context, options, !parts_->piece_settings(options).prompt.empty());
  return run(context, *parts_, pieces, options);
}

text::TokenBatch Encoder::tokens_of(const Context& context, std::span<const std::string_view> texts,
                                    const EncodeOptions& given) const {
  const EncodeOptions options = parts_->resolved(given);
  if (options.long_texts != LongTexts::kCut)
    fail("long_texts=", name_of_enum(options.long_texts), " runs more than one piece of a text");
  return cut(context, *parts_, texts, options).tokens;
}

Encoding Encoder::encode_tokens(const Context& context, text::TokenBatch tokens,
                                const EncodeOptions& given) const {
  const EncodeOptions options = parts_->resolved(given);
  parts_->check(options);
  return run(context, *parts_, whole_pieces(std::move(tokens)), options);
}

EncodeOutput Encoder::output(const EncodeOptions& options) const { return *parts_->resolved(options).output; }

int64_t Encoder::dim(const EncodeOptions& given) const {
  const EncodeOptions options = parts_->resolved(given);
  parts_->check(options);
  if (options.output == EncodeOutput::kSparse) return parts_->transformer->vocabulary_size();
  if (options.dim) return *options.dim;
  int64_t dim = parts_->width();
  if (options.output == EncodeOutput::kTokens || !parts_->transformer) return dim;
  dim = pooled_dim(parts_->modes(options), dim);
  for (const Parts::Step& step : parts_->steps) {
    if (step.kind == ModuleKind::kDense) dim = step.dense.out();
  }
  return dim;
}

int64_t Encoder::num_layers() const {
  return parts_->transformer ? std::ssize(parts_->transformer->layers) : 0;
}

Precision Encoder::precision() const { return parts_->precision; }

const text::Tokenizer* Encoder::tokenizer() const {
  return parts_->tokenizer ? &*parts_->tokenizer : nullptr;
}

std::optional<std::string> Encoder::query_prompt() const { return first_prompt(parts_->folder, {"query"}); }

std::optional<std::string> Encoder::document_prompt() const {
  return first_prompt(parts_->folder, {"document", "passage", "corpus"});
}

const std::string& Encoder::similarity() const { return parts_->folder.similarity; }

std::optional<int64_t> Encoder::max_length() const { return parts_->piece_settings({}).window; }

const ModelFolder& Encoder::folder() const { return parts_->folder; }

int64_t Encoder::weights_bytes() const {
  if (!parts_->transformer) return 0;
  int64_t bytes = 0;
  for (const TransformerLayer& layer : parts_->transformer->layers) {
    for (const Linear* linear : {&layer.qkv, &layer.attention_out, &layer.up, &layer.down})
      bytes += linear->size_bytes();
  }
  if (parts_->transformer->latents != nullptr) bytes += parts_->transformer->latents->size_bytes();
  return bytes;
}

double Encoder::flops_per_token() const {
  if (!parts_->transformer) return 0;
  double flops = 0;
  for (const TransformerLayer& layer : parts_->transformer->layers) {
    for (const Linear* linear : {&layer.qkv, &layer.attention_out, &layer.up, &layer.down})
      flops += 2.0 * static_cast<double>(linear->in()) * static_cast<double>(linear->out());
  }
  if (parts_->transformer->latents != nullptr) flops += parts_->transformer->latents->flops();
  return flops;
}

CostEstimate Encoder::estimate(const Context& context, int64_t num_texts, int64_t num_tokens,
                               const EncodeOptions& given) const {
  const EncodeOptions options = parts_->resolved(given);
  num_tokens = tokens_run(num_texts, num_tokens, options);
  const std::optional<int64_t> window = parts_->piece_settings(options).window;
  const int64_t num_pieces = std::max<int64_t>(1, num_texts * num_frames(options));
  if (options.long_texts == LongTexts::kCut && window && *window < num_tokens / num_pieces)
    num_tokens = num_pieces * *window;
  constexpr double kFlopsAThread = 8e10;  // half of what one core with AVX-512 reaches
  const int threads = context.num_threads();
  const int64_t rows = options.output == EncodeOutput::kTokens ? num_tokens : num_texts;
  CostEstimate cost;
  cost.peak_bytes = weights_bytes() + rows * dim(options) * 4 + num_tokens * 4;
  if (parts_->transformer) {
    const int64_t tokens = std::min(num_tokens, parts_->batch_tokens(threads));
    cost.peak_bytes += threads * parts_->transformer->workspace_bytes(tokens, 1);
  }
  cost.seconds = static_cast<double>(num_tokens) * flops_per_token() / (kFlopsAThread * threads);
  return cost;
}

}  // namespace whitney::infer
