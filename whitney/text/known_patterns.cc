#include "whitney/text/known_patterns.h"

#include <array>
#include <cstdint>

#include "whitney/text/unicode.h"

namespace whitney::text {

namespace {

/// What these patterns tell apart; every character is one of them.
enum Kind : uint8_t { kIsLetter, kIsNumber, kIsBlank, kIsLineEnd, kIsOther };

constexpr std::array<Kind, 128> ascii_kinds() {
  std::array<Kind, 128> kinds{};
  for (int c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    kinds[static_cast<size_t>(c)] = letter                   ? kIsLetter
                                    : c >= '0' && c <= '9'   ? kIsNumber
                                    : c == '\n' || c == '\r' ? kIsLineEnd
                                    : blank                  ? kIsBlank
                                                             : kIsOther;
  }
  return kinds;
}

constexpr std::array<Kind, 128> kAsciiKinds = ascii_kinds();

/// The kind of the character at p, and its end in `next`.
Kind kind_at(const char* p, const char*& next) {
  next = p;
  const char32_t c = next_code_point(next);
  if (c < 128) return kAsciiKinds[c];
  const uint16_t bits = properties(c);
  return (bits & kLetter) != 0       ? kIsLetter
         : (bits & kNumber) != 0     ? kIsNumber
         : (bits & kWhiteSpace) != 0 ? kIsBlank
                                     : kIsOther;
}

const char* skip(const char* p, const char* end, Kind kind) {
  for (const char* next = p; p < end && kind_at(p, next) == kind;) p = next;
  return p;
}

const char* skip_line_ends(const char* p, const char* end) {
  while (p < end && (*p == '\r' || *p == '\n')) ++p;
  return p;
}

/// A run of white space from p: its end, the start of its last character, and the end of its last line end
/// (null when it has none).
struct BlankRun {
  const char* end;
  const char* last;
  const char* after_line_end = nullptr;
  bool is_single;
};

BlankRun blank_run(const char* p, const char* end) {
  BlankRun run{p, p, nullptr, true};
  const char* const begin = p;
  for (const char* next = p; p < end; p = next) {
    const Kind kind = kind_at(p, next);
    if (kind != kIsBlank && kind != kIsLineEnd) break;
    run.last = p;
    if (kind == kIsLineEnd) run.after_line_end = next;
  }
  run.end = p;
  run.is_single = run.last == begin;
  return run;
}

/// \s+(?!\S)|\s+ : all of the run at the end of the text, else all but its last character, else that one.
const char* end_of_blanks(const BlankRun& run, const char* end) {
  return run.end == end || run.is_single ? run.end : run.last;
}

/// The end of 's 't 're 've 'm 'll 'd at p, or null.
const char* contraction(const char* p, const char* end) {
  if (end - p < 2 || *p != '\'') return nullptr;
  if (p[1] == 's' || p[1] == 't' || p[1] == 'm' || p[1] == 'd') return p + 2;
  if (end - p < 3) return nullptr;
  const bool two =
      (p[1] == 'r' && p[2] == 'e') || (p[1] == 'v' && p[2] == 'e') || (p[1] == 'l' && p[2] == 'l');
  return two ? p + 3 : nullptr;
}

/// The same in any case: U+017F is a long s.
const char* contraction_of_any_case(const char* p, const char* end) {
  if (end - p < 2 || *p != '\'') return nullptr;
  const auto lower = [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
  const char a = lower(p[1]);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return p + 2;
  if (end - p < 3) return nullptr;
  const char b = lower(p[2]);
  const bool two = (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l');
  const bool long_s = p[1] == '\xC5' && p[2] == '\xBF';
  return two || long_s ? p + 3 : nullptr;
}

const char* match_gpt2(const char* p, const char* end) {
  if (const char* stop = contraction(p, end); stop != nullptr) return stop;
  const char* next = p;
  const char* word = p;
  Kind kind = kind_at(p, next);
  if (*p == ' ' && next < end) {
    word = next;
    kind = kind_at(word, next);
  }
  if (kind != kIsBlank && kind != kIsLineEnd) return skip(next, end, kind);
  return end_of_blanks(blank_run(p, end), end);
}

/// [^\r\n\p{L}\p{N}]?\p{L}+ | numbers of so many digits | ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | blanks
template <int kDigits>
const char* match_llama(const char* p, const char* end) {
  if (const char* stop = contraction_of_any_case(p, end); stop != nullptr) return stop;
  const char* next = p;
  const Kind kind = kind_at(p, next);
  if (kind == kIsLetter) return skip(next, end, kIsLetter);
  if (kind == kIsNumber) {
    for (int i = 1; i < kDigits && next < end; ++i) {
      const char* const here = next;
      if (kind_at(here, next) != kIsNumber) return here;
    }
    return next;
  }
  if (kind != kIsLineEnd && next < end) {
    const char* after = next;
    const Kind second = kind_at(next, after);
    if (second == kIsLetter) return skip(after, end, kIsLetter);
    if (*p == ' ' && second == kIsOther) return skip_line_ends(skip(after, end, kIsOther), end);
  }
  if (kind == kIsOther) return skip_line_ends(skip(next, end, kIsOther), end);
  const BlankRun run = blank_run(p, end);
  if (run.after_line_end != nullptr) return run.after_line_end;
  return end_of_blanks(run, end);
}

struct KnownPattern {
  std::string_view pattern;
  PatternMatcher matcher;
};

constexpr KnownPattern kKnownPatterns[] = {
    {kGpt2Pattern, match_gpt2},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     match_llama<3>},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     match_llama<1>},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
     match_llama<3>},
    {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
     match_llama<3>},
};

}  // namespace

PatternMatcher known_matcher(std::string_view pattern) {
  for (const KnownPattern& known : kKnownPatterns) {
    if (known.pattern == pattern) return known.matcher;
  }
  return nullptr;
}

}  // namespace whitney::text
