#include "whitney/text/normalizer.h"

#include <array>
#include <optional>
#include <utility>

#include "whitney/text/charsmap.h"
#include "whitney/text/pre_tokenizer.h"
#include "whitney/text/step_fields.h"
#include "whitney/text/unicode.h"

namespace whitney::text {

class Normalizer::Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;
  virtual void apply(std::string& text, NormalizerScratch& scratch) const = 0;
};

namespace {

using Step = Normalizer::Step;

bool is_ascii(std::string_view text) {
  unsigned char bits = 0;
  for (const char c : text) bits |= static_cast<unsigned char>(c);
  return bits < 0x80;
}

/// Drops the characters that `dropped` takes, in place.
template <class Dropped>
void drop(std::string& text, const Dropped& dropped) {
  const char* p = text.data();
  const char* const end = p + text.size();
  char* to = text.data();
  while (p < end) {
    const char* const begin = p;
    if (dropped(next_code_point(p))) continue;
    if (to == begin) {
      to += p - begin;
    } else {
      for (const char* q = begin; q < p; ++q) *to++ = *q;
    }
  }
  text.resize(static_cast<size_t>(to - text.data()));
}

class BertStep final : public Step {
 public:
  explicit BertStep(const StepFields& fields)
      : clean_(fields.flag("clean_text", true)),
        ideographs_(fields.flag("handle_chinese_chars", true)),
        lower_(fields.flag("lowercase", true)),
        strip_(fields.flag("strip_accents", lower_)) {
    for (char32_t c = 0; c < 128; ++c) {
      const uint16_t bits = properties(c);
      ascii_[c] = static_cast<char>(lower_ && c >= 'A' && c <= 'Z' ? c + 32 : c);
      if (clean_ && (bits & kBlankedByClean) != 0) ascii_[c] = ' ';
      kept_[c] = !(clean_ && (bits & kRemovedByClean) != 0);
    }
  }

  void apply(std::string& text, NormalizerScratch& scratch) const override {
    std::string& out = scratch.text;
    out.clear();
    const bool ascii = clean(text, out);
    text.swap(out);
    if (ascii) return;
    if (strip_) {
      out.clear();
      append_normal_form(NormalForm::kNfd, text, out);
      drop(out, [](char32_t c) { return c >= 0x80 && has(c, kNonSpacingMark); });
      text.swap(out);
    }
    if (lower_) {
      out.clear();
      append_lower_case(text, out);
      text.swap(out);
    }
  }

 private:
  /// Appends the cleaned text with blanks around ideographs and its ASCII in lower case (which no later step
  /// would do otherwise). Says whether all of it is ASCII.
  bool clean(std::string_view text, std::string& out) const {
    // An ideograph of 3 bytes gets 2 blanks.
    out.resize(text.size() * 2);
    char* to = out.data();
    bool ascii = true;
    for (const char *p = text.data(), *end = p + text.size(); p < end;) {
      if (const auto byte = static_cast<unsigned char>(*p); byte < 0x80) {
        *to = ascii_[byte];
        to += kept_[byte];
        ++p;
        continue;
      }
      const char* const begin = p;
      const uint16_t bits = properties(next_code_point(p));
      if (clean_ && (bits & (kRemovedByClean | kBlankedByClean)) != 0) {
        if ((bits & kBlankedByClean) != 0) *to++ = ' ';
        continue;
      }
      ascii = false;
      const bool apart = ideographs_ && (bits & kIdeograph) != 0;
      if (apart) *to++ = ' ';
      for (const char* q = begin; q < p; ++q) *to++ = *q;
      if (apart) *to++ = ' ';
    }
    out.resize(static_cast<size_t>(to - out.data()));
    return ascii;
  }

  bool clean_, ideographs_, lower_, strip_;
  std::array<char, 128> ascii_{};
  std::array<bool, 128> kept_{};
};

class LowercaseStep final : public Step {
 public:
  void apply(std::string& text, NormalizerScratch& scratch) const override {
    scratch.text.clear();
    append_lower_case(text, scratch.text);
    text.swap(scratch.text);
  }
};

class StripStep final : public Step {
 public:
  explicit StripStep(const StepFields& fields)
      : left_(fields.flag("strip_left")), right_(fields.flag("strip_right")) {}

  void apply(std::string& text, NormalizerScratch&) const override {
    const char* begin = text.data();
    const char* end = begin + text.size();
    while (right_ && end > begin) {
      const char* last = end - 1;
      while ((static_cast<unsigned char>(*last) & 0xC0) == 0x80) --last;
      const char* p = last;
      if (!has(next_code_point(p), kWhiteSpace)) break;
      end = last;
    }
    while (left_ && begin < end) {
      const char* p = begin;
      if (!has(next_code_point(p), kWhiteSpace)) break;
      begin = p;
    }
    text.resize(static_cast<size_t>(end - text.data()));
    text.erase(0, static_cast<size_t>(begin - text.data()));
  }

 private:
  bool left_, right_;
};

class StripAccentsStep final : public Step {
 public:
  void apply(std::string& text, NormalizerScratch&) const override {
    if (!is_ascii(text)) drop(text, [](char32_t c) { return c >= 0x80 && has(c, kMark); });
  }
};

class NormalFormStep final : public Step {
 public:
  explicit NormalFormStep(NormalForm form) : form_(form) {}

  void apply(std::string& text, NormalizerScratch& scratch) const override {
    if (is_ascii(text)) return;
    scratch.text.clear();
    append_normal_form(form_, text, scratch.text);
    text.swap(scratch.text);
  }

 private:
  NormalForm form_;
};

class ReplaceStep final : public Step {
 public:
  explicit ReplaceStep(const StepFields& fields) : content_(fields.text("content")) {
    const Value& pattern = fields.at("pattern");
    if (const Value* literal = pattern.find("String"); literal != nullptr && literal->is_string()) {
      literal_ = literal->as_string();
      if (literal_.empty()) fields.wrong("pattern", "is empty");
    } else if (const Value* regex = pattern.find("Regex"); regex != nullptr && regex->is_string()) {
      regex_.emplace(regex->as_string());
    } else {
      fields.wrong("pattern", "is neither {\"String\": ..} nor {\"Regex\": ..}");
    }
  }

  void apply(std::string& text, NormalizerScratch& scratch) const override {
    scratch.matches.clear();
    find_all(text, scratch);
    if (scratch.matches.empty()) return;
    std::string& out = scratch.text;
    out.clear();
    size_t copied = 0;
    for (const Span& match : scratch.matches) {
      out.append(text, copied, match.begin - copied);
      out.append(content_);
      copied = match.end;
    }
    out.append(text, copied);
    text.swap(out);
  }

 private:
  void find_all(const std::string& text, NormalizerScratch& scratch) const {
    if (regex_) {
      if (!text.empty()) regex_->find_all(text, scratch.matches, scratch.regex);
      return;
    }
    for (size_t at = 0; (at = text.find(literal_, at)) != std::string::npos; at += literal_.size()) {
      scratch.matches.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(at + literal_.size())});
    }
  }

  std::string literal_, content_;
  std::optional<Regex> regex_;
};

class PrependStep final : public Step {
 public:
  explicit PrependStep(const StepFields& fields) : prefix_(fields.text("prepend")) {}
  void apply(std::string& text, NormalizerScratch&) const override {
    if (!text.empty()) text.insert(0, prefix_);
  }

 private:
  std::string prefix_;
};

class PrecompiledStep final : public Step {
 public:
  explicit PrecompiledStep(const StepFields& fields)
      : map_(Charsmap::from_base64(fields.text("precompiled_charsmap"))) {}

  void apply(std::string& text, NormalizerScratch& scratch) const override {
    scratch.text.clear();
    map_.append_mapped(text, scratch.text);
    text.swap(scratch.text);
  }

 private:
  Charsmap map_;
};

/// The rules of SentencePiece's "nmt" normaliser that precede its tables.
class NmtStep final : public Step {
 public:
  void apply(std::string& text, NormalizerScratch& scratch) const override {
    std::string& out = scratch.text;
    out.clear();
    for (const char *p = text.data(), *end = p + text.size(); p < end;) {
      const char* const begin = p;
      const char32_t c = next_code_point(p);
      if (is_blank(c)) {
        out += ' ';
      } else if (!is_removed(c)) {
        out.append(begin, p);
      }
    }
    text.swap(out);
  }

 private:
  static bool is_removed(char32_t c) {
    return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F ||
           c == 0x9F;
  }
  static bool is_blank(char32_t c) {
    return c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
           c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  }
};

class ByteLevelStep final : public Step {
 public:
  void apply(std::string& text, NormalizerScratch& scratch) const override {
    scratch.text.clear();
    append_printable_bytes(text, scratch.text);
    text.swap(scratch.text);
  }
};

std::unique_ptr<const Step> make_step(const StepFields& fields) {
  const std::string& type = fields.type();
  if (type == "BertNormalizer") return std::make_unique<BertStep>(fields);
  if (type == "Lowercase") return std::make_unique<LowercaseStep>();
  if (type == "Strip") return std::make_unique<StripStep>(fields);
  if (type == "StripAccents") return std::make_unique<StripAccentsStep>();
  if (type == "NFC") return std::make_unique<NormalFormStep>(NormalForm::kNfc);
  if (type == "NFD") return std::make_unique<NormalFormStep>(NormalForm::kNfd);
  if (type == "NFKC") return std::make_unique<NormalFormStep>(NormalForm::kNfkc);
  if (type == "NFKD") return std::make_unique<NormalFormStep>(NormalForm::kNfkd);
  if (type == "Replace") return std::make_unique<ReplaceStep>(fields);
  if (type == "Prepend") return std::make_unique<PrependStep>(fields);
  if (type == "Precompiled") return std::make_unique<PrecompiledStep>(fields);
  if (type == "Nmt") return std::make_unique<NmtStep>();
  if (type == "ByteLevel") return std::make_unique<ByteLevelStep>();
  fields.unknown();
}

void add_steps(const Value& declaration, std::vector<std::unique_ptr<const Step>>& steps) {
  const StepFields fields(declaration, "normalizer");
  if (fields.type() != "Sequence") {
    steps.push_back(make_step(fields));
    return;
  }
  for (const Value& step : fields.list("normalizers")) add_steps(step, steps);
}

}  // namespace

Normalizer::Normalizer() = default;
Normalizer::Normalizer(Normalizer&&) noexcept = default;
Normalizer& Normalizer::operator=(Normalizer&&) noexcept = default;
Normalizer::~Normalizer() = default;

Normalizer::Normalizer(const Value& declaration) {
  if (!declaration.is_null()) add_steps(declaration, steps_);
}

void Normalizer::apply(std::string& text, NormalizerScratch& scratch) const {
  for (const auto& step : steps_) step->apply(text, scratch);
}

}  // namespace whitney::text
