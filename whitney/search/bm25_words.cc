#include "whitney/search/bm25_words.h"

#include <bit>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"

namespace whitney::search {
namespace {

// At least half of the slots and a half more than words: a look-up meets some two of them.
int64_t slots_for(int64_t num_words) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(num_words + num_words / 2 + 1)));
}

int64_t first_slot(std::string_view word, int64_t num_slots) {
  // (A table of one slot would ask for a shift by all 64 bits.)
  const int bits = std::countr_zero(static_cast<uint64_t>(num_slots));
  return bits == 0 ? 0 : static_cast<int64_t>(hash64(word) >> (64 - bits));
}

}  // namespace

SortedWords::SortedWords(Array<uint64_t> offsets, Array<char> bytes, Array<uint32_t> slots)
    : offsets_(std::move(offsets)), bytes_(std::move(bytes)), slots_(std::move(slots)) {
  if (offsets_.empty() || offsets_[0] != 0 || offsets_[size()] != static_cast<uint64_t>(bytes_.size()))
    fail("the words of the index do not fit their offsets");
  if (!slots_.empty() && slots_.size() != slots_for(size()))
    fail("the hash table of the index has ", slots_.size(), " slots (expected: ", slots_for(size()), " for ",
         size(), " words)");
}

SortedWords::SortedWords(Array<uint64_t> offsets, Array<char> bytes)
    : SortedWords(std::move(offsets), std::move(bytes), {}) {
  slots_ = Array<uint32_t>(slots_for(size()), kNoWord);
  uint32_t* table = slots_.mutable_data();
  for (int64_t i = 0; i < size(); ++i) {
    int64_t slot = first_slot(word(i), slots_.size());
    while (table[slot] != kNoWord) slot = (slot + 1) & (slots_.size() - 1);
    table[slot] = static_cast<uint32_t>(i);
  }
}

std::string_view SortedWords::word(int64_t i) const {
  const uint64_t begin = offsets_[i], end = offsets_[i + 1];
  if (begin > end || end > static_cast<uint64_t>(bytes_.size())) fail("word ", i, " of the index is damaged");
  return {bytes_.data() + begin, static_cast<size_t>(end - begin)};
}

// The first word that is not before something, by bisection.
template <class Before>
int64_t SortedWords::first_not(const Before& before) const {
  int64_t low = 0, high = size();
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (before(word(middle)))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

std::optional<int64_t> SortedWords::find(std::string_view wanted) const {
  if (slots_.empty()) return bisect(wanted);
  int64_t slot = first_slot(wanted, slots_.size());
  for (int64_t tries = 0; tries < slots_.size(); ++tries, slot = (slot + 1) & (slots_.size() - 1)) {
    const uint32_t found = slots_[slot];
    if (found == kNoWord) return std::nullopt;
    if (found >= size()) fail("the hash table of the index is damaged at slot ", slot);
    if (word(found) == wanted) return found;
  }
  return std::nullopt;
}

std::optional<int64_t> SortedWords::bisect(std::string_view wanted) const {
  const int64_t place = first_not([&](std::string_view word) { return word < wanted; });
  if (place == size() || word(place) != wanted) return std::nullopt;
  return place;
}

std::pair<int64_t, int64_t> SortedWords::with_prefix(std::string_view prefix) const {
  const int64_t begin = first_not([&](std::string_view word) { return word < prefix; });
  const int64_t end =
      first_not([&](std::string_view word) { return word.substr(0, prefix.size()) <= prefix; });
  return {begin, std::max(begin, end)};
}

}  // namespace whitney::search
