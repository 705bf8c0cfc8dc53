#include "whitney/search/filter_lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "whitney/core/error.h"

namespace whitney::search {
namespace {

constexpr std::array<std::string_view, 10> kKeywords = {"and",      "or",     "not",  "in",    "between",
                                                        "contains", "exists", "true", "false", "date"};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '.' || c == '-'; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// At most 40 bytes, cut between characters.
std::string shortened(std::string_view text) {
  constexpr size_t kMost = 40;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  while (end > 0 && continues_character(text[end])) --end;
  return std::string(text.substr(0, end)) + "…";
}

void append_utf8(uint32_t code_point, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | (code_point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool is_keyword(std::string_view lower_case_name) {
  return std::find(kKeywords.begin(), kKeywords.end(), lower_case_name) != kKeywords.end();
}

std::string field_text(std::string_view field) {
  const std::string lower = ascii_lower(field);
  const bool plain = !field.empty() && begins_name(field[0]) &&
                     std::all_of(field.begin(), field.end(), continues_name) && lower != "id" &&
                     (lower == "date" || !is_keyword(lower));
  if (plain) return std::string(field);
  std::string quoted = "`";
  for (const char c : field) quoted += c == '`' ? "``" : std::string(1, c);
  return quoted + "`";
}

std::string token_text(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end";
    case TokenKind::kString:
      return concat("the string \"", shortened(token.text), "\"");
    case TokenKind::kNumber:
      return concat("the number ", token.value.to_json());
    case TokenKind::kQuotedName:
      return concat("`", shortened(token.text), "`");
    default:
      return concat("\"", shortened(token.text), "\"");
  }
}

void FilterLexer::fail_at(size_t begin, std::string_view sentence) const {
  int64_t character = 1;
  for (const char c : text_.substr(0, begin)) character += continues_character(c) ? 0 : 1;
  throw UsageError(concat("filter, character ", character, ": ", sentence));
}

Token FilterLexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  const size_t begin = at_;
  if (at_ == text_.size()) return {TokenKind::kEnd, "", {}, begin};
  const char c = text_[at_];
  const char after = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (c == '"' || c == '\'') return read_string(begin);
  if (c == '`') return read_quoted_name(begin);
  if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && (is_digit(after) || after == '.')))
    return read_number(begin);
  if (begins_name(c)) {
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    return {TokenKind::kName, std::string(text_.substr(begin, at_ - begin)), {}, begin};
  }
  return read_symbol(begin);
}

Token FilterLexer::read_string(size_t begin) {
  const char quote = text_[at_++];
  Token token{TokenKind::kString, "", {}, begin};
  while (at_ < text_.size() && text_[at_] != quote) {
    if (text_[at_] == '\\') {
      read_escape(at_, token.text);
    } else {
      token.text += text_[at_++];
    }
  }
  if (at_ == text_.size()) fail_at(begin, concat("the string that begins here has no closing ", quote));
  ++at_;
  return token;
}

void FilterLexer::read_escape(size_t begin, std::string& out) {
  static constexpr std::string_view kLetters = "\"'\\/`ntrbf", kMeanings = "\"'\\/`\n\t\r\b\f";
  ++at_;
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c == 'u') {
    ++at_;
    uint32_t code_point = read_hex4();
    const bool is_high = code_point >= 0xD800 && code_point < 0xDC00;
    if (is_high && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const uint32_t low = read_hex4();
      if (low < 0xDC00 || low > 0xDFFF)
        fail_at(begin, "\\u with a high surrogate needs a low surrogate after it");
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
    } else if (code_point >= 0xD800 && code_point <= 0xDFFF) {
      fail_at(begin, "\\u with half of a surrogate pair");
    }
    append_utf8(code_point, out);
    return;
  }
  const size_t which = at_ < text_.size() ? kLetters.find(c) : std::string_view::npos;
  if (which == std::string_view::npos) {
    fail_at(
        begin,
        "unknown escape (a string knows \\\" \\' \\\\ \\/ \\n \\t \\r \\b \\f \\uXXXX; a backslash is \\\\)");
  }
  out += kMeanings[which];
  ++at_;
}

uint32_t FilterLexer::read_hex4() {
  uint32_t value = 0;
  const std::string_view digits = text_.substr(at_, 4);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || digits.size() != 4 || end != digits.data() + 4)
    fail_at(at_, "\\u needs four hexadecimal digits");
  at_ += 4;
  return value;
}

Token FilterLexer::read_quoted_name(size_t begin) {
  ++at_;
  Token token{TokenKind::kQuotedName, "", {}, begin};
  while (at_ < text_.size()) {
    if (text_[at_] == '`') {
      if (text_.substr(at_, 2) != "``") {
        ++at_;
        return token;
      }
      ++at_;  // a doubled backquote is one
    }
    token.text += text_[at_++];
  }
  fail_at(begin, "the field that begins here has no closing backquote");
}

Token FilterLexer::read_number(size_t begin) {
  if (text_[at_] == '-' || text_[at_] == '+') ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_], before = at_ > begin ? text_[at_ - 1] : '\0';
    const bool exponent_sign = (c == '-' || c == '+') && (before == 'e' || before == 'E');
    if (!(begins_name(c) || is_digit(c) || c == '.' || exponent_sign)) break;
    ++at_;
  }
  std::string_view digits = text_.substr(begin, at_ - begin);
  const auto refuse = [&](std::string_view why) {
    fail_at(begin, concat("\"", shortened(digits), "\" ", why));
  };
  std::string_view unsigned_digits = digits.substr(digits[0] == '-' || digits[0] == '+' ? 1 : 0);
  if (!is_digit(unsigned_digits[0]) && unsigned_digits[0] != '.') refuse("is not a number");
  if (digits[0] == '+') digits = unsigned_digits;
  Token token{TokenKind::kNumber, std::string(digits), {}, begin};
  const char* const end = digits.data() + digits.size();
  if (std::all_of(unsigned_digits.begin(), unsigned_digits.end(), is_digit)) {
    int64_t whole = 0;
    if (std::from_chars(digits.data(), end, whole).ec == std::errc()) {
      token.value = Value(whole);
      return token;
    }
  }
  double real = 0;
  const auto [stop, error] = std::from_chars(digits.data(), end, real);
  if (stop != end || error == std::errc::invalid_argument) refuse("is not a number");
  if (error != std::errc() || !std::isfinite(real)) refuse("is out of the range of numbers");
  token.value = Value(real);
  return token;
}

Token FilterLexer::read_symbol(size_t begin) {
  const std::string_view pair = text_.substr(begin, 2);
  if (pair == "==") fail_at(begin, "unexpected \"==\" (equality is \"=\")");
  if (pair == "<>") fail_at(begin, "unexpected \"<>\" (inequality is \"!=\")");
  if (pair == "&&") fail_at(begin, "unexpected \"&&\" (write \"and\")");
  if (pair == "||") fail_at(begin, "unexpected \"||\" (write \"or\")");
  const bool two = pair == "!=" || pair == "<=" || pair == ">=";
  if (!two && std::string_view("=<>()[],").find(pair[0]) == std::string_view::npos) {
    const auto byte = static_cast<unsigned char>(pair[0]);
    if (byte < 0x20 || byte == 0x7F) fail_at(begin, concat("unexpected character with the code ", int{byte}));
    fail_at(begin, concat("unexpected character \"", pair[0], "\"",
                          pair[0] == '!' ? " (write \"not\" or \"!=\")" : ""));
  }
  at_ += two ? 2 : 1;
  return {TokenKind::kSymbol, std::string(text_.substr(begin, at_ - begin)), {}, begin};
}

}  // namespace whitney::search
