#include "whitney/text/word_piece.h"

#include <algorithm>
#include <utility>

#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

// Says whether a word has more characters than `most`; looks at no more of it than that takes.
bool is_longer(std::string_view word, int64_t most) {
  if (std::ssize(word) <= most) return false;
  for (size_t at = 0; at < word.size(); at += length_by_lead(word[at])) {
    if (most-- == 0) return true;
  }
  return false;
}

PieceTrie trie_of(const Vocabulary& vocabulary) {
  std::vector<std::pair<std::string_view, int32_t>> pieces;
  for (int64_t id = 0; id < vocabulary.size(); ++id) {
    const auto token = vocabulary.token_of(id);
    // A line that stands twice in a vocab.txt has two ids, of which the later is found.
    if (token && vocabulary.find(*token) == id) pieces.emplace_back(*token, static_cast<int32_t>(id));
  }
  return PieceTrie(std::move(pieces));
}

}  // namespace

WordPiece::WordPiece(WordPieceDeclaration declaration)
    : TokenModel(std::move(declaration.vocabulary)),
      trie_(trie_of(vocabulary())),
      continuing_state_(trie_.state_of(declaration.continuing_prefix)),
      unknown_id_(vocabulary().find(declaration.unknown)),
      max_characters_(declaration.max_characters) {}

void WordPiece::cut(std::string_view word, ModelScratch& /*scratch*/, std::vector<int32_t>& ids) const {
  const size_t first = ids.size();
  const auto give_up = [&] {
    if (unknown_id_ == kNoToken) fail_without_unknown(word);
    ids.resize(first);
    ids.push_back(unknown_id_);
  };
  if (is_longer(word, max_characters_)) return give_up();
  for (size_t begin = 0; begin < word.size();) {
    // Tokens are whole characters, so that what matches ends between two.
    uint32_t state = begin == 0 ? PieceTrie::kRoot : continuing_state_;
    int32_t longest = kNoToken;
    size_t end = begin;
    for (size_t i = begin; i < word.size() && state != PieceTrie::kNowhere; ++i) {
      state = trie_.next(state, word[i]);
      if (state == PieceTrie::kNowhere || trie_.id_of(state) == kNoToken) continue;
      longest = trie_.id_of(state);
      end = i + 1;
    }
    if (longest == kNoToken) return give_up();
    ids.push_back(longest);
    begin = end;
  }
}

WordLevel::WordLevel(WordLevelDeclaration declaration)
    : TokenModel(std::move(declaration.vocabulary)), unknown_id_(vocabulary().find(declaration.unknown)) {}

void WordLevel::cut(std::string_view word, ModelScratch& /*scratch*/, std::vector<int32_t>& ids) const {
  const int32_t id = vocabulary().find(word);
  if (id == kNoToken && unknown_id_ == kNoToken) fail_without_unknown(word);
  ids.push_back(id == kNoToken ? unknown_id_ : id);
}

}  // namespace whitney::text
