#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/text/analyzer.h"

namespace whitney::search {

/// A query as the index's terms.
struct Bm25Query {
  struct Word {
    std::string term;
    /// Times that it stands in the query.
    int64_t times = 1;
    friend bool operator==(const Word&, const Word&) = default;
  };
  /// Distinct terms, those of phrases too.
  std::vector<Word> words;
  /// Beginnings of words, written word*, in lower case where the index is; not stemmed. Distinct.
  std::vector<std::string> prefixes;
  /// Runs of terms that must stand in the text; positions tell the gaps of words that were left out.
  std::vector<std::vector<text::Token>> phrases;
};

/// Takes a query apart. With `operators`, text between two quotation marks (") is a phrase, and a word right
/// before an asterisk a prefix; a quotation mark without a second one separates words.
Bm25Query parse_bm25_query(const text::Analyzer& analyzer, std::string_view text, bool operators);

}  // namespace whitney::search
