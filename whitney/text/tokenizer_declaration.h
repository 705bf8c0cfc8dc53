#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/value.h"
#include "whitney/text/added_tokens.h"
#include "whitney/text/gguf_vocabulary.h"
#include "whitney/text/token_model.h"
#include "whitney/text/tokenizer.h"

namespace whitney::text {

/// The parts of a tokenizer, whatever file they come from; JSON as in a tokenizer.json.
struct TokenizerDeclaration {
  ModelDeclaration model;
  std::vector<AddedToken> added_tokens;
  Value normalizer;
  Value pre_tokenizer;
  Value post_processor;
  Value decoder;
  Value truncation;
  Value padding;
  /// tokenizer_config.json, completed by special_tokens_map.json; null where there is none.
  Value config;
  /// Known already; the others are looked for by name.
  SpecialIds special_ids;
};

/// Reads a whole tokenizer.json.
TokenizerDeclaration read_tokenizer_json(const Value& file);

/// BERT's pipeline over a vocab.txt, heeding do_lower_case, tokenize_chinese_chars and strip_accents.
/// Throws Error when the vocabulary lacks the tokens around a text or the unknown one.
TokenizerDeclaration declare_bert(Vocabulary vocabulary, const Value& config);

/// The byte-level pipeline over a vocab.json and a merges.txt, by the tokenizer_class of
/// tokenizer_config.json (GPT2Tokenizer, RobertaTokenizer, Qwen2Tokenizer). Throws Error when it names none,
/// or another.
TokenizerDeclaration declare_byte_level(const Value& vocabulary, std::string_view merges,
                                        const Value& config);

/// What llama.cpp does for a GGUF file. Throws Error naming a model or pre-tokenizer that is unknown.
TokenizerDeclaration declare_gguf(const GgufVocabulary& vocabulary);

/// Pre-tokenizers by the names that GGUF files give them. Throws Error for others.
struct BytePairStyle {
  Value normalizer;
  Value pre_tokenizer;
  bool ignore_merges = false;
  bool add_bos = false;
};
BytePairStyle byte_pair_style(std::string_view name);

/// JSON of common parts.
Value template_around(const std::vector<std::pair<std::string, int32_t>>& leading,
                      const std::vector<std::pair<std::string, int32_t>>& trailing);
Value typed(std::string_view type, Value::Object members = {});

}  // namespace whitney::text
