#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/search/index.h"

namespace whitney::search {

using Texts = std::vector<std::string>;
/// (row, score), best first.
using Hits = std::vector<std::pair<int64_t, float>>;

/// Options under which words are what stands between spaces.
inline Value plain_words() { return Value::object({{"stemmer", "none"}, {"stop_words", "none"}}); }

inline std::unique_ptr<Index> index_texts(const Texts& texts, const Value& options,
                                          const Context& context = {}) {
  return build_index("bm25", Corpus{Ids::row_numbers(std::ssize(texts)), texts}, Attributes(), options,
                     context);
}

inline Hits hits_of(const Index& index, const std::string& query, int64_t k, const RowSet* allowed = nullptr,
                    bool exact = false) {
  SearchParams params;
  params.k = k;
  params.allowed = allowed;
  params.exact = exact;
  const SearchResult found = index.search_texts({&query, 1}, params, {});
  Hits hits;
  for (int64_t i = 0; i < found.counts[0]; ++i)
    hits.emplace_back(found.neighbors.rows[static_cast<size_t>(i)],
                      found.neighbors.values[static_cast<size_t>(i)]);
  return hits;
}

inline std::vector<int64_t> rows_of(const Hits& hits) {
  std::vector<int64_t> rows;
  for (const auto& hit : hits) rows.push_back(hit.first);
  return rows;
}
inline std::vector<int64_t> sorted_rows_of(const Hits& hits) {
  std::vector<int64_t> rows = rows_of(hits);
  std::ranges::sort(rows);
  return rows;
}

/// The rows that a number divides.
inline RowSet every(uint32_t step, uint32_t num_rows) {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < num_rows; row += step) rows.push_back(row);
  return RowSet::of(rows);
}

inline Texts split(const std::string& text) {
  Texts words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// Word numbers below 1,000, small ones often, as in a language.
inline std::string made_up_word(RandomStream& stream) {
  return "w" + std::to_string(static_cast<int>(std::pow(1000.0, stream.uniform())) - 1);
}

/// Texts of 0 to 39 words; some are empty.
inline Texts made_up_texts(uint64_t seed, int64_t size) {
  Texts texts;
  for (int64_t i = 0; i < size; ++i) {
    RandomStream stream(seed, "texts", static_cast<uint64_t>(i));
    std::string& text = texts.emplace_back();
    const auto length = static_cast<int>(stream.uniform() * 40);
    for (int j = 0; j < length; ++j) text += (j == 0 ? "" : " ") + made_up_word(stream);
  }
  return texts;
}

inline std::string made_up_query(uint64_t seed) {
  RandomStream stream(seed, "query", 0);
  std::string query;
  const auto length = 1 + static_cast<int>(stream.uniform() * 7);
  for (int j = 0; j < length; ++j) query += (j == 0 ? "" : " ") + made_up_word(stream);
  return query;
}

}  // namespace whitney::search
