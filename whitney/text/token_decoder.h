#pragma once

#include <memory>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney::text {

/// Makes tokens text again, as a tokenizer.json declares it: WordPiece, ByteLevel, Metaspace, BPEDecoder,
/// ByteFallback, Fuse, Strip, Replace, Sequence.
class WHITNEY_API TokenDecoder {
 public:
  /// One step; defined in the source.
  class Step;

  /// Puts blanks between the tokens.
  TokenDecoder();
  /// Reads the member "decoder" of a tokenizer.json; null puts blanks between the tokens. Throws Error naming
  /// a kind or field that is unknown.
  explicit TokenDecoder(const Value& declaration);
  TokenDecoder(TokenDecoder&&) noexcept;
  TokenDecoder& operator=(TokenDecoder&&) noexcept;
  ~TokenDecoder();

  std::string decode(std::vector<std::string> tokens) const;

 private:
  std::vector<std::unique_ptr<const Step>> steps_;
};

}  // namespace whitney::text
