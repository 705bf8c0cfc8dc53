#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/infer/model_config.h"
#include "whitney/text/tokenizer.h"

namespace whitney::infer {

/// What each token of a vocabulary weighs in pooling, such as its idf. Empty: every token weighs 1.
class TokenWeights {
 public:
  TokenWeights() = default;

  /// Reads the config.json of a WordWeights module of sentence-transformers: "vocab" in the order of the ids,
  /// "word_weights" by token, "unknown_word_weight" for those that have none. A token without a weight takes
  /// that of its lower-case form.
  static TokenWeights of_module(const ModelConfig& config);
  /// Reads a table for a tokenizer's vocabulary: a JSON object of weights by token, where a token without
  /// one weighs 1; or a module's config.json, whose "vocab" is not looked at. Throws Error that names file
  /// and token.
  static TokenWeights of_table(const std::string& path, const text::Tokenizer& tokenizer);

  bool empty() const { return by_id_.empty(); }
  /// The weights of tokens, none where this is empty.
  std::vector<float> of(std::span<const int32_t> ids) const;

 private:
  TokenWeights(const ModelConfig& words, double unknown, int64_t num_tokens,
               const std::function<std::string_view(int64_t id)>& token_of);

  std::vector<float> by_id_;
  // Of an id beyond the vocabulary.
  float unknown_ = 1;
};

}  // namespace whitney::infer
