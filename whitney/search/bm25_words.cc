#include "whitney/search/bm25_words.h"

#include "whitney/core/error.h"

namespace whitney::search {

SortedWords::SortedWords(Array<uint64_t> offsets, Array<char> bytes)
    : offsets_(std::move(offsets)), bytes_(std::move(bytes)) {
  if (offsets_.empty() || offsets_[0] != 0 || offsets_[size()] != static_cast<uint64_t>(bytes_.size()))
    fail("the words of the index do not fit their offsets");
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
