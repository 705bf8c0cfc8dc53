#pragma once

#include <cstdint>
#include <optional>

namespace whitney::infer {

/// How the logits that the tokens of a text give a word become the word's weight: SPLADE's largest (Formal et
/// al. 2021, arXiv 2109.10086), or the sum of the first SPLADE (arXiv 2107.05720).
enum class SpladeStrategy : uint8_t { kMax, kSum };

struct SpladeSettings {
  SpladeStrategy strategy = SpladeStrategy::kMax;
  /// log(1 + max(0, logit)) takes the logarithm so many times: 1, or 2 (arXiv 2504.14839).
  int num_logs = 1;
  /// Only so many words of a text, those that weigh most, keep their weights.
  std::optional<int64_t> max_words;
};

}  // namespace whitney::infer
