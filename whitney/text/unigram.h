#pragma once

#include <array>

#include "whitney/text/piece_trie.h"
#include "whitney/text/token_model.h"

namespace whitney::text {

/// The unigram language model (Kudo 2018): of all ways to cut a word into tokens the one of the largest
/// probability, by Viterbi's algorithm. O(bytes x longest token).
class WHITNEY_API Unigram final : public TokenModel {
 public:
  explicit Unigram(UnigramDeclaration declaration);

 protected:
  void cut(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const override;

 private:
  void find_ways(std::string_view word, std::vector<ModelScratch::Way>& ways) const;
  void append_unknown(std::string_view piece, std::vector<int32_t>& ids) const;

  PieceTrie trie_;
  std::vector<double> scores_;
  double unknown_score_ = 0;
  int32_t unknown_id_;
  bool has_byte_tokens_ = false;
  std::array<int32_t, 256> byte_ids_{};
};

}  // namespace whitney::text
