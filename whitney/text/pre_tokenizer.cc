#include "whitney/text/pre_tokenizer.h"

#include <array>
#include <optional>
#include <utility>

#include "whitney/text/known_patterns.h"
#include "whitney/text/step_fields.h"
#include "whitney/text/unicode.h"

namespace whitney::text {

class PreTokenizer::Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;
  /// Cuts each word of `words` on.
  virtual void apply(bool at_start, Words& words) const = 0;
};

namespace {

using Step = PreTokenizer::Step;

uint32_t place(const char* p, const char* begin) { return static_cast<uint32_t>(p - begin); }

/// A step that leaves the text as it is.
class CuttingStep : public Step {
 public:
  void apply(bool, Words& words) const final {
    words.next_spans.clear();
    for (const Span& span : words.spans) cut(words.text.data(), span, words);
    words.spans.swap(words.next_spans);
  }

 protected:
  /// Appends the parts of `span` to words.next_spans, none empty.
  virtual void cut(const char* text, Span span, Words& words) const = 0;

  static void add(const char* text, const char* begin, const char* end, Words& words) {
    if (begin < end) words.next_spans.push_back({place(begin, text), place(end, text)});
  }
};

// ---- by a class of characters

constexpr size_t kAscii = 128;

/// For each ASCII character, a number that a step gives it; others are asked one by one.
template <class Of>
std::array<uint8_t, kAscii> ascii_table(const Of& of) {
  std::array<uint8_t, kAscii> table{};
  for (char32_t c = 0; c < kAscii; ++c) table[c] = static_cast<uint8_t>(of(c));
  return table;
}

/// Cuts by white space, which is dropped; characters with `isolated` stand alone, and where words and others
/// are to be apart, `word` tells them.
class BlankStep final : public CuttingStep {
 public:
  BlankStep(uint16_t isolated, uint16_t word)
      : isolated_(isolated),
        word_(word),
        table_(ascii_table([this](char32_t c) { return kind_of(properties(c)); })) {}

 protected:
  void cut(const char* text, Span span, Words& words) const override {
    const char *p = text + span.begin, *begin = p;
    const char* const end = text + span.end;
    int last = kBlank;
    for (const char* next = p; p < end; p = next) {
      const int kind = kind_at(p, next);
      if (kind != last || kind == kAlone) {
        if (last != kBlank) add(text, begin, p, words);
        begin = p;
        last = kind;
      }
    }
    if (last != kBlank) add(text, begin, end, words);
  }

 private:
  enum : uint8_t { kBlank, kAlone, kWordPart, kOtherPart };

  int kind_at(const char* p, const char*& next) const {
    next = p;
    const char32_t c = next_code_point(next);
    return c < kAscii ? table_[c] : kind_of(properties(c));
  }
  uint8_t kind_of(uint16_t bits) const {
    if ((bits & kWhiteSpace) != 0) return kBlank;
    if ((bits & isolated_) != 0) return kAlone;
    return (bits & word_) != 0 || word_ == 0 ? kWordPart : kOtherPart;
  }

  uint16_t isolated_, word_;
  std::array<uint8_t, kAscii> table_;
};

// ---- by matches of a pattern

enum class Behavior : uint8_t { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

Behavior behavior_of(const StepFields& fields, const std::string& name) {
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  if (name == "Contiguous") return Behavior::kContiguous;
  fields.wrong("behavior", concat("\"", name, "\" is unknown"));
}

/// A step that finds matches in a word and cuts by a behaviour.
class MatchingStep : public CuttingStep {
 public:
  MatchingStep(Behavior behavior, bool invert) : behavior_(behavior), invert_(invert) {}

 protected:
  /// Appends the matches within [begin, end), relative to begin, in order.
  virtual void find(const char* begin, const char* end, Words& words) const = 0;

  void cut(const char* text, Span span, Words& words) const override {
    words.matches.clear();
    find(text + span.begin, text + span.end, words);
    Joiner joiner{behavior_, span.begin, words.next_spans, words.next_spans.size()};
    uint32_t done = 0;
    const uint32_t size = span.end - span.begin;
    for (const Span& match : words.matches) {
      if (done < match.begin) joiner.add(done, match.begin, invert_);
      joiner.add(match.begin, match.end, !invert_);
      done = match.end;
    }
    if (done < size) joiner.add(done, size, invert_);
    joiner.finish();
  }

  bool keeps_everything() const { return behavior_ == Behavior::kIsolated; }

 private:
  /// Takes the parts of a word, matches and what is between, and joins or drops them.
  struct Joiner {
    Behavior behavior;
    uint32_t base;
    std::vector<Span>& out;
    size_t first;
    bool last_matched = false;

    void add(uint32_t begin, uint32_t end, bool matched) {
      const bool has_last = out.size() > first;
      switch (behavior) {
        case Behavior::kRemoved:
          if (matched) return;
          break;
        case Behavior::kIsolated:
          break;
        case Behavior::kContiguous:
          if (has_last && matched == last_matched) return extend(end);
          break;
        case Behavior::kMergedWithPrevious:
          if (matched && !last_matched && has_last) {
            last_matched = true;
            return extend(end);
          }
          break;
        case Behavior::kMergedWithNext:
          // What is no match joins the match before it; two of those never follow one another.
          if (!matched && last_matched && has_last) {
            last_matched = false;
            return extend(end);
          }
          break;
      }
      last_matched = matched;
      out.push_back({base + begin, base + end});
    }
    void extend(uint32_t end) { out.back().end = base + end; }
    /// Empty matches have left empty parts.
    void finish() {
      size_t kept = first;
      for (size_t i = first; i < out.size(); ++i) {
        if (out[i].begin < out[i].end) out[kept++] = out[i];
      }
      out.resize(kept);
    }
  };

  Behavior behavior_;
  bool invert_;
};

class RegexStep final : public MatchingStep {
 public:
  RegexStep(std::string_view pattern, Behavior behavior, bool invert)
      : MatchingStep(behavior, invert), matcher_(known_matcher(pattern)) {
    if (matcher_ == nullptr) regex_.emplace(pattern);
  }

 protected:
  void find(const char* begin, const char* end, Words& words) const override {
    if (matcher_ == nullptr) {
      regex_->find_all({begin, static_cast<size_t>(end - begin)}, words.matches, words.regex);
      return;
    }
    for (const char* p = begin; p < end;) {
      const char* const stop = matcher_(p, end);
      words.matches.push_back({place(p, begin), place(stop, begin)});
      p = stop;
    }
  }

  void cut(const char* text, Span span, Words& words) const override {
    if (matcher_ == nullptr || !keeps_everything()) return MatchingStep::cut(text, span, words);
    const char* const end = text + span.end;
    for (const char* p = text + span.begin; p < end;) {
      const char* const stop = matcher_(p, end);
      words.next_spans.push_back({place(p, text), place(stop, text)});
      p = stop;
    }
  }

 private:
  PatternMatcher matcher_;
  std::optional<Regex> regex_;
};

class LiteralStep final : public MatchingStep {
 public:
  LiteralStep(std::string literal, Behavior behavior, bool invert)
      : MatchingStep(behavior, invert), literal_(std::move(literal)) {}

 protected:
  void find(const char* begin, const char* end, Words& words) const override {
    const std::string_view text(begin, static_cast<size_t>(end - begin));
    for (size_t at = 0; (at = text.find(literal_, at)) != std::string_view::npos; at += literal_.size()) {
      words.matches.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(at + literal_.size())});
    }
  }

 private:
  std::string literal_;
};

/// Each character with a property is a match.
class PropertyStep final : public MatchingStep {
 public:
  PropertyStep(uint16_t property, Behavior behavior) : MatchingStep(behavior, false), property_(property) {}

 protected:
  void find(const char* begin, const char* end, Words& words) const override {
    for (const char *p = begin, *next = p; p < end; p = next) {
      if (has(next_code_point(next), property_))
        words.matches.push_back({place(p, begin), place(next, begin)});
    }
  }

 private:
  uint16_t property_;
};

class FixedLengthStep final : public CuttingStep {
 public:
  explicit FixedLengthStep(const StepFields& fields) {
    const Value* length = fields.find("length");
    if (length != nullptr && (!length->is_int() || length->as_int() < 1))
      fields.wrong("length", "is not a number above 0");
    if (length != nullptr) length_ = length->as_int();
  }

 protected:
  void cut(const char* text, Span span, Words& words) const override {
    const char *p = text + span.begin, *begin = p;
    const char* const end = text + span.end;
    for (int64_t count = 1; p < end; ++count) {
      p += length_by_lead(*p);
      if (count % length_ == 0) {
        add(text, begin, p, words);
        begin = p;
      }
    }
    add(text, begin, end, words);
  }

 private:
  int64_t length_ = 5;
};

// ---- steps that change the text

/// Lets each word write itself anew.
class WritingStep : public Step {
 public:
  void apply(bool at_start, Words& words) const final {
    words.next_text.clear();
    words.next_spans.clear();
    for (const Span& span : words.spans) {
      const std::string_view word = words.text.substr(span.begin, span.end - span.begin);
      write(word, at_start && span.begin == 0, words.next_text, words.next_spans);
    }
    words.changed.swap(words.next_text);
    words.spans.swap(words.next_spans);
    words.text = words.changed;
  }

 protected:
  virtual void write(std::string_view word, bool first, std::string& text,
                     std::vector<Span>& spans) const = 0;
};

class MetaspaceStep final : public WritingStep {
 public:
  explicit MetaspaceStep(const StepFields& fields)
      : mark_(fields.find("replacement") != nullptr ? fields.text("replacement") : "\u2581"),
        prepend_(prepend_of(fields)),
        split_(fields.flag("split", true)) {
    if (mark_.empty() || length_by_lead(mark_[0]) != mark_.size())
      fields.wrong("replacement", "is not one character");
  }

 protected:
  void write(std::string_view word, bool first, std::string& text, std::vector<Span>& spans) const override {
    auto begin = static_cast<uint32_t>(text.size());
    const auto close = [&] {
      const auto end = static_cast<uint32_t>(text.size());
      if (begin < end) spans.push_back({begin, end});
      begin = end;
    };
    const bool marked = word.front() == ' ' || word.starts_with(mark_);
    if (!marked && (prepend_ == Prepend::kAlways || (prepend_ == Prepend::kFirst && first))) text += mark_;
    size_t copied = 0;
    for (size_t at = 0; at < word.size();) {
      const bool is_mark = word[at] == mark_[0] && word.substr(at).starts_with(mark_);
      if (word[at] != ' ' && !is_mark) {
        ++at;
        continue;
      }
      text.append(word, copied, at - copied);
      if (split_) close();
      text += mark_;
      copied = at += is_mark ? mark_.size() : 1;
    }
    text.append(word, copied);
    close();
  }

 private:
  enum class Prepend : uint8_t { kAlways, kFirst, kNever };

  /// Files before 2024 have add_prefix_space alone; where both are, prepend_scheme counts.
  static Prepend prepend_of(const StepFields& fields) {
    if (fields.find("prepend_scheme") == nullptr) {
      return fields.flag("add_prefix_space", true) ? Prepend::kAlways : Prepend::kNever;
    }
    const std::string& scheme = fields.text("prepend_scheme");
    if (scheme == "always") return Prepend::kAlways;
    if (scheme == "first") return Prepend::kFirst;
    if (scheme == "never") return Prepend::kNever;
    fields.wrong("prepend_scheme", concat("\"", scheme, "\" is unknown"));
  }

  std::string mark_;
  Prepend prepend_;
  bool split_;
};

/// Puts a blank before words that do not begin with one.
class LeadingBlankStep final : public WritingStep {
 protected:
  void write(std::string_view word, bool, std::string& text, std::vector<Span>& spans) const override {
    const auto begin = static_cast<uint32_t>(text.size());
    if (word.front() != ' ') text += ' ';
    text += word;
    spans.push_back({begin, static_cast<uint32_t>(text.size())});
  }
};

class PrintableBytesStep final : public WritingStep {
 protected:
  void write(std::string_view word, bool, std::string& text, std::vector<Span>& spans) const override {
    const auto begin = static_cast<uint32_t>(text.size());
    append_printable_bytes(word, text);
    spans.push_back({begin, static_cast<uint32_t>(text.size())});
  }
};

// ---- from the declaration

using Steps = std::vector<std::unique_ptr<const Step>>;

std::unique_ptr<const Step> make_split(const StepFields& fields) {
  const Behavior behavior = behavior_of(fields, fields.text("behavior"));
  const bool invert = fields.flag("invert", false);
  const Value& pattern = fields.at("pattern");
  if (const Value* regex = pattern.find("Regex"); regex != nullptr && regex->is_string()) {
    return std::make_unique<RegexStep>(regex->as_string(), behavior, invert);
  }
  const Value* literal = pattern.find("String");
  if (literal == nullptr || !literal->is_string()) {
    fields.wrong("pattern", "is neither {\"String\": ..} nor {\"Regex\": ..}");
  }
  if (literal->as_string().empty()) fields.wrong("pattern", "is empty");
  return std::make_unique<LiteralStep>(literal->as_string(), behavior, invert);
}

void add_byte_level(const StepFields& fields, Steps& steps) {
  if (fields.flag("add_prefix_space", true)) steps.push_back(std::make_unique<LeadingBlankStep>());
  if (fields.flag("use_regex", true)) {
    steps.push_back(std::make_unique<RegexStep>(kGpt2Pattern, Behavior::kIsolated, false));
  }
  steps.push_back(std::make_unique<PrintableBytesStep>());
}

std::unique_ptr<const Step> make_step(const StepFields& fields) {
  const std::string& type = fields.type();
  if (type == "BertPreTokenizer") return std::make_unique<BlankStep>(kPunctuation, 0);
  if (type == "Whitespace") return std::make_unique<BlankStep>(0, kWordOfWhitespace);
  if (type == "WhitespaceSplit") return std::make_unique<BlankStep>(0, 0);
  if (type == "Punctuation") {
    const bool named = fields.find("behavior") != nullptr;
    return std::make_unique<PropertyStep>(
        kPunctuation, named ? behavior_of(fields, fields.text("behavior")) : Behavior::kIsolated);
  }
  if (type == "Digits") {
    const bool individual = fields.flag("individual_digits", false);
    return std::make_unique<PropertyStep>(kNumeric, individual ? Behavior::kIsolated : Behavior::kContiguous);
  }
  if (type == "Split") return make_split(fields);
  if (type == "Metaspace") return std::make_unique<MetaspaceStep>(fields);
  if (type == "CharDelimiterSplit") {
    const std::string& delimiter = fields.text("delimiter");
    if (delimiter.empty()) fields.wrong("delimiter", "is empty");
    return std::make_unique<LiteralStep>(delimiter, Behavior::kRemoved, false);
  }
  if (type == "FixedLength") return std::make_unique<FixedLengthStep>(fields);
  fields.unknown();
}

void add_steps(const Value& declaration, Steps& steps, bool& ends_in_bytes) {
  const StepFields fields(declaration, "pre_tokenizer");
  if (fields.type() == "Sequence") {
    for (const Value& step : fields.list("pretokenizers")) add_steps(step, steps, ends_in_bytes);
    return;
  }
  ends_in_bytes = fields.type() == "ByteLevel";
  if (ends_in_bytes) {
    add_byte_level(fields, steps);
  } else {
    steps.push_back(make_step(fields));
  }
}

// ---- the printable spelling of bytes

struct PrintableBytes {
  std::array<char[2], 256> spelling{};
  std::array<uint8_t, 256> size{};
  std::array<int16_t, 0x180> byte_of{};
};

/// Visible characters of Latin-1 are themselves; the other 68 bytes follow from U+0100 in order.
constexpr PrintableBytes printable_bytes() {
  PrintableBytes table;
  for (auto& byte : table.byte_of) byte = -1;
  unsigned next = 0x100;
  for (unsigned b = 0; b < 256; ++b) {
    const bool visible = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    const unsigned c = visible ? b : next++;
    table.byte_of[c] = static_cast<int16_t>(b);
    table.size[b] = c < 0x80 ? 1 : 2;
    table.spelling[b][0] = static_cast<char>(c < 0x80 ? c : 0xC0 | c >> 6);
    table.spelling[b][1] = static_cast<char>(c < 0x80 ? 0 : 0x80 | (c & 0x3F));
  }
  return table;
}

constexpr PrintableBytes kPrintableBytes = printable_bytes();

}  // namespace

void append_printable_bytes(std::string_view bytes, std::string& out) {
  const size_t before = out.size();
  out.resize(before + 2 * bytes.size() + 1);
  char* to = out.data() + before;
  for (const char byte : bytes) {
    const auto b = static_cast<unsigned char>(byte);
    to[0] = kPrintableBytes.spelling[b][0];
    to[1] = kPrintableBytes.spelling[b][1];
    to += kPrintableBytes.size[b];
  }
  out.resize(static_cast<size_t>(to - out.data()));
}

bool raw_bytes_of(std::string_view printable, std::string& out) {
  const size_t before = out.size();
  for (const char *p = printable.data(), *end = p + printable.size(); p < end;) {
    const char32_t c = next_code_point(p);
    const int byte = c < kPrintableBytes.byte_of.size() ? kPrintableBytes.byte_of[c] : -1;
    if (byte < 0) {
      out.resize(before);
      return false;
    }
    out += static_cast<char>(byte);
  }
  return true;
}

PreTokenizer::PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

PreTokenizer::PreTokenizer(const Value& declaration, ByteForm byte_form) {
  if (declaration.is_null()) return;
  bool ends_in_bytes = false;
  add_steps(declaration, steps_, ends_in_bytes);
  if (ends_in_bytes && byte_form == ByteForm::kRaw) {
    steps_.pop_back();
    gives_raw_bytes_ = true;
  }
}

void PreTokenizer::apply(std::string_view text, bool at_start, Words& words) const {
  if (text.size() >= size_t{1} << 30)
    fail("a text of ", text.size(), " bytes is too long to be tokenised: 1 GiB or more");
  words.text = text;
  words.spans.clear();
  if (text.empty()) return;
  words.spans.push_back({0, static_cast<uint32_t>(text.size())});
  for (const auto& step : steps_) step->apply(at_start, words);
}

}  // namespace whitney::text
