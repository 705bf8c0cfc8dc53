#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/data/attributes.h"
#include "whitney/search/filter_watch.h"
#include "whitney/search/postings.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// The distinct words of a text (see WordReader), sorted.
std::vector<std::string> words_of(std::string_view text);

/// For each word of a string column the rows that hold it.
class WordIndex {
 public:
  /// column: strings, validated; rows: those that have a value, ascending. Texts are read once per distinct
  /// one, in parallel.
  WordIndex(const Column& column, std::span<const uint32_t> rows, const FilterWatch& watch);
  /// Rows that hold all the words, in any order and distance.
  RowSet with_all(std::span<const std::string> words) const;

 private:
  std::vector<std::string> words_;  // sorted
  Postings postings_;
};

}  // namespace whitney::search
