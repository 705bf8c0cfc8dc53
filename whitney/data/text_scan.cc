#include "whitney/data/text_scan.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "whitney/core/error.h"

namespace whitney::data {

namespace {

// Digits, perhaps a point and more digits: at most 15 significant digits over a power of ten up to 10^15 are
// both exact in a double, so that one division rounds correctly. Most weights and coordinates are of this
// form.
std::optional<double> parse_short_decimal(std::string_view text) {
  static constexpr std::array<double, 16> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 16) return std::nullopt;
  int64_t digits = 0;
  size_t point = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      digits = digits * 10 + (c - '0');
    } else if (c == '.' && point == text.size()) {
      point = i;
    } else {
      return std::nullopt;
    }
  }
  const size_t num_digits = text.size() - (point < text.size() ? 1 : 0);
  if (num_digits == 0 || num_digits > 15) return std::nullopt;
  const size_t num_decimals = point < text.size() ? text.size() - point - 1 : 0;
  const double value = static_cast<double>(digits) / kPowers[num_decimals];
  return negative ? -value : value;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  if (const auto value = parse_short_decimal(text)) return value;
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> cut_at_lines(std::string_view text, int64_t block) {
  std::vector<std::string_view> pieces;
  const auto size = static_cast<size_t>(block);
  size_t begin = 0;
  while (begin < text.size()) {
    // The piece ends behind the first line end at or after its last byte.
    size_t end = text.size();
    if (text.size() - begin > size) {
      const size_t line_end = text.find('\n', begin + size - 1);
      if (line_end != std::string_view::npos) end = line_end + 1;
    }
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

void check_text(std::string_view text, const std::string& name, int64_t first_line) {
  if (text.find('\0') == std::string_view::npos && is_utf8(text)) return;
  for (int64_t line_number = first_line; !text.empty(); ++line_number) {
    const std::string_view line = take_line(text);
    if (line.find('\0') != std::string_view::npos) {
      fail(name, ":", line_number, ": a zero byte; this is not a text file");
    }
    if (!is_utf8(line)) {
      fail(name, ":", line_number, ": ", quoted(line), " is not UTF-8 (iconv converts other encodings)");
    }
  }
  fail(name, ": not UTF-8");
}

bool is_printable_utf8(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return is_utf8(text);
}

std::string_view without_byte_order_mark(std::string_view text, const std::string& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    fail(name, ":1: the text is UTF-16; Whitney reads UTF-8 (iconv -f UTF-16 -t UTF-8 converts it)");
  }
  return text;
}

std::string quoted(std::string_view text) {
  constexpr size_t kMostBytes = 40;
  std::string_view shown = text.substr(0, kMostBytes);
  if (shown.size() < text.size()) {  // never half a character
    while (!shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xC0) == 0x80)
      shown.remove_suffix(1);
  }
  const bool is_text = is_utf8(shown);
  std::string result = "\"";
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_text)) {
      static constexpr std::string_view kDigits = "0123456789abcdef";
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      result += c;
    }
  }
  return result + (shown.size() < text.size() ? "…\"" : "\"");
}

}  // namespace whitney::data
