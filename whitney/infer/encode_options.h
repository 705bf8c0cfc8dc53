#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/options.h"
#include "whitney/infer/model_folder.h"

namespace whitney::infer {

inline constexpr auto enum_names(PoolingMode) {
  return std::array{"cls", "max", "mean", "mean_sqrt", "weighted_mean", "last"};
}

/// What comes out for a text: one vector; its tokens' states; or weights of the vocabulary's words (SPLADE).
enum class EncodeOutput : uint8_t { kDense, kTokens, kSparse };
inline constexpr auto enum_names(EncodeOutput) { return std::array{"dense", "tokens", "sparse"}; }

/// What becomes of a text with more tokens than max_length. kCut: its beginning counts. kMean: windows are
/// run one by one and their vectors averaged, each weighing its tokens. kLate: the text is run whole, or in
/// the largest parts that the model can run, and every window of its states gives a vector (late chunking,
/// arXiv 2409.04701). A prompt stands before every window that is run.
enum class LongTexts : uint8_t { kCut, kMean, kLate };
inline constexpr auto enum_names(LongTexts) { return std::array{"cut", "mean", "late"}; }

/// kPrefixLm: the prompt's tokens see each other, those behind it see what comes before them.
enum class AttentionSwitch : uint8_t { kModel, kCausal, kBidirectional, kPrefixLm };
inline constexpr auto enum_names(AttentionSwitch) {
  return std::array{"model", "causal", "bidirectional", "prefix_lm"};
}

/// How texts become vectors. The defaults are what the model's own files say.
struct EncodeOptions {
  std::optional<std::string> prompt_name;
  std::optional<std::string> prompt;
  std::optional<std::string> frame;
  std::vector<PoolingMode> pooling;
  std::optional<bool> include_prompt;
  std::optional<int64_t> skip_first_tokens;
  std::optional<int64_t> last_tokens;
  std::optional<Path> token_weights;
  std::optional<int64_t> layer;
  std::optional<int64_t> last_layers;
  std::optional<int64_t> dim;
  std::optional<bool> normalize;
  std::optional<int64_t> max_length;
  LongTexts long_texts = LongTexts::kCut;
  int64_t overlap = 0;
  bool echo = false;
  AttentionSwitch attention = AttentionSwitch::kModel;
  std::optional<EncodeOutput> output;

  void fields(auto&& field) {
    field("prompt_name", prompt_name, "The model's prompt put before each text (\"query\", \"document\")");
    field("prompt", prompt, "A text put before each text, instead of a prompt of the model");
    field("frame", frame,
          "What each text is put into, {} standing for it; instruct:TASK is \"Instruct: TASK\" and on the "
          "next line "
          "\"Query: {}\", as models that follow instructions take queries; prompt_eol, prompt_eol_icl "
          "(behind a "
          "demonstration) and meta_eol are those that ask a decoder for one word, whose state is the vector, "
          "or the mean of eight such");
    field("pooling", pooling, "Makes one vector of a text's states; several are laid side by side");
    field("include_prompt", include_prompt, "Lets the prompt's tokens take part in pooling");
    field("skip_first_tokens", skip_first_tokens, Range{1, 1 << 20},
          "Leaves so many tokens at the beginning out of pooling, special tokens and prompt counted: a "
          "decoder's "
          "first is often an attention sink, whose state tells little of the text");
    field("last_tokens", last_tokens, Range{1, 1 << 20},
          "Pools the last so many tokens of a text only, special tokens included");
    field("token_weights", token_weights,
          "JSON file of weights by token (idf, say), {\"play\": 2.5}, that pooling multiplies states by and "
          "means divide by; 1 where a token has none");
    field("layer", layer, Range{1, 4096}, "Stops after so many layers");
    field("last_layers", last_layers, Range{1, 4096}, "Means each token's states of the last so many layers");
    field("dim", dim, Range{1, 65536}, "Keeps the first coordinates only, and normalises again");
    field("normalize", normalize, "Gives vectors of length 1");
    field("max_length", max_length, Range{1, 1 << 20}, "Tokens of a text, special tokens included");
    field("long_texts", long_texts,
          "What becomes of longer texts: their beginning, the mean of windows, or a "
          "vector for each window of one run");
    field("overlap", overlap, Range{0, 1 << 19}, "Tokens that neighbouring windows share");
    field("echo", echo, "Gives a decoder each text twice and pools the second (echo embeddings)");
    field("attention", attention,
          "Whether tokens see later ones; with prefix_lm those of the prompt do, within it");
    field("output", output,
          "A vector, the states of all tokens, or weights of the vocabulary's words; absent: a vector, or "
          "weights of words where the model has a SpladePooling");
  }
};

}  // namespace whitney::infer
