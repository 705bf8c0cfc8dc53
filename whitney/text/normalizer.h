#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"
#include "whitney/text/regex.h"

namespace whitney::text {

/// Buffers that a caller keeps between calls, so that nothing is allocated per text.
struct NormalizerScratch {
  std::string text;
  std::vector<Span> matches;
  RegexScratch regex;
};

/// The normaliser that a tokenizer.json declares: Sequence, BertNormalizer, Lowercase, Strip, StripAccents,
/// NFC, NFD, NFKC, NFKD, Replace, Prepend, Precompiled, Nmt, ByteLevel.
class WHITNEY_API Normalizer {
 public:
  /// One step; defined in the source.
  class Step;

  /// Changes nothing.
  Normalizer();
  /// Reads the member "normalizer" of a tokenizer.json; null changes nothing. Throws Error naming a kind or a
  /// field that is unknown or damaged.
  explicit Normalizer(const Value& declaration);
  Normalizer(Normalizer&&) noexcept;
  Normalizer& operator=(Normalizer&&) noexcept;
  ~Normalizer();

  /// Normalises `text`, valid UTF-8, in place.
  void apply(std::string& text, NormalizerScratch& scratch) const;

  bool changes_nothing() const { return steps_.empty(); }

 private:
  std::vector<std::unique_ptr<const Step>> steps_;
};

}  // namespace whitney::text
