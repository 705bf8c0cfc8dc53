#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/infer/encode_options.h"
#include "whitney/text/tokenizer.h"

namespace whitney::infer {

/// Tokens [begin, end) of a piece, which make one vector.
struct PooledSpan {
  int64_t piece = 0;
  int64_t begin = 0;
  int64_t end = 0;
  /// Tokens of a prompt before them that are left out, and still count where tokens weigh by their places.
  int64_t places_before = 0;
};

/// What options skip_first_tokens and last_tokens leave of a span: its last token at least, where it has any.
PooledSpan pooled_part(PooledSpan span, const EncodeOptions& options);

/// Texts as a model runs them: pieces of tokens, and which of their tokens make which vector.
struct TextPieces {
  text::TokenBatch tokens;
  std::vector<PooledSpan> spans;
  /// The spans of text i are [starts[i], starts[i + 1]).
  std::vector<int64_t> starts{0};
  /// With attention=prefix_lm: tokens at the beginning of each piece that belong to the prompt; else empty.
  std::vector<int64_t> prefixes;

  int64_t num_texts() const { return std::ssize(starts) - 1; }
};

/// What bounds and frames a text.
struct PieceSettings {
  /// The most tokens of a window, special tokens inside; absent: no bound.
  std::optional<int64_t> window;
  /// The most tokens that the model can run at once.
  int64_t most_tokens = 0;
  /// Put before each text, and behind it; what is behind it is never cut off.
  std::string prompt, suffix;
  bool include_prompt = true;
  bool special_tokens = true;
};

/// Tokenises texts and cuts them as the options say. Throws Error when a window has no room for a token.
TextPieces cut_texts(const Context& context, const text::Tokenizer& tokenizer,
                     std::span<const std::string_view> texts, const EncodeOptions& options,
                     const PieceSettings& settings);

/// Each text of a batch is one piece and makes one vector.
TextPieces whole_pieces(text::TokenBatch tokens);

}  // namespace whitney::infer
