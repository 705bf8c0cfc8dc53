#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/options.h"
#include "whitney/text/stemmer.h"
#include "whitney/text/stop_words.h"
#include "whitney/text/text_words.h"

namespace whitney::text {

/// Options of an analyser, which the methods that take words apart share.
struct AnalyzerOptions {
  bool lowercase = true;
  Stemmer stemmer = Stemmer::kEnglish;
  StopWords stop_words = StopWords::kEnglish;
  int min_token_length = 1;

  void fields(auto&& field) {
    field("lowercase", lowercase, "Take words in lower case, so that Flow and flow are one");
    field(
        "stemmer", stemmer,
        "Bring words to their stem, so that flows, flowing and flow are one: english is Porter2 (Snowball)");
    field("stop_words", stop_words,
          "Words to leave out: english has the 33 of Lucene, english_long some 160 with pronouns and "
          "auxiliary verbs");
    field("min_token_length", min_token_length, Range{1, 1000},
          "Characters that a word must have to be kept, before it is stemmed");
  }
};

/// A word of a text as an index knows it.
struct Token {
  std::string term;
  /// Words before it in the text, those that were left out included.
  int64_t position = 0;
  friend bool operator==(const Token&, const Token&) = default;
};

/// Brings texts to the terms that they are indexed and asked by: words (see WordReader), in lower case,
/// without stop words, stemmed.
class WHITNEY_API Analyzer {
 public:
  explicit Analyzer(const AnalyzerOptions& options) : options_(options) {}
  /// The words of a text, before `to_term`. Keeps a view of the text.
  WordReader words(std::string_view text) const { return WordReader(text, options_.lowercase); }
  /// Turns a word of `words` into its term; false, with `word` undefined, when it is left out. Depends on the
  /// word alone, so that callers may keep what it gave.
  bool to_term(std::string& word) const;
  std::vector<Token> analyze(std::string_view text) const;

 private:
  AnalyzerOptions options_;
};

}  // namespace whitney::text
