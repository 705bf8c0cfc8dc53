#include "whitney/search/bm25_phrase.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "whitney/core/error.h"

namespace whitney::search {
namespace {

// A term of the phrase: its list, and how far behind the phrase's first it stands.
struct Part {
  PostingCursor cursor;
  int64_t offset;
  std::vector<uint32_t> positions;

  // The place of a row in the current block; nothing when the row is not in the list.
  std::optional<int64_t> find(uint32_t row) {
    cursor.skip_to(row);
    if (cursor.at_end() || cursor.least_row() > row) return std::nullopt;
    const auto rows = cursor.rows();
    const auto found = std::ranges::lower_bound(rows, row);
    if (found == rows.end() || *found != row) return std::nullopt;
    return found - rows.begin();
  }
};

// Each term of the phrase has its place in the row; do they stand at the right distances?
bool stands_there(std::vector<Part>& parts, std::span<const int64_t> places) {
  for (size_t i = 0; i < parts.size(); ++i) parts[i].cursor.positions_of(places[i], parts[i].positions);
  return std::ranges::any_of(parts[0].positions, [&](int64_t first) {
    return std::all_of(parts.begin() + 1, parts.end(), [&](const Part& part) {
      const int64_t wanted = first + part.offset - parts[0].offset;
      return wanted >= 0 && wanted <= std::numeric_limits<uint32_t>::max() &&
             std::ranges::binary_search(part.positions, static_cast<uint32_t>(wanted));
    });
  });
}

std::vector<uint32_t> rows_of_term(PostingCursor cursor) {
  std::vector<uint32_t> result;
  for (; !cursor.at_end(); cursor.next_block()) {
    const auto rows = cursor.rows();
    result.insert(result.end(), rows.begin(), rows.end());
  }
  return result;
}

}  // namespace

std::vector<uint32_t> rows_of_phrase(const Bm25Parts& index, std::span<const text::Token> phrase,
                                     DeadlineWatch& watch) {
  std::vector<Part> parts;
  for (const text::Token& token : phrase) {
    const std::optional<int64_t> list = index.words.find(token.term);
    if (!list) return {};
    parts.push_back({PostingCursor(index.lists, *list), token.position, {}});
  }
  if (parts.empty()) return {};
  // The rarest term proposes rows.
  std::ranges::stable_sort(parts, {}, [](const Part& part) { return part.cursor.count(); });
  if (parts.size() == 1) return rows_of_term(parts[0].cursor);
  if (!index.lists.has_positions())
    fail("a phrase in quotes needs an index with positions (expected: one made with the option positions)");
  std::vector<uint32_t> result;
  std::vector<int64_t> places(parts.size());
  for (; !parts[0].cursor.at_end() && !watch.is_over(); parts[0].cursor.next_block()) {
    const auto rows = parts[0].cursor.rows();
    for (int64_t i = 0; i < std::ssize(rows); ++i) {
      const uint32_t row = rows[static_cast<size_t>(i)];
      places[0] = i;
      bool all = true;
      for (size_t p = 1; p < parts.size() && all; ++p) {
        const std::optional<int64_t> place = parts[p].find(row);
        all = place.has_value();
        places[p] = place.value_or(0);
      }
      if (all && stands_there(parts, places)) result.push_back(row);
    }
  }
  return result;
}

}  // namespace whitney::search
