#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "whitney/search/filter.h"
#include "whitney/search/filter_memo.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// A filter as it was read, the rows that satisfy it, and what an index made of them.
struct EvaluatedFilter {
  Filter filter;
  RowSet rows;
  std::unique_ptr<FilterMemo> memo = std::make_unique<FilterMemo>();
};

/// Keeps what the last filters came to, by their text: people and programs ask by the same few again and
/// again. Holds for as long as the rows stay as they are. Thread-safe.
class FilterCache {
 public:
  static constexpr size_t kMost = 64;
  /// Bytes of a text that is kept.
  static constexpr size_t kLongest = size_t{1} << 14;

  /// What was kept for a text; null when nothing is.
  std::shared_ptr<const EvaluatedFilter> find(const std::string& text) const;
  /// Keeps it, in the place of the one that was not asked for the longest.
  void keep(const std::string& text, std::shared_ptr<const EvaluatedFilter> evaluated);
  void clear();

 private:
  struct Kept {
    std::string text;
    std::shared_ptr<const EvaluatedFilter> evaluated;
    uint64_t last_use = 0;
  };
  mutable std::mutex mutex_;
  mutable std::vector<Kept> kept_;
  mutable uint64_t num_uses_ = 0;
};

}  // namespace whitney::search
