#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/text/gguf_vocabulary.h"

namespace whitney::text {

/// Ids of many texts, one after the other: those of text i are ids[starts[i]] .. ids[starts[i + 1] - 1].
struct TokenBatch {
  std::vector<int32_t> ids;
  std::vector<int64_t> starts = {0};

  int64_t size() const { return std::ssize(starts) - 1; }
  std::span<const int32_t> operator[](int64_t i) const {
    const auto begin = static_cast<size_t>(starts[static_cast<size_t>(i)]);
    return std::span(ids).subspan(begin, static_cast<size_t>(starts[static_cast<size_t>(i) + 1]) - begin);
  }
};

struct EncodeOptions {
  /// Puts the special tokens of the template ([CLS] .. [SEP]) around each text.
  bool add_special_tokens = true;
  /// The most ids of a text, special tokens included; what is beyond is cut off, on the side that the
  /// tokenizer's declaration names. Absent: nothing is cut.
  std::optional<int64_t> max_length;
};

/// Ids of the tokens with a part to play, where the vocabulary has them.
struct SpecialIds {
  std::optional<int32_t> pad, unk, cls, sep, mask, bos, eos;
};

enum class Side : uint8_t { kLeft, kRight };

/// A tokenizer as Hugging Face's `tokenizers` library and llama.cpp declare them: added tokens, normaliser,
/// pre-tokenizer, model (WordPiece, BPE, Unigram, WordLevel), special tokens, decoder. Gives the ids that the
/// library gives. Parts that it cannot serve are refused by name. Const calls are safe from many threads.
class WHITNEY_API Tokenizer {
 public:
  /// Opens a folder (tokenizer.json, else vocab.txt, else vocab.json with merges.txt; tokenizer_config.json
  /// and special_tokens_map.json are heeded) or one tokenizer.json or vocab.txt. lower_case: texts are
  /// brought to lower case before all else but the cut at added tokens. Throws Error naming file and field.
  static Tokenizer open(const std::string& path, bool lower_case = false);
  /// Reads the text of a tokenizer.json; `where` begins errors.
  static Tokenizer parse(std::string_view json, std::string_view where);
  /// Makes the tokenizer of a GGUF file; `where` begins errors.
  static Tokenizer of_gguf(const GgufVocabulary& vocabulary, std::string_view where);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Replaces `out` by the ids of `texts` (bytes that are no UTF-8 are read as U+FFFD). The same ids for any
  /// number of threads. Throws Error when max_length has no room for the special tokens, when a text has 1
  /// GiB or more, and when a word cannot be spelt in a vocabulary without an unknown token.
  void encode(const Context& context, std::span<const std::string_view> texts, const EncodeOptions& options,
              TokenBatch& out) const;
  /// As above, of one text on the calling thread.
  std::vector<int32_t> encode(std::string_view text, const EncodeOptions& options = {}) const;

  /// The text that ids stand for; ids without a token are left out, special tokens if asked to.
  std::string decode(std::span<const int32_t> ids, bool skip_special_tokens = true) const;

  /// One more than the largest id.
  int64_t vocabulary_size() const;
  std::optional<int32_t> id_of(std::string_view token) const;
  /// Nothing where no token has the id. Valid as long as the tokenizer.
  std::optional<std::string_view> token_of(int32_t id) const;
  /// Says that the id is a special token: decode can leave it out.
  bool is_special(int32_t id) const;
  const SpecialIds& special_ids() const;

  /// What add_special_tokens puts before and behind a text.
  std::span<const int32_t> leading_special_tokens() const;
  std::span<const int32_t> trailing_special_tokens() const;
  int64_t num_special_tokens() const {
    return std::ssize(leading_special_tokens()) + std::ssize(trailing_special_tokens());
  }

  /// The length that the declaration truncates to (tokenizer.json, "truncation"), which encode heeds only
  /// when it is given as max_length; and tokenizer_config.json's "model_max_length", absent where it is above
  /// 2^31.
  std::optional<int64_t> truncation_length() const;
  std::optional<int64_t> model_max_length() const;
  Side truncation_side() const;
  /// Where a batch is padded: "padding_side" of tokenizer_config.json, else "padding" of tokenizer.json.
  Side padding_side() const;

 private:
  struct Parts;
  explicit Tokenizer(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

}  // namespace whitney::text
