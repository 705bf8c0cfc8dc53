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
    uint32_t pc;
    uint32_t kind;
    uint32_t at;
    uint32_t until;
  };
  std::vector<Choice> choices;
};

/// A regular expression as tokenizer.json files hold them: Oniguruma's syntax (Ruby), over code points.
/// Serves literals, escapes, ".", classes with ranges, nesting and "&&", \s \d \w \h \R \p{..} and
/// [[:posix:]] forms, groups (capturing ones match only), (?i), (?m), (?x)-free alternation, greedy, lazy and
/// possessive quantifiers, atomic groups, look-ahead and look-behind, anchors ^ $ \A \z \Z \b \B. Refuses
/// back-references, calls, conditions and named characters by name. Matching is leftmost, first alternative
/// first.
class WHITNEY_API Regex {
 public:
  /// Throws Error naming what it cannot serve, with the place in the pattern.
  explicit Regex(std::string_view pattern);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  /// Finds the first match that begins at `from` or later; text is valid UTF-8 below 4 GiB. No recursion; the
  /// steps of one call are bounded by a multiple of the text's length, beyond which it throws Error naming
  /// the pattern.
  bool find(std::string_view text, size_t from, Span& match, RegexScratch& scratch) const;

  /// Appends the matches in order, as a scanner gives them: they do not overlap, and an empty match does not
  /// touch the match before it.
  void find_all(std::string_view text, std::vector<Span>& matches, RegexScratch& scratch) const;

  const std::string& pattern() const;

 private:
  struct Program;
  std::unique_ptr<const Program> program_;
};

}  // namespace whitney::text
