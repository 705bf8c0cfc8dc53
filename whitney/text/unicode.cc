#include "whitney/text/unicode.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "whitney/text/unicode_tables.h"

namespace whitney::text {

namespace {

constexpr uint64_t kHighBits = 0x8080808080808080ULL;

/// The length of the run of ASCII at p.
size_t ascii_run(const char* p, const char* end) {
  const char* const begin = p;
  for (uint64_t word; end - p >= 8; p += 8) {
    std::memcpy(&word, p, 8);
    if ((word & kHighBits) != 0) break;
  }
  while (p < end && static_cast<signed char>(*p) >= 0) ++p;
  return static_cast<size_t>(p - begin);
}

bool is_tail(const char* p, const char* end) {
  return p < end && (static_cast<unsigned char>(*p) & 0xC0) == 0x80;
}

/// Looks at the first character of [p, end): its size in `size`, or false and the size of the piece that
/// begins none (Unicode 3.9, table 3-7: the second byte decides overlong forms, surrogates and the upper
/// end).
bool check_character(const char* p, const char* end, size_t& size) {
  const auto lead = static_cast<unsigned char>(*p);
  size = 1;
  if (lead < 0x80) return true;
  if (lead < 0xC2 || lead > 0xF4) return false;
  const size_t wanted = length_by_lead(*p);
  if (!is_tail(p + 1, end)) return false;
  const auto second = static_cast<unsigned char>(p[1]);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
      (lead == 0xF4 && second > 0x8F)) {
    return false;
  }
  for (size = 2; size < wanted; ++size) {
    if (!is_tail(p + size, end)) return false;
  }
  return true;
}

char* put_utf8(char* p, char32_t c) {
  if (c < 0x80) {
    *p++ = static_cast<char>(c);
    return p;
  }
  if (c < 0x800) {
    *p++ = static_cast<char>(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      *p++ = static_cast<char>(0xE0 | c >> 12);
    } else {
      *p++ = static_cast<char>(0xF0 | c >> 18);
      *p++ = static_cast<char>(0x80 | (c >> 12 & 0x3F));
    }
    *p++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
  }
  *p++ = static_cast<char>(0x80 | (c & 0x3F));
  return p;
}

}  // namespace

Category category(char32_t c) { return static_cast<Category>(tables::record(c).category); }

uint16_t properties(char32_t c) { return tables::record(c).properties; }

void append_utf8(std::string& out, char32_t c) {
  char bytes[4];
  out.append(bytes, static_cast<size_t>(put_utf8(bytes, c) - bytes));
}

size_t valid_utf8_prefix(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  for (size_t size = 0; p < end; p += size) {
    p += ascii_run(p, end);
    if (p == end || !check_character(p, end, size)) break;
  }
  return static_cast<size_t>(p - text.data());
}

std::string_view repair_utf8(std::string_view text, std::string& buffer) {
  size_t valid = valid_utf8_prefix(text);
  if (valid == text.size()) return text;
  buffer.clear();
  while (true) {
    buffer.append(text.substr(0, valid));
    text.remove_prefix(valid);
    if (text.empty()) return buffer;
    size_t size = 0;
    check_character(text.data(), text.data() + text.size(), size);
    append_utf8(buffer, kReplacementCharacter);
    text.remove_prefix(size);
    valid = valid_utf8_prefix(text);
  }
}

// ---- lower case

namespace {

/// Writes [p, end), ASCII, in lower case to `out`.
char* put_lower_ascii(const char* p, const char* end, char* out) {
  for (; p < end; ++p) {
    const auto byte = static_cast<unsigned char>(*p);
    *out++ = static_cast<char>(
        byte | ((static_cast<unsigned>(byte) - 'A' < 26U) << 5));  // vectorised by the compiler
  }
  return out;
}

}  // namespace

void append_lower_case(std::string_view text, std::string& out) {
  const char* p = text.data();
  const char* const end = p + text.size();
  // Two bytes become three at most (U+023A), and U+0130's become "i" and a dot of two.
  const size_t before = out.size();
  out.resize(before + text.size() + text.size() / 2 + 4);
  char* to = out.data() + before;
  while (p < end) {
    const size_t run = ascii_run(p, end);
    to = put_lower_ascii(p, p + run, to);
    p += run;
    while (p < end && static_cast<signed char>(*p) < 0) {
      const char* const begin = p;
      const char32_t c = next_code_point(p);
      const int32_t delta =
          tables::kLowerDeltas[tables::look_up(tables::kLowerBlocks, tables::kLowerIndex, c)];
      if (delta != 0) {
        to = put_utf8(to, c + static_cast<char32_t>(delta));
      } else if (c == 0x130) {
        to = put_utf8(put_utf8(to, 'i'), 0x307);
      } else {
        for (const char* q = begin; q < p; ++q) *to++ = *q;
      }
    }
  }
  out.resize(static_cast<size_t>(to - out.data()));
}

// ---- normal forms

namespace {

constexpr char32_t kHangulBase = 0xAC00, kLBase = 0x1100, kVBase = 0x1161, kTBase = 0x11A7;
constexpr char32_t kNumL = 19, kNumV = 21, kNumT = 28, kNumHangul = kNumL * kNumV * kNumT;

struct Mark {
  char32_t c;
  uint8_t combining_class;
};

/// A stretch of text between two characters that nothing joins across.
class Segment {
 public:
  explicit Segment(NormalForm form)
      : compatible_(form == NormalForm::kNfkc || form == NormalForm::kNfkd),
        composed_(form == NormalForm::kNfc || form == NormalForm::kNfkc) {}

  void append_normal(std::string_view text, std::string& out) {
    marks_.clear();
    for (const char *p = text.data(), *end = p + text.size(); p < end;) decompose(next_code_point(p));
    sort_marks();
    if (composed_) compose();
    for (const Mark& mark : marks_) append_utf8(out, mark.c);
  }

 private:
  void push(char32_t c) { marks_.push_back({c, tables::record(c).combining_class}); }

  void decompose(char32_t c) {
    if (c - kHangulBase < kNumHangul) {
      const char32_t s = c - kHangulBase;
      push(kLBase + s / (kNumV * kNumT));
      push(kVBase + s % (kNumV * kNumT) / kNumT);
      if (s % kNumT != 0) push(kTBase + s % kNumT);
      return;
    }
    const size_t index = tables::look_up(tables::kDecompositionBlocks, tables::kDecompositionIndex, c);
    if (index == 0) return push(c);
    const tables::Decomposition& entry = tables::kDecompositions[index];
    const auto* p = reinterpret_cast<const char*>(tables::kDecompositionBytes) +
                    (compatible_ ? entry.compatible : entry.canonical);
    const char* const end = p + (compatible_ ? entry.compatible_size : entry.canonical_size);
    while (p < end) push(next_code_point(p));
  }

  /// The canonical order: runs of marks by class, equal ones as they were.
  void sort_marks() {
    for (auto p = marks_.begin(); p != marks_.end();) {
      if (p->combining_class == 0) {
        ++p;
        continue;
      }
      const auto end =
          std::find_if(p, marks_.end(), [](const Mark& mark) { return mark.combining_class == 0; });
      const auto before = [](const Mark& a, const Mark& b) { return a.combining_class < b.combining_class; };
      if (!std::is_sorted(p, end, before)) std::ranges::stable_sort(p, end, before);
      p = end;
    }
  }

  static char32_t joined(char32_t a, char32_t b) {
    if (a - kLBase < kNumL && b - kVBase < kNumV) {
      return kHangulBase + ((a - kLBase) * kNumV + (b - kVBase)) * kNumT;
    }
    if (a - kHangulBase < kNumHangul && (a - kHangulBase) % kNumT == 0 && b - kTBase - 1 < kNumT - 1) {
      return a + (b - kTBase);
    }
    const uint64_t pair = uint64_t{a} << 21 | b;
    const auto* end = tables::kCompositions + tables::kNumCompositions;
    const auto* found = std::lower_bound(tables::kCompositions, end, pair,
                                         [](const tables::Composition& x, uint64_t y) { return x.pair < y; });
    return found != end && found->pair == pair ? found->composed : 0;
  }

  /// Joins each mark with the last starter unless a mark of its class or above, or another starter, is
  /// between.
  void compose() {
    size_t starter = marks_.size(), kept = 0;
    int last_class = -1;  // of what was kept behind the starter; -1 for nothing
    for (const Mark mark : marks_) {
      if (starter < kept && last_class < int{mark.combining_class}) {
        if (const char32_t c = joined(marks_[starter].c, mark.c); c != 0) {
          marks_[starter].c = c;
          continue;
        }
      }
      if (mark.combining_class == 0) {
        starter = kept;
        last_class = -1;
      } else {
        last_class = mark.combining_class;
      }
      marks_[kept++] = mark;
    }
    marks_.resize(kept);
  }

  bool compatible_;
  bool composed_;
  std::vector<Mark> marks_;
};

}  // namespace

void append_normal_form(NormalForm form, std::string_view text, std::string& out) {
  const bool composes = form == NormalForm::kNfc || form == NormalForm::kNfkc;
  const int slow = (1 << static_cast<int>(form)) | (composes ? tables::kJoinsPrevious : 0);
  const auto is_quick = [slow](char32_t c) {
    const tables::Record& record = tables::record(c);
    return record.combining_class == 0 && (record.changes & slow) == 0;
  };
  const char *p = text.data(), *copied = p, *last = p;  // last: the quick character before p, or p itself
  const char* const end = p + text.size();
  Segment segment(form);
  while (p < end) {
    if (const size_t run = ascii_run(p, end); run > 0) {
      p += run;
      last = p - 1;
      continue;
    }
    const char* const begin = p;
    if (is_quick(next_code_point(p))) {
      last = begin;
      continue;
    }
    out.append(copied, last);
    const char* stop = p;
    while (stop < end) {
      const char* next = stop;
      if (is_quick(next_code_point(next))) break;
      stop = next;
    }
    segment.append_normal({last, static_cast<size_t>(stop - last)}, out);
    p = copied = last = stop;
  }
  out.append(copied, end);
}

// ---- grapheme clusters

namespace {

using tables::Grapheme;

bool hangul_joins(int a, int b) {
  switch (a) {
    case Grapheme::kHangulL:
      return b == Grapheme::kHangulL || b == Grapheme::kHangulV || b == Grapheme::kHangulLv ||
             b == Grapheme::kHangulLvt;
    case Grapheme::kHangulLv:
    case Grapheme::kHangulV:
      return b == Grapheme::kHangulV || b == Grapheme::kHangulT;
    case Grapheme::kHangulLvt:
    case Grapheme::kHangulT:
      return b == Grapheme::kHangulT;
    default:
      return false;
  }
}

bool is_control(int a) { return a == Grapheme::kCr || a == Grapheme::kLf || a == Grapheme::kControl; }

/// What the rules look back for: the cluster so far, one character at a time.
struct Cluster {
  int last = 0;               // class of the last character
  bool pictographic = false;  // ExtPict Extend*, then `joiner` at ZWJ
  bool joiner = false;
  bool consonant = false;  // a consonant and its marks, then `linker` when one of them links
  bool linker = false;
  bool odd_indicator = false;

  void add(char32_t c, int value) {
    const int kind = value & 15;
    const bool extends = kind == Grapheme::kExtend || kind == Grapheme::kZwj;
    joiner = pictographic && kind == Grapheme::kZwj;
    pictographic = (value & Grapheme::kPictographic) != 0 || (pictographic && kind == Grapheme::kExtend);
    if ((value & Grapheme::kConsonant) != 0) {
      consonant = true;
      linker = false;
    } else if ((value & Grapheme::kLinker) != 0) {
      linker = consonant;
    } else if (!extends || c == 0x200C) {
      consonant = linker = false;
    }
    odd_indicator = kind == Grapheme::kRegionalIndicator && !odd_indicator;
    last = kind;
  }

  /// Rules GB3 to GB13 of UAX 29.
  bool joins(int value) const {
    const int kind = value & 15;
    if (last == Grapheme::kCr && kind == Grapheme::kLf) return true;
    if (is_control(last) || is_control(kind)) return false;
    if (kind == Grapheme::kExtend || kind == Grapheme::kZwj || kind == Grapheme::kSpacingMark) return true;
    if (last == Grapheme::kPrepend || hangul_joins(last, kind)) return true;
    if (linker && (value & Grapheme::kConsonant) != 0) return true;
    if (joiner && (value & Grapheme::kPictographic) != 0) return true;
    return odd_indicator && kind == Grapheme::kRegionalIndicator;
  }
};

}  // namespace

size_t grapheme_length(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  Cluster cluster;
  char32_t c = next_code_point(p);
  cluster.add(c, tables::record(c).grapheme);
  while (p < end) {
    const char* next = p;
    c = next_code_point(next);
    const int value = tables::record(c).grapheme;
    if (!cluster.joins(value)) break;
    cluster.add(c, value);
    p = next;
  }
  return static_cast<size_t>(p - text.data());
}

}  // namespace whitney::text
