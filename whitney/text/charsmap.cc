#include "whitney/text/charsmap.h"

#include <cstring>

#include "whitney/core/error.h"
#include "whitney/text/unicode.h"

namespace whitney::text {

namespace {

// A unit of the trie: offset to the children, label of the byte that leads to it, or a value.
bool has_leaf(uint32_t unit) { return (unit & 0x100) != 0; }
uint32_t label_of(uint32_t unit) { return unit & 0x800000FF; }
uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }
uint32_t value_of(uint32_t unit) { return unit & 0x7FFFFFFF; }

std::string decode_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  uint32_t word = 0;
  int bits = 0;
  size_t i = 0;
  for (; i < text.size() && text[i] != '='; ++i) {
    const char c = text[i];
    uint32_t value;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<uint32_t>(c - 'a' + 26);
    } else if (c >= '0' && c <= '9') {
      value = static_cast<uint32_t>(c - '0' + 52);
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      fail("tokenizer.json: precompiled_charsmap is not base64 at byte ", i);
    }
    word = word << 6 | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(word >> bits & 0xFF);
    }
  }
  if (text.size() % 4 != 0 || text.size() - i > 2 ||
      text.find_first_not_of('=', i) != std::string_view::npos) {
    fail("tokenizer.json: precompiled_charsmap ends too early for base64");
  }
  return bytes;
}

}  // namespace

Charsmap::Charsmap(std::string_view bytes) {
  uint32_t size = 0;
  if (bytes.size() >= 4) std::memcpy(&size, bytes.data(), 4);
  if (size == 0 || size % 4 != 0 || size > bytes.size() - 4) {
    fail("a precompiled charsmap of ", bytes.size(), " bytes cannot hold a trie of ", size);
  }
  units_.resize(size / 4);
  std::memcpy(units_.data(), bytes.data() + 4, size);
  pool_ = bytes.substr(4 + size);
  for (size_t c = 0; c < 128; ++c) {
    const char key = static_cast<char>(c);
    std::string_view replacement;
    kept_[c] = !look_up({&key, 1}, replacement);
  }
}

Charsmap Charsmap::from_base64(std::string_view text) { return Charsmap(decode_base64(text)); }

bool Charsmap::look_up(std::string_view key, std::string_view& replacement) const {
  size_t at = offset_of(units_[0]);
  for (const char byte : key) {
    const auto c = static_cast<unsigned char>(byte);
    at ^= c;
    if (c == 0 || at >= units_.size()) return false;
    const uint32_t unit = units_[at];
    if (label_of(unit) != c) return false;
    at ^= offset_of(unit);
    if (at >= units_.size()) return false;
    if (!has_leaf(unit)) continue;
    const size_t value = value_of(units_[at]);
    if (value > pool_.size()) return false;
    const size_t end = std::string_view(pool_).find('\0', value);
    replacement = std::string_view(pool_).substr(value, end == std::string::npos ? end : end - value);
    return true;
  }
  return false;
}

void Charsmap::append_mapped(std::string_view text, std::string& out) const {
  const char* p = text.data();
  const char *const end = p + text.size(), *copied = p;
  const auto is_plain = [this](char byte) {
    const auto c = static_cast<unsigned char>(byte);
    return c < 0x80 && kept_[c];
  };
  std::string_view replacement;
  while (p < end) {
    // ASCII before ASCII is a cluster of its own (no key begins a line break either).
    while (end - p >= 2 && is_plain(p[0]) && static_cast<signed char>(p[1]) >= 0) ++p;
    const std::string_view cluster(p, grapheme_length({p, static_cast<size_t>(end - p)}));
    const char* const cluster_end = p + cluster.size();
    if (cluster.size() < 6 && look_up(cluster, replacement)) {
      out.append(copied, p);
      out.append(replacement);
      p = copied = cluster_end;
      continue;
    }
    while (p < cluster_end) {
      const std::string_view character(p, length_by_lead(*p));
      if (look_up(character, replacement)) {
        out.append(copied, p);
        out.append(replacement);
        copied = p + character.size();
      }
      p += character.size();
    }
  }
  out.append(copied, end);
}

}  // namespace whitney::text
