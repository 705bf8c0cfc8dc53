#include "whitney/text/analyzer.h"

#include <algorithm>

namespace whitney::text {
namespace {

int64_t num_characters(std::string_view word) {
  return std::ranges::count_if(word, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

bool Analyzer::to_term(std::string& word) const {
  if (options_.min_token_length > 1 && num_characters(word) < options_.min_token_length) return false;
  if (is_stop_word(options_.stop_words, word)) return false;
  if (options_.stemmer == Stemmer::kEnglish) stem_english(word);
  return !word.empty();
}

std::vector<Token> Analyzer::analyze(std::string_view text) const {
  std::vector<Token> tokens;
  WordReader reader = words(text);
  std::string word;
  for (int64_t position = 0; reader.next(word); ++position) {
    if (to_term(word)) tokens.push_back({word, position});
  }
  return tokens;
}

}  // namespace whitney::text
