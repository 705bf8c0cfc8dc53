#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::text {

/// A part of a text, in bytes.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

/// The stack of a search, kept between calls.
struct RegexScratch {
  struct Choice {
    uint32_t kind;
    uint32_t pc;
    uint32_t at;
    uint32_t until;
  };
  std::vector<Choice> choices;
  std::vector<uint32_t> slots;
};

/// A regular expression as tokenizer.json files hold them: Oniguruma's syntax (Ruby), over code points.
/// Serves literals, escapes, ".", classes with ranges, nesting and "&&", \s \d \w \h \R \p{category},
/// [:posix:] names, groups (capturing ones only group), (?i), (?m), alternation, greedy, lazy and possessive
/// quantifiers, atomic groups, look-ahead, look-behind of fixed length, anchors ^ $ \A \z \Z \b \B. Refuses
/// the rest by name: back-references, calls, conditions, scripts. (?i) takes a letter for the several that it
/// is in another case ("ss" and U+00DF), where Oniguruma does. Matching is leftmost, first alternative first.
class WHITNEY_API Regex {
 public:
  /// Throws Error naming what it cannot serve, and where.
  explicit Regex(std::string_view pattern);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// Appends the matches in order, as a scanner gives them: they do not overlap, and an empty match does not
  /// touch the match before it. `text` is valid UTF-8 below 4 GiB. Backtracks on a stack of its own, never
  /// the machine's; the steps of one call are at most a constant and a multiple of the text's length, beyond
  /// which it throws Error naming the pattern.
  void find_all(std::string_view text, std::vector<Span>& matches, RegexScratch& scratch) const;

  const std::string& pattern() const;

 private:
  struct Program;
  std::unique_ptr<const Program> program_;
};

}  // namespace whitney::text
