#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney::text {

/// Gives the words of a UTF-8 text one after the other, in lower case: runs of letters, their marks and
/// numbers of any script (categories L, M and N of Unicode; a mark does not begin a word). Everything else
/// (white space, punctuation, symbols, emoji, the underscore, bytes that are not UTF-8) separates. Lower case
/// is taken letter by letter; a final sigma is a sigma, and a capital dotted I an i. Accents count, composed
/// and decomposed forms differ, and scripts without spaces give long words. Keeps a view of the text.
class WHITNEY_API WordReader {
 public:
  /// lower_case: false leaves the letters as they are.
  explicit WordReader(std::string_view text, bool lower_case = true) : text_(text), lower_case_(lower_case) {}
  /// Replaces `word` by the next one; false at the end.
  bool next(std::string& word);
  /// The byte that the next word is looked for from: right behind the word that was read last.
  size_t place() const { return at_; }

 private:
  bool take_other_character(std::string& word);

  std::string_view text_;
  size_t at_ = 0;
  bool lower_case_;
};

}  // namespace whitney::text
