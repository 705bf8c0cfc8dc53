#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "whitney/core/value.h"

namespace whitney::search {

enum class TokenKind : uint8_t { kEnd, kName, kQuotedName, kString, kNumber, kSymbol };

/// A piece of a filter's text.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  /// What it stands for: a name, a string without quotes and escapes, a symbol.
  std::string text;
  /// A number's value: an int where it fits 64 bits, else a real.
  Value value;
  /// Where it begins, in bytes.
  size_t begin = 0;
};

/// Cuts a filter's text into tokens. Keeps a view of the text.
class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) {}
  /// Throws UsageError for a character, string or number that the language does not have.
  Token next();
  /// Throws UsageError: "filter, character 9: SENTENCE".
  [[noreturn]] void fail_at(size_t begin, std::string_view sentence) const;

 private:
  Token read_string(size_t begin);
  Token read_quoted_name(size_t begin);
  Token read_number(size_t begin);
  Token read_symbol(size_t begin);
  void read_escape(size_t begin, std::string& out);
  uint32_t read_hex4();

  std::string_view text_;
  size_t at_ = 0;
};

/// Lower-cases a name's ASCII letters and tells whether that is a word of the language.
bool is_keyword(std::string_view lower_case_name);
std::string ascii_lower(std::string_view text);
/// Writes a field as the language does, in backquotes where it must.
std::string field_text(std::string_view field);
/// Describes a token in an error: `the string "x"`, `")"`, `the end`.
std::string token_text(const Token& token);

}  // namespace whitney::search
