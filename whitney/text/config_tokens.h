#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/value.h"
#include "whitney/text/added_tokens.h"
#include "whitney/text/vocabulary.h"

namespace whitney::text {

// What a tokenizer_config.json says of tokens, for folders whose tokenizer is made of a vocabulary: a
// tokenizer.json holds all this itself.

/// The class that made the files ("tokenizer_class"), without "Fast"; "" where none is named. Throws Error
/// that names the field.
std::string tokenizer_class_of(const Value& config);

/// The token of a role ("cls_token"), a text or an object that holds one; `otherwise` where the config does
/// not name it, nothing where it says null.
std::optional<std::string> token_of_role(const Value& config, std::string_view role,
                                         std::string_view otherwise);

/// Collects the added tokens of a tokenizer that is made of a vocabulary; of equal ones the first counts.
class ConfigTokens {
 public:
  /// Begins with those of the config's "added_tokens_decoder", whose ids may lie beyond the vocabulary, and
  /// its "additional_special_tokens". Throws Error naming the token.
  ConfigTokens(const Value& config, const Vocabulary& vocabulary);

  /// Adds the token of a role where the vocabulary has it.
  void add_role(std::string_view role, std::string_view otherwise);
  /// The token of a role and its id. Throws Error where there is none.
  std::pair<std::string, int32_t> framing(std::string_view role, std::string_view otherwise) const;
  /// What the flag "add_bos_token" or "add_eos_token" puts at an end of a text: nothing, or `framing`.
  std::vector<std::pair<std::string, int32_t>> framing_if(std::string_view flag, std::string_view role,
                                                          std::string_view otherwise) const;

  std::vector<AddedToken> tokens;

 private:
  void add_special(std::string_view content);

  const Value& config_;
  const Vocabulary& vocabulary_;
};

/// The older form of "added_tokens_decoder", an added_tokens.json {"<mask>": 50264}, in the newer one. Those
/// that the config names for a role are special.
Value added_tokens_decoder(const Value& added_tokens, const Value& config);

}  // namespace whitney::text
