#include "whitney/search/bm25_query.h"

#include <algorithm>

namespace whitney::search {
namespace {

void add_word(Bm25Query& query, const std::string& term) {
  const auto known = std::ranges::find(query.words, term, &Bm25Query::Word::term);
  if (known == query.words.end())
    query.words.push_back({term, 1});
  else
    ++known->times;
}

void add_plain(const text::Analyzer& analyzer, std::string_view text, bool operators, Bm25Query& query) {
  text::WordReader reader = analyzer.words(text);
  std::string word;
  while (reader.next(word)) {
    if (operators && reader.place() < text.size() && text[reader.place()] == '*') {
      if (std::ranges::find(query.prefixes, word) == query.prefixes.end()) query.prefixes.push_back(word);
    } else if (analyzer.to_term(word)) {
      add_word(query, word);
    }
  }
}

}  // namespace

Bm25Query parse_bm25_query(const text::Analyzer& analyzer, std::string_view text, bool operators) {
  Bm25Query query;
  while (!text.empty()) {
    const size_t open = operators ? text.find('"') : text.npos;
    const size_t close = open == text.npos ? text.npos : text.find('"', open + 1);
    add_plain(analyzer, text.substr(0, close == text.npos ? text.npos : open), operators, query);
    if (close == text.npos) break;
    std::vector<text::Token> phrase = analyzer.analyze(text.substr(open + 1, close - open - 1));
    for (const text::Token& token : phrase) add_word(query, token.term);
    if (!phrase.empty()) query.phrases.push_back(std::move(phrase));
    text.remove_prefix(close + 1);
  }
  return query;
}

}  // namespace whitney::search
