#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "whitney/core/array.h"

namespace whitney::search {

/// Distinct words sorted by bytes; word i is bytes[offsets[i], offsets[i + 1]). Their places in a hash table
/// stand beside: `slots` is a power of two of numbers of words, kNoWord where there is none; a word stands in
/// the first free slot from the one that the upper bits of its XXH3 name. May view a mapped file: what is
/// followed is checked.
class SortedWords {
 public:
  static constexpr uint32_t kNoWord = 0xFFFFFFFF;

  SortedWords() : offsets_({0}) {}
  /// slots: empty in files of old, whose words are looked up by bisection. Throws Error when the ends do not
  /// fit. O(1).
  SortedWords(Array<uint64_t> offsets, Array<char> bytes, Array<uint32_t> slots);
  /// The same, with the table made of the words.
  SortedWords(Array<uint64_t> offsets, Array<char> bytes);

  int64_t size() const { return offsets_.size() - 1; }
  /// Throws Error when the offsets are damaged here.
  std::string_view word(int64_t i) const;
  std::optional<int64_t> find(std::string_view word) const;
  /// The first and one past the last word that begins so.
  std::pair<int64_t, int64_t> with_prefix(std::string_view prefix) const;
  int64_t size_bytes() const { return 8 * offsets_.size() + bytes_.size() + 4 * slots_.size(); }

  const Array<uint64_t>& offsets() const { return offsets_; }
  const Array<char>& bytes() const { return bytes_; }
  const Array<uint32_t>& slots() const { return slots_; }

 private:
  template <class Before>
  int64_t first_not(const Before& before) const;
  std::optional<int64_t> bisect(std::string_view word) const;

  Array<uint64_t> offsets_;
  Array<char> bytes_;
  Array<uint32_t> slots_;
};

}  // namespace whitney::search
