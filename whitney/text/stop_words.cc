#include "whitney/text/stop_words.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace whitney::text {
namespace {

// Both sorted by bytes.
constexpr std::string_view kEnglishWords[] = {
    "a",   "an",    "and",  "are",   "as",    "at",   "be",   "but", "by",  "for",  "if",
    "in",  "into",  "is",   "it",    "no",    "not",  "of",   "on",  "or",  "such", "that",
    "the", "their", "then", "there", "these", "they", "this", "to",  "was", "will", "with"};

constexpr std::string_view kEnglishLongWords[] = {
    "a",      "about",  "above",   "after",  "again",     "against", "ain",    "all",        "am",
    "an",     "and",    "any",     "are",    "aren",      "as",      "at",     "be",         "because",
    "been",   "before", "being",   "below",  "between",   "both",    "but",    "by",         "can",
    "cannot", "could",  "couldn",  "d",      "did",       "didn",    "do",     "does",       "doesn",
    "doing",  "don",    "down",    "during", "each",      "few",     "for",    "from",       "further",
    "had",    "hadn",   "has",     "hasn",   "have",      "haven",   "having", "he",         "her",
    "here",   "hers",   "herself", "him",    "himself",   "his",     "how",    "i",          "if",
    "in",     "into",   "is",      "isn",    "it",        "its",     "itself", "just",       "ll",
    "m",      "me",     "more",    "most",   "mustn",     "my",      "myself", "needn",      "no",
    "nor",    "not",    "now",     "of",     "off",       "on",      "once",   "only",       "or",
    "other",  "ought",  "our",     "ours",   "ourselves", "out",     "over",   "own",        "re",
    "s",      "same",   "shan",    "she",    "should",    "shouldn", "so",     "some",       "such",
    "t",      "than",   "that",    "the",    "their",     "theirs",  "them",   "themselves", "then",
    "there",  "these",  "they",    "this",   "those",     "through", "to",     "too",        "under",
    "until",  "up",     "ve",      "very",   "was",       "wasn",    "we",     "were",       "weren",
    "what",   "when",   "where",   "which",  "while",     "who",     "whom",   "why",        "will",
    "with",   "won",    "would",   "wouldn", "you",       "your",    "yours",  "yourself",   "yourselves"};

std::span<const std::string_view> words_of(StopWords list) {
  switch (list) {
    case StopWords::kNone:
      break;
    case StopWords::kEnglish:
      return kEnglishWords;
    case StopWords::kEnglishLong:
      return kEnglishLongWords;
  }
  return {};
}

}  // namespace

bool is_stop_word(StopWords list, std::string_view word) {
  return std::ranges::binary_search(words_of(list), word);
}

}  // namespace whitney::text
