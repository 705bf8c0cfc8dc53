#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"
#include "whitney/text/normalizer.h"
#include "whitney/text/piece_trie.h"
#include "whitney/text/vocabulary.h"

namespace whitney::text {

/// A token that is cut out of a text before anything else looks at it.
struct AddedToken {
  std::string content;
  int64_t id = 0;
  /// Only where no letter, digit or underscore touches it.
  bool single_word = false;
  /// Takes the white space before, behind it along.
  bool lstrip = false;
  bool rstrip = false;
  /// Looked for in the normalised text, not in the text as it came.
  bool normalized = true;
  /// decode can leave it out.
  bool special = false;
};

/// Reads the member "added_tokens" of a tokenizer.json. Throws Error naming the token.
WHITNEY_API std::vector<AddedToken> read_added_tokens(const Value& declaration);

/// Finds strings in a text: leftmost first, of those the longest, none overlapping.
class WHITNEY_API AddedTokenFinder {
 public:
  /// Bytes [begin, end) of a text: a token, or what stands between two (kNoToken).
  struct Piece {
    size_t begin, end;
    int32_t id;
  };

  AddedTokenFinder() = default;
  /// Looks for `texts[i]` where `tokens[i]` says how.
  AddedTokenFinder(const std::vector<std::string>& texts, std::vector<AddedToken> tokens);

  bool finds_nothing() const { return tokens_.empty(); }
  /// Replaces `pieces` by the whole text, cut; none is empty.
  void cut(std::string_view text, std::vector<Piece>& pieces) const;

 private:
  /// The token that begins at `at` and where it ends; -1 for none.
  std::pair<int32_t, size_t> longest_at(std::string_view text, size_t at) const;
  size_t next_candidate(std::string_view text, size_t at) const;
  static bool stands_alone(std::string_view text, size_t begin, size_t end);

  std::vector<AddedToken> tokens_;
  PieceTrie trie_;  // to the place in tokens_
  std::array<bool, 256> begins_{};
  std::optional<char> only_first_byte_;
};

/// The added tokens of a tokenizer.
class WHITNEY_API AddedTokens {
 public:
  AddedTokens() = default;
  /// Throws Error when a token's id is not the one that the model has for it, or another added token's.
  AddedTokens(std::vector<AddedToken> tokens, const Normalizer& normalizer, const Vocabulary& vocabulary);

  /// Those to be found in the text as it came, and in what the normaliser made of it.
  const AddedTokenFinder& raw() const { return raw_; }
  const AddedTokenFinder& normalized() const { return normalized_; }

  /// Nothing where the id is none of an added token.
  const AddedToken* find(int64_t id) const;
  /// How the added token of an id is found in a text, which is how it decodes; nothing as for find.
  const std::string* spelling_of(int64_t id) const;
  /// kNoToken where there is no such token.
  int32_t id_of(std::string_view content) const;
  /// One more than the largest id.
  int64_t size() const { return size_; }

 private:
  struct Entry {
    AddedToken token;
    std::string spelling;
  };
  std::unordered_map<int64_t, Entry> by_id_;
  std::unordered_map<std::string, int32_t> by_content_;
  AddedTokenFinder raw_;
  AddedTokenFinder normalized_;
  int64_t size_ = 0;
};

}  // namespace whitney::text
