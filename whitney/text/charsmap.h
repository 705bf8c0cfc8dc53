#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::text {

/// The table of replacements that SentencePiece compiles into its models: a double-array trie over bytes and
/// a pool of strings.
class WHITNEY_API Charsmap {
 public:
  /// Takes the map's bytes: the trie's size in bytes (32 bits), the trie, the pool of strings, each closed by
  /// NUL. Throws Error when the sizes do not fit. Walks are checked, whatever the trie holds.
  explicit Charsmap(std::string_view bytes);
  /// The same from base64, as tokenizer.json has it.
  static Charsmap from_base64(std::string_view text);

  /// Appends `text` (valid UTF-8) with its replacements made, as the `tokenizers` library does: a grapheme
  /// cluster below 6 bytes is looked up whole, else its characters one by one; the shortest key that begins
  /// it counts, and what it gives replaces all of the cluster or character.
  void append_mapped(std::string_view text, std::string& out) const;

 private:
  bool look_up(std::string_view key, std::string_view& replacement) const;

  std::vector<uint32_t> units_;
  std::string pool_;
  std::array<bool, 128> kept_{};  // ASCII that no key begins
};

}  // namespace whitney::text
