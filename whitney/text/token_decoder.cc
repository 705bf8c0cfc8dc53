#include "whitney/text/token_decoder.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/text/byte_tokens.h"
#include "whitney/text/known_members.h"
#include "whitney/text/pre_tokenizer.h"
#include "whitney/text/regex.h"
#include "whitney/text/unicode.h"

namespace whitney::text {

using Tokens = std::vector<std::string>;

class TokenDecoder::Step {
 public:
  virtual ~Step() = default;
  virtual void apply(Tokens& tokens) const = 0;
};

namespace {

using Step = TokenDecoder::Step;
using Steps = std::vector<std::unique_ptr<const Step>>;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  size_t at = from.empty() ? text.npos : text.find(from);
  if (at == text.npos) return;
  std::string result;
  size_t done = 0;
  for (; at != text.npos; at = text.find(from, done)) {
    result.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  text = result.append(text, done);
}

Tokens joined(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return {std::move(text)};
}

class WordPieceStep final : public Step {
 public:
  WordPieceStep(std::string prefix, bool cleans_up) : prefix_(std::move(prefix)), cleans_up_(cleans_up) {}

  void apply(Tokens& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0 && token.starts_with(prefix_)) {
        token.erase(0, prefix_.size());
      } else if (i > 0) {
        token.insert(0, 1, ' ');
      }
      if (cleans_up_) clean_up(token);
    }
  }

 private:
  // English punctuation goes back to the word before it.
  static void clean_up(std::string& token) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kReplacements = {
        {{" .", "."},
         {" ?", "?"},
         {" !", "!"},
         {" ,", ","},
         {" ' ", "'"},
         {" n't", "n't"},
         {" 'm", "'m"},
         {" do not", " don't"},
         {" 's", "'s"},
         {" 've", "'ve"},
         {" 're", "'re"}}};
    for (const auto& [from, to] : kReplacements) replace_all(token, from, to);
  }

  std::string prefix_;
  bool cleans_up_;
};

class ByteLevelStep final : public Step {
 public:
  void apply(Tokens& tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens) {
      if (!raw_bytes_of(token, bytes)) bytes += token;  // an added token that spells itself
    }
    std::string buffer;
    tokens = {std::string(repair_utf8(bytes, buffer))};
  }
};

class MetaspaceStep final : public Step {
 public:
  MetaspaceStep(std::string replacement, bool drops_first)
      : replacement_(std::move(replacement)), drops_first_(drops_first) {}

  void apply(Tokens& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      replace_all(tokens[i], replacement_, i == 0 && drops_first_ ? "" : " ");
    }
  }

 private:
  std::string replacement_;
  bool drops_first_;
};

class SuffixStep final : public Step {
 public:
  explicit SuffixStep(std::string suffix) : suffix_(std::move(suffix)) {}

  void apply(Tokens& tokens) const override {
    for (size_t i = 0; i < tokens.size(); ++i) {
      replace_all(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
    }
  }

 private:
  std::string suffix_;
};

class ByteFallbackStep final : public Step {
 public:
  void apply(Tokens& tokens) const override {
    Tokens result;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (valid_utf8_prefix(bytes) == bytes.size()) {
        result.push_back(bytes);
      } else {
        result.insert(result.end(), bytes.size(), "\uFFFD");
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      if (const int byte = byte_of_token(token); byte >= 0) {
        bytes += static_cast<char>(byte);
        continue;
      }
      flush();
      result.push_back(std::move(token));
    }
    flush();
    tokens = std::move(result);
  }
};

class FuseStep final : public Step {
 public:
  void apply(Tokens& tokens) const override { tokens = joined(tokens); }
};

class StripStep final : public Step {
 public:
  StripStep(std::string content, int64_t start, int64_t stop)
      : content_(std::move(content)), start_(start), stop_(stop) {}

  void apply(Tokens& tokens) const override {
    for (std::string& token : tokens) {
      for (int64_t i = 0; i < start_ && token.starts_with(content_); ++i) token.erase(0, content_.size());
      for (int64_t i = 0; i < stop_ && token.ends_with(content_); ++i) {
        token.resize(token.size() - content_.size());
      }
    }
  }

 private:
  std::string content_;
  int64_t start_, stop_;
};

class ReplaceStep final : public Step {
 public:
  ReplaceStep(const Value& pattern, std::string content) : content_(std::move(content)) {
    if (const Value* text = pattern.find("String")) {
      text_ = text->as_string();
    } else {
      regex_.emplace(pattern.at("Regex").as_string());
    }
  }

  void apply(Tokens& tokens) const override {
    RegexScratch scratch;
    std::vector<Span> matches;
    for (std::string& token : tokens) {
      if (!regex_) {
        replace_all(token, text_, content_);
        continue;
      }
      matches.clear();
      regex_->find_all(token, matches, scratch);
      std::string result;
      size_t done = 0;
      for (const Span& match : matches) {
        result.append(token, done, match.begin - done).append(content_);
        done = match.end;
      }
      token = result.append(token, done);
    }
  }

 private:
  std::string text_;
  std::optional<Regex> regex_;
  std::string content_;
};

bool drops_first_blank(const Value& declaration) {
  if (const Value* scheme = declaration.find("prepend_scheme")) return scheme->as_string() != "never";
  const Value* adds = declaration.find("add_prefix_space");
  return adds == nullptr || adds->as_bool();
}

std::unique_ptr<const Step> strip_step(const Value& declaration) {
  const std::string& content = declaration.at("content").as_string();
  if (content.empty() || length_by_lead(content[0]) != content.size()) {
    fail("\"content\" of Strip must be one character, not \"", content, "\"");
  }
  return std::make_unique<const StripStep>(content, declaration.at("start").as_int(),
                                           declaration.at("stop").as_int());
}

void append_steps(const Value& declaration, int depth, Steps& steps) {
  constexpr int kDeepest = 32;
  const std::string& kind = declaration.at("type").as_string();
  check_members("", "decoder", kind, declaration);
  if (kind == "Sequence") {
    if (depth == kDeepest) fail("the decoders of type Sequence are nested more than ", kDeepest, " deep");
    for (const Value& step : declaration.at("decoders").as_list()) append_steps(step, depth + 1, steps);
  } else if (kind == "WordPiece") {
    steps.push_back(std::make_unique<const WordPieceStep>(declaration.at("prefix").as_string(),
                                                          declaration.at("cleanup").as_bool()));
  } else if (kind == "ByteLevel") {
    steps.push_back(std::make_unique<const ByteLevelStep>());
  } else if (kind == "Metaspace") {
    steps.push_back(std::make_unique<const MetaspaceStep>(declaration.at("replacement").as_string(),
                                                          drops_first_blank(declaration)));
  } else if (kind == "BPEDecoder") {
    steps.push_back(std::make_unique<const SuffixStep>(declaration.at("suffix").as_string()));
  } else if (kind == "ByteFallback") {
    steps.push_back(std::make_unique<const ByteFallbackStep>());
  } else if (kind == "Fuse") {
    steps.push_back(std::make_unique<const FuseStep>());
  } else if (kind == "Strip") {
    steps.push_back(strip_step(declaration));
  } else if (kind == "Replace") {
    steps.push_back(std::make_unique<const ReplaceStep>(declaration.at("pattern"),
                                                        declaration.at("content").as_string()));
  } else {
    fail("unknown decoder \"", kind,
         "\" (known: WordPiece, ByteLevel, Metaspace, BPEDecoder, ByteFallback, Fuse, Strip, Replace, "
         "Sequence)");
  }
}

class BlankStep final : public Step {
 public:
  void apply(Tokens& tokens) const override {
    for (size_t i = 1; i < tokens.size(); ++i) tokens[i].insert(0, 1, ' ');
  }
};

}  // namespace

TokenDecoder::TokenDecoder() : TokenDecoder(Value()) {}
TokenDecoder::TokenDecoder(const Value& declaration) {
  if (declaration.is_null()) {
    steps_.push_back(std::make_unique<const BlankStep>());
  } else {
    append_steps(declaration, 0, steps_);
  }
}
TokenDecoder::TokenDecoder(TokenDecoder&&) noexcept = default;
TokenDecoder& TokenDecoder::operator=(TokenDecoder&&) noexcept = default;
TokenDecoder::~TokenDecoder() = default;

std::string TokenDecoder::decode(std::vector<std::string> tokens) const {
  for (const auto& step : steps_) step->apply(tokens);
  Tokens whole = joined(tokens);
  return std::move(whole.front());
}

}  // namespace whitney::text
