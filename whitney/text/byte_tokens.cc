#include "whitney/text/byte_tokens.h"

#include <algorithm>
#include <string>

namespace whitney::text {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

// As Rust's from_str_radix, which the reference library reads them with.
int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::array<int32_t, 256> byte_tokens(const Vocabulary& vocabulary) {
  std::array<int32_t, 256> ids{};
  std::string token = "<0x00>";
  for (size_t byte = 0; byte < ids.size(); ++byte) {
    token[3] = kDigits[byte >> 4];
    token[4] = kDigits[byte & 15];
    ids[byte] = vocabulary.find(token);
  }
  return ids;
}

bool spells_all(std::string_view piece, const std::array<int32_t, 256>& byte_ids) {
  return std::ranges::all_of(
      piece, [&](char byte) { return byte_ids[static_cast<unsigned char>(byte)] != kNoToken; });
}

int byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = digit_of(token[3]), low = digit_of(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace whitney::text
