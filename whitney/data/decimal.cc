#include "whitney/data/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "whitney/data/text_scan.h"

namespace whitney::data {

std::optional<float> parse_float(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  float value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (stop != end || text.empty()) return std::nullopt;
  if (code == std::errc()) return std::isfinite(value) ? std::optional(value) : std::nullopt;
  // Out of range on either side, which from_chars does not tell apart.
  const auto wide = parse_number(text);
  if (!wide || !(std::abs(*wide) < 1)) return std::nullopt;
  return static_cast<float>(*wide);
}

void append_float(std::string& out, float value) {
  std::array<char, 32> digits{};
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), value).ptr);
}

}  // namespace whitney::data
