#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace whitney::search {

/// Gives the words of a UTF-8 text one after the other, in lower case: runs of letters and digits of any
/// script. Everything else (white space, punctuation, symbols, emoji, the underscore, bytes that are not
/// UTF-8) separates. Lower case is taken letter by letter for the Latin, Greek, Cyrillic, Armenian and
/// full-width Latin letters, and a final sigma is a sigma; other scripts stay as they are. Accents count,
/// composed and decomposed forms differ, and scripts without spaces give long words. Keeps a view of the
/// text.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}
  /// Replaces `word` by the next one; false at the end.
  bool next(std::string& word);

 private:
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace whitney::search
