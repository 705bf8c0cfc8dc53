#include "whitney/text/config_tokens.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::text {
namespace {

constexpr std::string_view kDecoder = "added_tokens_decoder";
// The newer name last.
constexpr std::string_view kMoreSpecial[] = {"additional_special_tokens", "extra_special_tokens"};

const Value* named(const Value& config, std::string_view name) {
  const Value* value = config.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

// A token is its text or an object that holds it.
const std::string& content_of(const Value& token, std::string_view field) {
  const Value* content = token.is_object() ? token.find("content") : &token;
  if (content == nullptr || !content->is_string())
    fail("\"", field, "\" is ", token.to_json(), ", but must be a token or an object with its \"content\"");
  return content->as_string();
}

int64_t id_of(const std::string& key) {
  int64_t id = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  if (error != std::errc() || end != key.data() + key.size())
    fail("\"", kDecoder, "\" has the key \"", key, "\": expected a token's id");
  return id;
}

bool is_named(const Value& config, std::string_view content) {
  const auto is_it = [&](const Value& token) {
    const Value* text = token.is_object() ? token.find("content") : &token;
    return text != nullptr && *text == Value(content);
  };
  return config.is_object() && std::ranges::any_of(config.as_object(), [&](const auto& member) {
           const auto& [key, value] = member;
           if (value.is_list()) return std::ranges::any_of(value.as_list(), is_it);
           return key.ends_with("_token") && is_it(value);
         });
}

}  // namespace

std::string tokenizer_class_of(const Value& config) {
  const Value* name = named(config, "tokenizer_class");
  if (name == nullptr) return "";
  if (!name->is_string())
    fail("\"tokenizer_class\" is ", name->to_json(), ", but must be the name of a class");
  std::string result = name->as_string();
  if (result.ends_with("Fast")) result.resize(result.size() - 4);
  return result;
}

std::optional<std::string> token_of_role(const Value& config, std::string_view role,
                                         std::string_view otherwise) {
  const Value* token = config.find(role);
  if (token == nullptr) return otherwise.empty() ? std::nullopt : std::optional<std::string>(otherwise);
  if (token->is_null()) return std::nullopt;
  return content_of(*token, role);
}

ConfigTokens::ConfigTokens(const Value& config, const Vocabulary& vocabulary)
    : config_(config), vocabulary_(vocabulary) {
  if (const Value* decoder = named(config, kDecoder)) {
    Value::List entries;
    for (const auto& [key, entry] : decoder->as_object()) {
      content_of(entry, kDecoder);
      Value token = entry;
      token.set("id", id_of(key));
      entries.push_back(std::move(token));
    }
    tokens = read_added_tokens(Value(std::move(entries)));
  }
  for (const std::string_view field : kMoreSpecial) {
    const Value* more = named(config, field);
    if (more == nullptr || !more->is_list()) continue;
    for (const Value& token : more->as_list()) add_special(content_of(token, field));
  }
}

void ConfigTokens::add_special(std::string_view content) {
  const int32_t id = vocabulary_.find(content);
  if (id == kNoToken) return;
  AddedToken token;
  token.content = content;
  token.id = id;
  token.special = true;
  token.normalized = false;
  tokens.push_back(std::move(token));
}

void ConfigTokens::add_role(std::string_view role, std::string_view otherwise) {
  if (const auto name = token_of_role(config_, role, otherwise)) add_special(*name);
}

std::pair<std::string, int32_t> ConfigTokens::framing(std::string_view role,
                                                      std::string_view otherwise) const {
  const auto name = token_of_role(config_, role, otherwise);
  if (!name) fail("\"", role, "\" is missing: expected the token that stands around each text");
  int64_t id = vocabulary_.find(*name);
  if (const auto added = std::ranges::find(tokens, *name, &AddedToken::content); added != tokens.end())
    id = added->id;
  if (id == kNoToken) fail("the vocabulary has no token ", *name);
  return {*name, static_cast<int32_t>(id)};
}

std::vector<std::pair<std::string, int32_t>> ConfigTokens::framing_if(std::string_view flag,
                                                                      std::string_view role,
                                                                      std::string_view otherwise) const {
  const Value* value = named(config_, flag);
  if (value == nullptr) return {};
  if (!value->is_bool()) fail("\"", flag, "\" is ", value->to_json(), ", but must be true or false");
  if (!value->as_bool() || !token_of_role(config_, role, otherwise)) return {};
  return {framing(role, otherwise)};
}

Value added_tokens_decoder(const Value& added_tokens, const Value& config) {
  if (!added_tokens.is_object()) fail("is no object of tokens and their ids");
  Value decoder = Value::object();
  for (const auto& [content, id] : added_tokens.as_object()) {
    if (!id.is_int()) fail("the token \"", content, "\" has the id ", id.to_json(), ": expected a number");
    decoder.set(std::to_string(id.as_int()),
                Value::object({{"content", content}, {"special", is_named(config, content)}}));
  }
  return decoder;
}

}  // namespace whitney::text
