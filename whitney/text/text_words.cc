#include "whitney/text/text_words.h"

#include <algorithm>
#include <array>

#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

// Letters and digits of ASCII in lower case, 0 for what separates: most characters of most texts.
constexpr std::array<char, 256> kAsciiLetters = [] {
  std::array<char, 256> letters{};
  for (unsigned char c = '0'; c <= '9'; ++c) letters[c] = static_cast<char>(c);
  for (unsigned char c = 'a'; c <= 'z'; ++c) letters[c] = static_cast<char>(c);
  for (unsigned char c = 'A'; c <= 'Z'; ++c) letters[c] = static_cast<char>(c - 'A' + 'a');
  return letters;
}();

char lower_ascii(char c) { return kAsciiLetters[static_cast<unsigned char>(c)]; }

bool is_mark(Category category) { return category >= Category::kMn && category <= Category::kMe; }

// Letters, their marks, and numbers; a word does not begin with a mark (that of an emoji, say).
bool is_in_word(char32_t c, bool begins) {
  const Category kind = category(c);
  return kind <= Category::kNo && !(begins && is_mark(kind));
}

void append_lower_character(char32_t c, std::string_view bytes, std::string& out) {
  constexpr char32_t kCapitalDottedI = 0x130, kFinalSigma = 0x3C2, kSigma = 0x3C3;
  if (c == kCapitalDottedI)
    out += 'i';
  else if (c == kFinalSigma)
    append_utf8(out, kSigma);
  else
    append_lower_case(bytes, out);
}

}  // namespace

// A character beyond ASCII: false when it is no part of a word.
bool WordReader::take_other_character(std::string& word) {
  if (valid_utf8_prefix(text_.substr(at_, 4)) == 0) {
    if (word.empty()) ++at_;  // else the next word is looked for from here
    return false;
  }
  const char* end = text_.data() + at_;
  const char32_t c = next_code_point(end);
  const std::string_view bytes = text_.substr(at_, length_by_lead(text_[at_]));
  if (!is_in_word(c, word.empty())) {
    if (word.empty()) at_ += bytes.size();
    return false;
  }
  at_ += bytes.size();
  if (lower_case_)
    append_lower_character(c, bytes, word);
  else
    word += bytes;
  return true;
}

bool WordReader::next(std::string& word) {
  word.clear();
  while (at_ < text_.size()) {
    std::array<char, 32> letters;  // of long words, the first: the others come next
    const size_t most = std::min(letters.size(), text_.size() - at_);
    size_t size = 0;
    for (; size < most; ++size) {
      const char lower = lower_ascii(text_[at_ + size]);
      if (lower == 0) break;
      letters[size] = lower_case_ ? lower : text_[at_ + size];
    }
    if (size > 0) {
      word.append(letters.data(), size);
      at_ += size;
    } else if (static_cast<unsigned char>(text_[at_]) >= 0x80) {
      if (!take_other_character(word) && !word.empty()) return true;
    } else if (!word.empty()) {
      return true;
    } else {
      ++at_;
    }
  }
  return !word.empty();
}

}  // namespace whitney::text
