#include "whitney/data/json_file.h"

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/data/mapped_file.h"

namespace whitney::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Where the string that begins at `begin` ends, behind its closing quote.
size_t end_of_string(std::string_view text, size_t begin) {
  for (size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

}  // namespace

Value parse_json_with_big_integers(std::string_view text, std::string_view where) {
  // 63 bits hold 19 digits at most; a longer integer reads as a real once it has a fraction.
  constexpr size_t kMostDigits = 19;
  std::string widened;
  size_t copied = 0;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      i = end_of_string(text, i);
    } else if (is_digit(text[i])) {
      const size_t begin = i;
      while (i < text.size() && is_digit(text[i])) ++i;
      const bool whole = i == text.size() || (text[i] != '.' && text[i] != 'e' && text[i] != 'E');
      const bool fraction = begin > 0 && (text[begin - 1] == '.' || text[begin - 1] == '+' ||
                                          text[begin - 1] == 'e' || text[begin - 1] == 'E');
      if (whole && !fraction && i - begin > kMostDigits) {
        widened.append(text.substr(copied, i - copied)).append(".0");
        copied = i;
      }
    } else {
      ++i;
    }
  }
  if (copied == 0) return Value::parse_json(text, where);
  widened.append(text.substr(copied));
  return Value::parse_json(widened, where);
}

Value read_json_file(const std::string& path) {
  const Array<std::byte> bytes = map_file(path);
  if (bytes.empty()) fail(path, ": is empty");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(bytes.size()));
  return parse_json_with_big_integers(text, path);
}

}  // namespace whitney::data
