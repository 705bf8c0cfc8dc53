#include "whitney/text/tokenizer_parts.h"

#include <algorithm>
#include <array>

#include "whitney/core/error.h"

namespace whitney::text {
namespace {

// Runs `make` and puts the part's name before what it throws.
template <class Make>
auto made(std::string_view part, const Make& make) {
  try {
    return make();
  } catch (const Error& error) {
    fail(part, ": ", error.what());
  }
}

Side side_of(const Value& value, std::string_view name) {
  if (!value.is_string()) fail("\"", name, "\" is ", value.to_json(), ": expected left or right");
  const std::string& side = value.as_string();
  if (side == "left" || side == "Left") return Side::kLeft;
  if (side == "right" || side == "Right") return Side::kRight;
  fail("\"", name, "\" is \"", side, "\": expected left or right");
}

// Names that files without a tokenizer_config.json give to tokens of a role.
struct Role {
  std::string_view key;
  std::optional<int32_t> SpecialIds::* id;
  std::array<std::string_view, 2> usual;
};
constexpr std::array<Role, 7> kRoles = {{{"pad_token", &SpecialIds::pad, {"[PAD]", "<pad>"}},
                                         {"unk_token", &SpecialIds::unk, {"[UNK]", "<unk>"}},
                                         {"cls_token", &SpecialIds::cls, {"[CLS]", ""}},
                                         {"sep_token", &SpecialIds::sep, {"[SEP]", ""}},
                                         {"mask_token", &SpecialIds::mask, {"[MASK]", "<mask>"}},
                                         {"bos_token", &SpecialIds::bos, {"<s>", ""}},
                                         {"eos_token", &SpecialIds::eos, {"</s>", ""}}}};

// A token is its text or an object that holds it.
const std::string* content_of(const Value* token) {
  if (token != nullptr && token->is_object()) token = token->find("content");
  return token != nullptr && token->is_string() ? &token->as_string() : nullptr;
}

// Whether the string stands anywhere in a JSON value.
bool holds_string(const Value& value, std::string_view text) {
  if (value.is_string()) return value.as_string() == text;
  if (value.is_list()) {
    return std::ranges::any_of(value.as_list(), [&](const Value& part) { return holds_string(part, text); });
  }
  return value.is_object() && std::ranges::any_of(value.as_object(), [&](const auto& member) {
           return holds_string(member.second, text);
         });
}

}  // namespace

Tokenizer::Parts::Parts(TokenizerDeclaration declaration) {
  normalizer = Normalizer(declaration.normalizer);  // names itself in errors, as the next one
  const ByteForm form = takes_raw_bytes(declaration.model) ? ByteForm::kRaw : ByteForm::kPrintable;
  pre_tokenizer = PreTokenizer(declaration.pre_tokenizer, form);
  heeds_start = holds_string(declaration.pre_tokenizer, "first");
  frame = made("post_processor", [&] { return read_post_processor(declaration.post_processor); });
  decoder = made("decoder", [&] { return TokenDecoder(declaration.decoder); });
  const WordForm words = pre_tokenizer.gives_raw_bytes() ? WordForm::kRawBytes : WordForm::kText;
  model = made("model", [&] { return make_model(std::move(declaration.model), words); });
  added = made("added_tokens", [&] {
    return AddedTokens(std::move(declaration.added_tokens), normalizer, model->vocabulary());
  });
  made("truncation and padding", [&] { return read_sides(declaration); });
  find_special_ids(declaration);
  const int64_t size = std::max(model->vocabulary().size(), added.size());
  for (const auto* side : {&frame.leading, &frame.trailing}) {
    for (const int32_t id : *side) {
      if (id >= size)
        fail("post_processor: the special token ", id, " is beyond the ", size, " of the vocabulary");
    }
  }
}

void Tokenizer::Parts::read_sides(const TokenizerDeclaration& declaration) {
  if (const Value* length = declaration.truncation.find("max_length");
      length != nullptr && length->is_int()) {
    truncation_length = length->as_int();
  }
  // tokenizer_config.json is the newer word.
  const auto read = [](const Value& part, std::string_view name, Side& side) {
    if (const Value* value = part.find(name); value != nullptr && !value->is_null())
      side = side_of(*value, name);
  };
  read(declaration.truncation, "direction", truncation_side);
  read(declaration.padding, "direction", padding_side);
  read(declaration.config, "truncation_side", truncation_side);
  read(declaration.config, "padding_side", padding_side);
  constexpr double kUnlimited = 2147483648.0;
  if (const Value* length = declaration.config.find("model_max_length");
      length != nullptr && length->is_number() && length->as_real() > 0 && length->as_real() < kUnlimited) {
    model_max_length = static_cast<int64_t>(length->as_real());
  }
}

void Tokenizer::Parts::find_special_ids(const TokenizerDeclaration& declaration) {
  special_ids = declaration.special_ids;
  for (const Role& role : kRoles) {
    std::optional<int32_t>& id = special_ids.*role.id;
    const auto look_for = [&](std::string_view name) {
      if (id || name.empty()) return;
      if (const int32_t found = id_of(name); found != kNoToken) id = found;
    };
    if (const std::string* name = content_of(declaration.config.find(role.key))) look_for(*name);
    if (role.key == "pad_token") {
      if (const std::string* name = content_of(declaration.padding.find(role.key))) look_for(*name);
    }
    if (declaration.config.find(role.key) != nullptr) continue;  // null: there is none
    for (const std::string_view name : role.usual) look_for(name);
  }
}

int32_t Tokenizer::Parts::id_of(std::string_view token) const {
  const int32_t id = added.id_of(token);
  return id != kNoToken ? id : model->vocabulary().find(token);
}

}  // namespace whitney::text
