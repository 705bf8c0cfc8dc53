#include "whitney/infer/gguf_tokenizer.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/value.h"

namespace whitney::infer {
namespace {

// The metadata "tokenizer.ggml.*".
class Fields {
 public:
  explicit Fields(const GgufFile& gguf) : gguf_(gguf) {}

  std::string text(std::string_view key) const {
    const Value* value = find(key);
    if (value == nullptr) return "";
    if (!value->is_string()) fail_kind(key, "a string");
    return value->as_string();
  }

  std::optional<int32_t> id(std::string_view key) const {
    const Value* value = find(key);
    if (value == nullptr) return std::nullopt;
    // llama.cpp writes 2^32 - 1 for "none".
    if (value->is_int() && value->as_int() == std::numeric_limits<uint32_t>::max()) return std::nullopt;
    return to_int32(*value, key);
  }

  std::optional<bool> flag(std::string_view key) const {
    const Value* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_bool()) fail_kind(key, "true or false");
    return value->as_bool();
  }

  std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> result;
    for (const Value& element : list(key)) {
      if (!element.is_string()) fail_kind(key, "a list of strings");
      result.push_back(element.as_string());
    }
    return result;
  }

  std::vector<float> reals(std::string_view key) const {
    std::vector<float> result;
    for (const Value& element : list(key)) {
      if (!element.is_number()) fail_kind(key, "a list of numbers");
      result.push_back(static_cast<float>(element.as_real()));
    }
    return result;
  }

  std::vector<int32_t> integers(std::string_view key) const {
    std::vector<int32_t> result;
    for (const Value& element : list(key)) result.push_back(to_int32(element, key));
    return result;
  }

 private:
  const Value* find(std::string_view key) const {
    return gguf_.metadata.find(concat("tokenizer.ggml.", key));
  }

  const Value::List& list(std::string_view key) const {
    static const Value::List kNone;
    const Value* value = find(key);
    if (value == nullptr) return kNone;
    if (!value->is_list()) fail_kind(key, "a list");
    return value->as_list();
  }

  int32_t to_int32(const Value& value, std::string_view key) const {
    if (!value.is_int() || value.as_int() < 0 || value.as_int() > std::numeric_limits<int32_t>::max())
      fail_kind(key, "made of integers from 0 to 2^31");
    return static_cast<int32_t>(value.as_int());
  }

  [[noreturn]] void fail_kind(std::string_view key, std::string_view wanted) const {
    fail(gguf_.path, ": the metadata \"tokenizer.ggml.", key, "\" must be ", wanted);
  }

  const GgufFile& gguf_;
};

}  // namespace

text::GgufVocabulary vocabulary_of(const GgufFile& gguf) {
  const Fields fields(gguf);
  text::GgufVocabulary vocabulary;
  vocabulary.model = fields.text("model");
  vocabulary.pre = fields.text("pre");
  vocabulary.tokens = fields.texts("tokens");
  if (vocabulary.model.empty() || vocabulary.tokens.empty()) {
    fail(gguf.path,
         ": has no tokenizer (the metadata \"tokenizer.ggml.model\" and \"tokenizer.ggml.tokens\")");
  }
  vocabulary.scores = fields.reals("scores");
  vocabulary.token_types = fields.integers("token_type");
  vocabulary.merges = fields.texts("merges");
  vocabulary.bos_id = fields.id("bos_token_id");
  vocabulary.eos_id = fields.id("eos_token_id");
  vocabulary.unk_id = fields.id("unknown_token_id");
  vocabulary.pad_id = fields.id("padding_token_id");
  vocabulary.sep_id = fields.id("seperator_token_id");
  vocabulary.cls_id = fields.id("cls_token_id");
  vocabulary.mask_id = fields.id("mask_token_id");
  vocabulary.add_bos = fields.flag("add_bos_token");
  vocabulary.add_eos = fields.flag("add_eos_token");
  vocabulary.add_space_prefix = fields.flag("add_space_prefix");
  vocabulary.remove_extra_whitespaces = fields.flag("remove_extra_whitespaces").value_or(false);
  vocabulary.precompiled_charsmap = fields.text("precompiled_charsmap");
  return vocabulary;
}

}  // namespace whitney::infer
