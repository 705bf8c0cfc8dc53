#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace whitney::data {

/// Takes the next line, without its end ("\n" or "\r\n"), off the front of `text`, which must not be empty.
inline std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Cuts blanks (space, tab, carriage return) off both ends.
inline std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the next run of non-blanks off the front; empty when there is none.
inline std::string_view take_word(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  size_t size = 0;
  while (size < text.size() && !is_blank(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

/// Takes the next field of a line of ids or numbers, which tabs, spaces and commas part, off the front; empty
/// when there is none.
inline std::string_view take_field(std::string_view& line) {
  constexpr std::string_view kSeparators = "\t ,";
  line.remove_prefix(std::min(line.find_first_not_of(kSeparators), line.size()));
  const std::string_view field = line.substr(0, line.find_first_of(kSeparators));
  line.remove_prefix(field.size());
  return field;
}

/// Reads an unsigned integer at the front of [p, end) as it would be printed: digits without a leading zero,
/// below 2^64. Gives the place behind its last digit, or null when there is no such integer. Eight digits at
/// a time.
const char* scan_integer(const char* p, const char* end, uint64_t& value);

/// The whole text as such an integer.
inline std::optional<uint64_t> parse_integer(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  if (scan_integer(text.data(), end, value) != end || text.empty()) return std::nullopt;
  return value;
}

/// The whole text as a decimal number, rounded correctly ("1", "+2.5", "-3e-4", also "inf" and "nan").
std::optional<double> parse_number(std::string_view text);

/// Cuts `text` at the line ends that follow every `block` bytes: the pieces depend on the text only.
std::vector<std::string_view> cut_at_lines(std::string_view text, int64_t block);

/// Says whether the text is UTF-8.
bool is_utf8(std::string_view text);
/// Throws Error naming the line when the text holds a zero byte or is not UTF-8. first_line: the number of
/// the text's first one.
void check_text(std::string_view text, const std::string& name, int64_t first_line = 1);
/// Says whether the text is UTF-8 without control characters: fit for an id.
bool is_printable_utf8(std::string_view text);

/// Drops a UTF-8 byte order mark. Throws Error when the text is UTF-16.
std::string_view without_byte_order_mark(std::string_view text, const std::string& name);

/// Shows at most 40 bytes of a user's text between quotes, odd bytes as \xNN.
std::string quoted(std::string_view text);

}  // namespace whitney::data

// ---- inline, for the loops that read gigabytes
// -------------------------------------------------------------------

#include <bit>
#include <cstring>

namespace whitney::data {

static_assert(std::endian::native == std::endian::little,
              "the number scanner reads eight digits as one word");

inline const char* scan_integer_slowly(const char* p, const char* end, uint64_t& value) {
  const char* const begin = p;
  uint64_t sum = 0;
  for (; p < end && *p >= '0' && *p <= '9'; ++p) {
    const auto digit = static_cast<uint64_t>(*p - '0');
    if (sum > (UINT64_MAX - digit) / 10) return nullptr;
    sum = sum * 10 + digit;
  }
  if (p == begin || (*begin == '0' && p - begin > 1)) return nullptr;
  value = sum;
  return p;
}

inline const char* scan_integer(const char* p, const char* end, uint64_t& value) {
  if (end - p < 8) return scan_integer_slowly(p, end, value);
  uint64_t word;
  std::memcpy(&word, p, 8);
  // A byte is a digit when xor '0' leaves 0..9; adding 0x76 carries anything above into the top bit. A carry
  // out of a byte reaches later bytes only, and only the first non-digit counts.
  word ^= 0x3030303030303030ULL;
  const uint64_t others = ((word + 0x7676767676767676ULL) | word) & 0x8080808080808080ULL;
  if (others == 0) return scan_integer_slowly(p, end, value);  // more than 7 digits
  const int num_digits = std::countr_zero(others) / 8;
  if (num_digits == 0 || (*p == '0' && num_digits > 1)) return nullptr;
  word <<= 64 - 8 * num_digits;
  // Pairs, then fours, then eight digits, the first digit in the lowest byte.
  word = word * 10 + (word >> 8);
  constexpr uint64_t kMask = 0x000000FF000000FFULL;
  value = ((word & kMask) * 0x000F424000000064ULL + ((word >> 16) & kMask) * 0x0000271000000001ULL) >> 32;
  return p + num_digits;
}

}  // namespace whitney::data
