#include "whitney/infer/token_weights.h"

#include <cmath>
#include <optional>
#include <unordered_map>

#include "whitney/core/error.h"
#include "whitney/text/unicode.h"

namespace whitney::infer {
namespace {

using WeightOfWord = std::unordered_map<std::string, float>;

WeightOfWord weights_of_words(const ModelConfig& words) {
  WeightOfWord weights;
  for (const auto& [word, value] : words.root().as_object()) {
    const float weight = value.is_number() ? static_cast<float>(value.as_real()) : NAN;
    if (!std::isfinite(weight)) words.fail_field(word, "the weight of a token, a finite number");
    weights.emplace(word, weight);
  }
  return weights;
}

std::optional<float> weight_of(const WeightOfWord& weights, const std::string& word) {
  const auto found = weights.find(word);
  return found == weights.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

TokenWeights::TokenWeights(const ModelConfig& words, double unknown, int64_t num_tokens,
                           const std::function<std::string_view(int64_t id)>& token_of)
    : unknown_(static_cast<float>(unknown)) {
  const WeightOfWord weights = weights_of_words(words);
  by_id_.reserve(static_cast<size_t>(num_tokens));
  for (int64_t id = 0; id < num_tokens; ++id) {
    const std::string token(token_of(id));
    std::optional<float> weight = weight_of(weights, token);
    if (!weight) {
      std::string lower;
      text::append_lower_case(token, lower);
      weight = weight_of(weights, lower);
    }
    by_id_.push_back(weight.value_or(unknown_));
  }
}

TokenWeights TokenWeights::of_module(const ModelConfig& config) {
  const std::vector<std::string> vocabulary = config.texts("vocab");
  const std::optional<ModelConfig> words = config.section("word_weights");
  if (!words) fail(config.where(), ": has no \"word_weights\"");
  return {*words, config.real("unknown_word_weight", 1), std::ssize(vocabulary),
          [&](int64_t id) { return std::string_view(vocabulary[static_cast<size_t>(id)]); }};
}

TokenWeights TokenWeights::of_table(const std::string& path, const text::Tokenizer& tokenizer) {
  const ModelConfig table = ModelConfig::read(path);
  // A token may be called "word_weights"; its weight is no object.
  const Value* section = table.root().find("word_weights");
  const bool is_module = section != nullptr && section->is_object();
  const ModelConfig words = is_module ? *table.section("word_weights") : table;
  return {words, is_module ? table.real("unknown_word_weight", 1) : 1, tokenizer.vocabulary_size(),
          [&](int64_t id) { return tokenizer.token_of(static_cast<int32_t>(id)).value_or(""); }};
}

std::vector<float> TokenWeights::of(std::span<const int32_t> ids) const {
  std::vector<float> weights;
  if (empty()) return weights;
  weights.reserve(ids.size());
  for (const int32_t id : ids) {
    const auto at = static_cast<size_t>(id);
    weights.push_back(id >= 0 && at < by_id_.size() ? by_id_[at] : unknown_);
  }
  return weights;
}

}  // namespace whitney::infer
