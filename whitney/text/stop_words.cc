#include "whitney/text/stop_words.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace whitney::text {
namespace {

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

// Finds a word by its ends and its length: most words that are asked for are none of these.
class WordSet {
 public:
  template <size_t n>
  explicit constexpr WordSet(const std::string_view (&words)[n]) : words_(words) {
    static_assert(n < kSlots / 2);
    for (size_t i = 0; i < n; ++i) {
      size_t slot = slot_of(words[i]);
      while (slots_[slot] != 0) slot = (slot + 1) % kSlots;
      slots_[slot] = static_cast<uint8_t>(i + 1);
    }
  }
  bool contains(std::string_view word) const {
    if (word.empty()) return false;
    for (size_t slot = slot_of(word); slots_[slot] != 0; slot = (slot + 1) % kSlots) {
      if (words_[slots_[slot] - 1U] == word) return true;
    }
    return false;
  }

 private:
  static constexpr size_t kSlots = 512;
  static constexpr size_t slot_of(std::string_view word) {
    const auto byte = [&](size_t i) { return size_t{static_cast<unsigned char>(word[i])}; };
    return (byte(0) * 5 + byte(word.size() / 2) * 41 + byte(word.size() - 1) * 17 + word.size() * 83) %
           kSlots;
  }

  std::span<const std::string_view> words_;
  std::array<uint8_t, kSlots> slots_{};
};

constexpr WordSet kEnglish(kEnglishWords), kEnglishLong(kEnglishLongWords);

}  // namespace

bool is_stop_word(StopWords list, std::string_view word) {
  switch (list) {
    case StopWords::kNone:
      break;
    case StopWords::kEnglish:
      return kEnglish.contains(word);
    case StopWords::kEnglishLong:
      return kEnglishLong.contains(word);
  }
  return false;
}

}  // namespace whitney::text
