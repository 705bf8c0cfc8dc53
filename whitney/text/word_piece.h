#pragma once

#include "whitney/text/piece_trie.h"
#include "whitney/text/token_model.h"

namespace whitney::text {

/// WordPiece (Wu et al. 2016) as BERT runs it: the longest token at the front, again and again, and one
/// unknown token for a word that cannot be spelt.
class WHITNEY_API WordPiece final : public TokenModel {
 public:
  explicit WordPiece(WordPieceDeclaration declaration);

 protected:
  void cut(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const override;

 private:
  PieceTrie trie_;
  uint32_t continuing_state_;  // behind "##"
  int32_t unknown_id_;
  int64_t max_characters_;
};

/// One token a word: a dictionary.
class WHITNEY_API WordLevel final : public TokenModel {
 public:
  explicit WordLevel(WordLevelDeclaration declaration);

 protected:
  void cut(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const override;

 private:
  int32_t unknown_id_;
};

}  // namespace whitney::text
