#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/text/added_tokens.h"
#include "whitney/text/normalizer.h"
#include "whitney/text/post_processor.h"
#include "whitney/text/pre_tokenizer.h"
#include "whitney/text/token_decoder.h"
#include "whitney/text/token_model.h"
#include "whitney/text/tokenizer.h"
#include "whitney/text/tokenizer_declaration.h"

namespace whitney::text {

/// What one thread encodes with: buffers and the cache of words.
struct EncodeScratch {
  NormalizerScratch normalizer;
  Words words;
  ModelScratch model;
  std::string repaired;
  std::string normalized;
  std::vector<AddedTokenFinder::Piece> raw_pieces;
  std::vector<AddedTokenFinder::Piece> pieces;
};

/// Scratch that outlives a call, so that its cache of words does: as many as threads ever were at once.
class ScratchPool {
 public:
  std::unique_ptr<EncodeScratch> take() const {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<EncodeScratch>();
    auto scratch = std::move(idle_.back());
    idle_.pop_back();
    return scratch;
  }
  void give_back(std::unique_ptr<EncodeScratch> scratch) const;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<EncodeScratch>> idle_;
};

struct Tokenizer::Parts {
  /// Throws Error naming the part that cannot be served.
  explicit Parts(TokenizerDeclaration declaration);

  /// Appends the ids of one text, special tokens included where `frame` is not null.
  void append_ids(std::string_view text, const SpecialFrame* frame, std::optional<int64_t> max_length,
                  EncodeScratch& scratch, std::vector<int32_t>& ids) const;

  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::unique_ptr<const TokenModel> model;
  AddedTokens added;
  SpecialFrame frame;
  TokenDecoder decoder;
  SpecialIds special_ids;
  std::optional<int64_t> truncation_length;
  std::optional<int64_t> model_max_length;
  Side truncation_side = Side::kRight;
  Side padding_side = Side::kRight;
  /// The pre-tokenizer asks whether a piece begins the input: Metaspace's scheme "first".
  bool heeds_start = false;
  ScratchPool scratch_pool;

 private:
  void read_sides(const TokenizerDeclaration& declaration);
  void find_special_ids(const TokenizerDeclaration& declaration);
  int32_t id_of(std::string_view token) const;
  void append_content(std::string_view text, size_t most, EncodeScratch& scratch,
                      std::vector<int32_t>& ids) const;
  bool loses_first_character(std::string_view text, EncodeScratch& scratch) const;
  void append_words(std::string_view text, bool at_start, size_t most, EncodeScratch& scratch,
                    std::vector<int32_t>& ids) const;
};

}  // namespace whitney::text
