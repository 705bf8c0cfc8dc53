#include "whitney/text/stemmer.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace whitney::text {
namespace {

struct Rule {
  std::string_view suffix, replacement;
};

bool is_vowel(char c) {
  switch (c) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
    case 'y':
      return true;
    default:
      return false;
  }
}

bool is_valid_before_li(char c) { return std::string_view("cdeghkmnrt").find(c) != std::string_view::npos; }

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
  bool ends_in(std::string_view suffix) const { return word_.ends_with(suffix); }
  size_t start_of(std::string_view suffix) const { return word_.size() - suffix.size(); }
  void cut(size_t letters) { word_.resize(word_.size() - letters); }
  bool has_vowel(size_t end) const {
    return std::any_of(word_.begin(), word_.begin() + static_cast<ptrdiff_t>(end), is_vowel);
  }

  bool is_exception() {
    for (const Rule& rule : kExceptions) {
      if (word_ != rule.suffix) continue;
      if (!rule.replacement.empty()) word_ = rule.replacement;
      return true;
    }
    return false;
  }

  void mark_consonant_y() {
    for (size_t i = 0; i < word_.size(); ++i) {
      if (word_[i] == 'y' && (i == 0 || is_vowel(word_[i - 1]))) word_[i] = 'Y';
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
      if (word_.starts_with(start)) r1_ = start.size();
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
    for (const std::string_view suffix : {"'s'", "'s", "'"}) {
      if (!ends_in(suffix)) continue;
      cut(suffix.size());
      return;
    }
  }

  void step_1a() {
    if (ends_in("sses")) return cut(2);
    if (ends_in("ied") || ends_in("ies")) return cut(word_.size() > 4 ? 2 : 1);
    if (ends_in("us") || ends_in("ss") || !ends_in("s")) return;
    if (word_.size() >= 2 && has_vowel(word_.size() - 2)) cut(1);
  }

  void step_1b() {
    for (const std::string_view suffix : {"eedly", "eed"}) {
      if (!ends_in(suffix)) continue;
      const std::string_view before = std::string_view(word_).substr(0, start_of(suffix));
      const bool is_verb = before == "proc" || before == "exc" || before == "succ";
      if (start_of(suffix) >= r1_ && !is_verb) cut(suffix.size() - 2);
      return;
    }
    for (const std::string_view suffix : {"ingly", "edly", "ing", "ed"}) {
      if (!ends_in(suffix)) continue;
      if (suffix == "ing" && is_ing_exception()) return;
      if (!has_vowel(start_of(suffix))) return;
      cut(suffix.size());
      return repair_after_1b();
    }
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
    const bool is_double = n >= 2 && word_[n - 1] == word_[n - 2] &&
                           std::string_view("bdfgmnprt").find(word_[n - 1]) != std::string_view::npos;
    if (is_double) {
      const bool stays = n == 3 && std::string_view("aeo").find(word_[0]) != std::string_view::npos;
      if (!stays) cut(1);
    } else if (is_short()) {
      word_ += 'e';
    }
  }

  void step_1c() {
    const size_t n = word_.size();
    if (n > 2 && (word_[n - 1] == 'y' || word_[n - 1] == 'Y') && !is_vowel(word_[n - 2])) word_[n - 1] = 'i';
  }

  const Rule* longest(std::span<const Rule> rules) const {
    const auto found = std::ranges::find_if(rules, [&](const Rule& rule) { return ends_in(rule.suffix); });
    return found == rules.end() ? nullptr : &*found;
  }
  char letter_before(std::string_view suffix) const {
    return start_of(suffix) == 0 ? '\0' : word_[start_of(suffix) - 1];
  }
  void apply(const Rule& rule) { word_.replace(start_of(rule.suffix), std::string::npos, rule.replacement); }

  void step_2() {
    const Rule* rule = longest(kStep2);
    if (rule == nullptr || start_of(rule->suffix) < r1_) return;
    if (rule->suffix == "ogi" && letter_before("ogi") != 'l') return;
    if (rule->suffix == "li" && !is_valid_before_li(letter_before("li"))) return;
    apply(*rule);
  }
  void step_3() {
    const Rule* rule = longest(kStep3);
    if (rule == nullptr || start_of(rule->suffix) < r1_) return;
    if (rule->suffix == "ative" && start_of("ative") < r2_) return;
    apply(*rule);
  }
  void step_4() {
    const Rule* rule = longest(kStep4);
    if (rule == nullptr || start_of(rule->suffix) < r2_) return;
    if (rule->suffix == "ion" && letter_before("ion") != 's' && letter_before("ion") != 't') return;
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
