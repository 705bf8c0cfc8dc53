#include "whitney/text/stemmer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace whitney::text {
namespace {

// Letters as bits, a first.
constexpr uint32_t letters(std::string_view text) {
  uint32_t bits = 0;
  for (const char c : text) bits |= 1U << (c - 'a');
  return bits;
}
constexpr bool is_among(char c, uint32_t set) {
  const unsigned place = static_cast<unsigned char>(c) - unsigned{'a'};
  return place < 26 && (set >> place & 1) != 0;
}
constexpr bool is_vowel(char c) { return is_among(c, letters("aeiouy")); }

// The last 8 letters of a word as a number, the very last in its highest byte; zeros before shorter words.
constexpr uint64_t last_letters(std::string_view word) {
  if (!std::is_constant_evaluated() && word.size() >= 8) {
    uint64_t last;
    std::memcpy(&last, word.data() + word.size() - 8, sizeof last);
    return last;
  }
  uint64_t last = 0;
  for (size_t i = word.size() > 8 ? word.size() - 8 : 0; i < word.size(); ++i)
    last = last >> 8 | uint64_t{static_cast<unsigned char>(word[i])} << 56;
  return last;
}

// Letters that a word may end in, 8 at most: compared with the last letters of a word in one step, where a
// list of strings would take a call for each.
struct Suffix {
  uint64_t bits, mask;
  uint32_t size;
  consteval Suffix(const char* text)  // NOLINT(google-explicit-constructor): stands where strings do
      : bits(last_letters(text)),
        mask(~uint64_t{0} << (64 - 8 * std::string_view(text).size())),
        size(static_cast<uint32_t>(std::string_view(text).size())) {}
  bool ends(uint64_t last) const { return (last & mask) == bits; }
  friend bool operator==(const Suffix&, const Suffix&) = default;
};

struct Rule {
  Suffix suffix;
  std::string_view replacement;
};

// Words that the steps would not bring to a good stem; an empty replacement leaves the word.
constexpr Rule kExceptions[] = {{"andes", ""},      {"atlas", ""},       {"bias", ""},        {"cosmos", ""},
                                {"early", "earli"}, {"gently", "gentl"}, {"howe", ""},        {"idly", "idl"},
                                {"news", ""},       {"only", "onli"},    {"singly", "singl"}, {"skis", "ski"},
                                {"skies", "sky"},   {"sky", ""},         {"ugly", "ugli"}};

// Beginnings that R1 comes right after, so that what follows is not taken for a suffix too easily.
constexpr std::string_view kStarts[] = {"gener", "commun", "arsen", "past", "univers",
                                        "later", "emerg",  "organ", "inter"};

// Longer suffixes stand before those that they end in.
constexpr Rule kStep2[] = {
    {"ational", "ate"}, {"ization", "ize"}, {"fulness", "ful"}, {"iveness", "ive"}, {"ousness", "ous"},
    {"tional", "tion"}, {"biliti", "ble"},  {"lessli", "less"}, {"ation", "ate"},   {"alism", "al"},
    {"aliti", "al"},    {"fulli", "ful"},   {"ousli", "ous"},   {"iviti", "ive"},   {"entli", "ent"},
    {"ogist", "og"},    {"enci", "ence"},   {"anci", "ance"},   {"abli", "able"},   {"izer", "ize"},
    {"ator", "ate"},    {"alli", "al"},     {"bli", "ble"},     {"ogi", "og"},      {"li", ""}};
constexpr Rule kStep3[] = {{"ational", "ate"}, {"tional", "tion"}, {"alize", "al"},
                           {"icate", "ic"},    {"iciti", "ic"},    {"ative", ""},
                           {"ical", "ic"},     {"ness", ""},       {"ful", ""}};
constexpr Rule kStep4[] = {{"ement", ""}, {"ance", ""}, {"ence", ""}, {"able", ""}, {"ible", ""},
                           {"ment", ""},  {"ant", ""},  {"ent", ""},  {"ism", ""},  {"ate", ""},
                           {"iti", ""},   {"ous", ""},  {"ive", ""},  {"ize", ""},  {"ion", ""},
                           {"al", ""},    {"er", ""},   {"ic", ""}};

// A word on its way to the stem; `y` that is a consonant is written `Y` meanwhile.
class Porter2 {
 public:
  explicit Porter2(std::string& word) : word_(word) {}

  void run() {
    if (word_.size() <= 2 || is_exception()) return;
    if (word_.front() == '\'') word_.erase(0, 1);
    mark_consonant_y();
    find_regions();
    remove_apostrophe();
    step_1a();
    step_1b();
    step_1c();
    step_2();
    step_3();
    step_4();
    step_5();
    std::ranges::replace(word_, 'Y', 'y');
  }

 private:
  bool ends_in(const Suffix& suffix) const { return suffix.ends(last_letters(word_)); }
  // The first of them that the word ends in; null: none.
  const Suffix* first_of(std::span<const Suffix> suffixes) const {
    const uint64_t last = last_letters(word_);
    const auto found =
        std::ranges::find_if(suffixes, [&](const Suffix& suffix) { return suffix.ends(last); });
    return found == suffixes.end() ? nullptr : &*found;
  }
  size_t start_of(const Suffix& suffix) const { return word_.size() - suffix.size; }
  void cut(size_t num_letters) { word_.resize(word_.size() - num_letters); }
  bool has_vowel(size_t end) const {
    return std::any_of(word_.begin(), word_.begin() + static_cast<ptrdiff_t>(end), is_vowel);
  }

  bool is_exception() {
    if (word_.size() > 6) return false;
    for (const Rule& rule : kExceptions) {
      if (word_.size() != rule.suffix.size || !ends_in(rule.suffix)) continue;
      if (!rule.replacement.empty()) word_ = rule.replacement;
      return true;
    }
    return false;
  }

  void mark_consonant_y() {
    for (size_t i = word_.find('y'); i < word_.size(); i = word_.find('y', i + 1)) {
      if (i == 0 || is_vowel(word_[i - 1])) word_[i] = 'Y';
    }
  }

  // The place after the first non-vowel that follows a vowel, from `at` on.
  size_t after_syllable(size_t at) const {
    while (at < word_.size() && !is_vowel(word_[at])) ++at;
    while (at < word_.size() && is_vowel(word_[at])) ++at;
    return std::min(at + 1, word_.size());
  }

  void find_regions() {
    r1_ = after_syllable(0);
    for (const std::string_view start : kStarts) {
      if (word_.front() == start.front() && word_.starts_with(start)) r1_ = start.size();
    }
    r2_ = after_syllable(r1_);
  }

  bool ends_in_short_syllable() const {
    const size_t n = word_.size();
    if (n >= 4 && ends_in("past")) return true;
    if (n == 2) return is_vowel(word_[0]) && !is_vowel(word_[1]);
    if (n < 3) return false;
    const char last = word_[n - 1];
    return !is_vowel(last) && last != 'w' && last != 'x' && last != 'Y' && is_vowel(word_[n - 2]) &&
           !is_vowel(word_[n - 3]);
  }
  bool is_short() const { return r1_ >= word_.size() && ends_in_short_syllable(); }

  void remove_apostrophe() {
    static constexpr Suffix kApostrophes[] = {"'s'", "'s", "'"};
    if (const Suffix* suffix = first_of(kApostrophes)) cut(suffix->size);
  }

  void step_1a() {
    if (ends_in("sses")) return cut(2);
    if (ends_in("ied") || ends_in("ies")) return cut(word_.size() > 4 ? 2 : 1);
    if (ends_in("us") || ends_in("ss") || !ends_in("s")) return;
    if (word_.size() >= 2 && has_vowel(word_.size() - 2)) cut(1);
  }

  void step_1b() {
    if (word_.empty() || !is_among(word_.back(), letters("ydg"))) return;
    static constexpr Suffix kEed[] = {"eedly", "eed"};
    if (const Suffix* suffix = first_of(kEed)) {
      const std::string_view before = std::string_view(word_).substr(0, start_of(*suffix));
      const bool is_verb = before == "proc" || before == "exc" || before == "succ";
      if (start_of(*suffix) >= r1_ && !is_verb) cut(suffix->size - 2);
      return;
    }
    static constexpr Suffix kOthers[] = {"ingly", "edly", "ing", "ed"};
    const Suffix* suffix = first_of(kOthers);
    if (suffix == nullptr || (*suffix == Suffix("ing") && is_ing_exception())) return;
    if (!has_vowel(start_of(*suffix))) return;
    cut(suffix->size);
    repair_after_1b();
  }

  // "dying" becomes "die"; "inning" and its like are no forms of shorter words.
  bool is_ing_exception() {
    const std::string_view before = std::string_view(word_).substr(0, start_of("ing"));
    if (before.size() == 2 && before[1] == 'y' && !is_vowel(before[0])) {
      word_.replace(1, std::string::npos, "ie");
      return true;
    }
    for (const std::string_view left : {"inn", "out", "cann", "herr", "earr", "even"}) {
      if (before == left) return true;
    }
    return false;
  }

  void repair_after_1b() {
    if (ends_in("at") || ends_in("bl") || ends_in("iz")) {
      word_ += 'e';
      return;
    }
    const size_t n = word_.size();
    const bool is_double =
        n >= 2 && word_[n - 1] == word_[n - 2] && is_among(word_[n - 1], letters("bdfgmnprt"));
    if (is_double) {
      const bool stays = n == 3 && is_among(word_[0], letters("aeo"));
      if (!stays) cut(1);
    } else if (is_short()) {
      word_ += 'e';
    }
  }

  void step_1c() {
    const size_t n = word_.size();
    if (n > 2 && (word_[n - 1] == 'y' || word_[n - 1] == 'Y') && !is_vowel(word_[n - 2])) word_[n - 1] = 'i';
  }

  // `ends`: the last letters of the suffixes.
  const Rule* longest(std::span<const Rule> rules, uint32_t ends) const {
    if (word_.empty() || !is_among(word_.back(), ends)) return nullptr;
    const uint64_t last = last_letters(word_);
    const auto found = std::ranges::find_if(rules, [&](const Rule& rule) { return rule.suffix.ends(last); });
    return found == rules.end() ? nullptr : &*found;
  }
  char letter_before(const Suffix& suffix) const {
    return start_of(suffix) == 0 ? '\0' : word_[start_of(suffix) - 1];
  }
  void apply(const Rule& rule) { word_.replace(start_of(rule.suffix), std::string::npos, rule.replacement); }

  void step_2() {
    const Rule* rule = longest(kStep2, letters("lnsimtr"));
    if (rule == nullptr || start_of(rule->suffix) < r1_) return;
    if (rule->suffix == Suffix("ogi") && letter_before("ogi") != 'l') return;
    if (rule->suffix == Suffix("li") && !is_among(letter_before("li"), letters("cdeghkmnrt"))) return;
    apply(*rule);
  }
  void step_3() {
    const Rule* rule = longest(kStep3, letters("leis"));
    if (rule == nullptr || start_of(rule->suffix) < r1_) return;
    if (rule->suffix == Suffix("ative") && start_of("ative") < r2_) return;
    apply(*rule);
  }
  void step_4() {
    const Rule* rule = longest(kStep4, letters("etmisnlrc"));
    if (rule == nullptr || start_of(rule->suffix) < r2_) return;
    if (rule->suffix == Suffix("ion") && letter_before("ion") != 's' && letter_before("ion") != 't') return;
    apply(*rule);
  }
  void step_5() {
    if (word_.empty()) return;
    const size_t last = word_.size() - 1;
    if (word_[last] == 'l') {
      if (last >= r2_ && last > 0 && word_[last - 1] == 'l') cut(1);
    } else if (word_[last] == 'e') {
      if (last >= r2_) return cut(1);
      if (last < r1_) return;
      cut(1);
      if (ends_in_short_syllable()) word_ += 'e';
    }
  }

  std::string& word_;
  size_t r1_ = 0, r2_ = 0;
};

constexpr char kOther = '\x80';

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Letters beyond ASCII are consonants that no rule touches: one byte stands for each of them meanwhile.
void stem_with_other_letters(std::string& word) {
  std::string letters;
  for (const char c : word) {
    if (!continues_character(c)) letters += is_ascii(c) ? c : kOther;
  }
  Porter2(letters).run();
  std::string stem;
  size_t at = 0;
  for (const char c : letters) {
    if (c != kOther) {
      stem += c;
      continue;
    }
    while (is_ascii(word[at])) ++at;
    do stem += word[at++];
    while (at < word.size() && continues_character(word[at]));
  }
  word = std::move(stem);
}

}  // namespace

void stem_english(std::string& word) {
  if (std::ranges::all_of(word, is_ascii))
    Porter2(word).run();
  else
    stem_with_other_letters(word);
}

}  // namespace whitney::text
