#include "whitney/text/tokenizer_declaration.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/text/config_tokens.h"
#include "whitney/text/known_members.h"

namespace whitney::text {
namespace {

const Value& member_or_null(const Value& object, std::string_view name) {
  static const Value kNull;
  const Value* value = object.find(name);
  return value == nullptr ? kNull : *value;
}

// Runs `read` and puts the part's name before what it throws.
template <class Read>
auto reading(std::string_view part, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    fail(part, ": ", error.what());
  }
}

bool flag_of(const Value& config, std::string_view name, bool otherwise) {
  const Value& value = member_or_null(config, name);
  if (value.is_null()) return otherwise;
  if (!value.is_bool()) fail("\"", name, "\" is ", value.to_json(), ", but must be true or false");
  return value.as_bool();
}

Value split_then_bytes(std::string_view regex) {
  Value split = typed(
      "Split", {{"pattern", Value::object({{"Regex", regex}})}, {"behavior", "Isolated"}, {"invert", false}});
  Value bytes = typed("ByteLevel", {{"add_prefix_space", false}, {"use_regex", false}});
  return typed("Sequence", {{"pretokenizers", Value::List{std::move(split), std::move(bytes)}}});
}

Value byte_level(bool add_prefix_space) {
  return typed("ByteLevel", {{"add_prefix_space", add_prefix_space}, {"use_regex", true}});
}

constexpr std::string_view kQwenRegex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlamaRegex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

void read_merges_file(std::string_view text, BytePairDeclaration& model) {
  int64_t line_number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    // Only the first line is a comment; a later one may be a merge of "#".
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    const size_t blank = line.find(' ');
    if (blank == line.npos || line.find(' ', blank + 1) != line.npos) {
      fail("merges.txt:", line_number, ": expected two tokens with a blank between them, not \"", line, "\"");
    }
    append_merge(line.substr(0, blank), line.substr(blank + 1), model);
  }
}

// Roles of tokens, and which they are where the config does not say, as in transformers.
using Roles = std::span<const std::pair<std::string_view, std::string_view>>;
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kBertRoles{{{"pad_token", "[PAD]"},
                                                                                   {"unk_token", "[UNK]"},
                                                                                   {"cls_token", "[CLS]"},
                                                                                   {"sep_token", "[SEP]"},
                                                                                   {"mask_token", "[MASK]"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kRobertaRoles{{{"bos_token", "<s>"},
                                                                                      {"pad_token", "<pad>"},
                                                                                      {"eos_token", "</s>"},
                                                                                      {"unk_token", "<unk>"},
                                                                                      {"cls_token", "<s>"},
                                                                                      {"sep_token", "</s>"}}};
constexpr std::string_view kEndOfText = "<|endoftext|>";
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kGpt2Roles{
    {{"bos_token", kEndOfText}, {"eos_token", kEndOfText}, {"unk_token", kEndOfText}, {"pad_token", ""}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kQwen2Roles{
    {{"bos_token", ""}, {"eos_token", kEndOfText}, {"unk_token", kEndOfText}, {"pad_token", kEndOfText}}};

void declare_roberta(ConfigTokens& tokens, TokenizerDeclaration& declaration) {
  for (const auto& [role, usual] : kRobertaRoles) tokens.add_role(role, usual);
  const size_t before = tokens.tokens.size();
  tokens.add_role("mask_token", "<mask>");
  if (tokens.tokens.size() > before) tokens.tokens.back().lstrip = true;
  declaration.post_processor =
      template_around({tokens.framing("cls_token", "<s>")}, {tokens.framing("sep_token", "</s>")});
}

// Nothing is put around a text but by "add_bos_token" and "add_eos_token", of OPT, say.
void declare_decoder(Roles roles, ConfigTokens& tokens, TokenizerDeclaration& declaration) {
  for (const auto& [role, usual] : roles) tokens.add_role(role, usual);
  const auto leading = tokens.framing_if("add_bos_token", roles[0].first, roles[0].second);
  const auto trailing = tokens.framing_if("add_eos_token", roles[1].first, roles[1].second);
  if (!leading.empty() || !trailing.empty()) declaration.post_processor = template_around(leading, trailing);
}

// Those that take a text apart as BertTokenizer does.
void check_is_bert(const Value& config) {
  constexpr std::array<std::string_view, 12> kAlike = {"",
                                                       "BertTokenizer",
                                                       "DistilBertTokenizer",
                                                       "ElectraTokenizer",
                                                       "MobileBertTokenizer",
                                                       "ConvBertTokenizer",
                                                       "SqueezeBertTokenizer",
                                                       "LayoutLMTokenizer",
                                                       "LxmertTokenizer",
                                                       "RetriBertTokenizer",
                                                       "DPRContextEncoderTokenizer",
                                                       "DPRQuestionEncoderTokenizer"};
  const std::string name = tokenizer_class_of(config);
  if (std::ranges::find(kAlike, name) != kAlike.end()) return;
  fail("\"", name,
       "\" needs a tokenizer.json (from a vocab.txt only BertTokenizer and those that work as it are known)");
}

}  // namespace

Value typed(std::string_view type, Value::Object members) {
  members.insert(members.begin(), {"type", Value(type)});
  return Value::object(std::move(members));
}

Value template_around(const std::vector<std::pair<std::string, int32_t>>& leading,
                      const std::vector<std::pair<std::string, int32_t>>& trailing) {
  Value::List single;
  Value specials = Value::object();
  const auto append = [&](const auto& tokens) {
    for (const auto& [name, id] : tokens) {
      single.push_back(Value::object({{"SpecialToken", Value::object({{"id", name}, {"type_id", 0}})}}));
      specials.set(name, Value::object({{"id", name}, {"ids", Value::List{Value(int64_t{id})}}}));
    }
  };
  append(leading);
  single.push_back(Value::object({{"Sequence", Value::object({{"id", "A"}, {"type_id", 0}})}}));
  append(trailing);
  return typed("TemplateProcessing",
               {{"single", std::move(single)}, {"special_tokens", std::move(specials)}});
}

TokenizerDeclaration read_tokenizer_json(const Value& file) {
  if (!file.is_object()) fail("is no object: expected the parts of a tokenizer");
  check_members("", "file", "tokenizer", file);
  if (const Value& version = member_or_null(file, "version"); !version.is_null() && version != Value("1.0"))
    fail("\"version\" is ", version.to_json(), " (expected: \"1.0\")");
  TokenizerDeclaration declaration;
  declaration.model = reading("model", [&] { return read_model(file.at("model")); });
  declaration.added_tokens =
      reading("added_tokens", [&] { return read_added_tokens(member_or_null(file, "added_tokens")); });
  declaration.normalizer = member_or_null(file, "normalizer");
  declaration.pre_tokenizer = member_or_null(file, "pre_tokenizer");
  declaration.post_processor = member_or_null(file, "post_processor");
  declaration.decoder = member_or_null(file, "decoder");
  declaration.truncation = member_or_null(file, "truncation");
  declaration.padding = member_or_null(file, "padding");
  return declaration;
}

TokenizerDeclaration declare_bert(Vocabulary vocabulary, const Value& config) {
  check_is_bert(config);
  TokenizerDeclaration declaration;
  ConfigTokens tokens(config, vocabulary);
  for (const auto& [role, usual] : kBertRoles) tokens.add_role(role, usual);
  const auto unknown = tokens.framing("unk_token", "[UNK]");
  declaration.normalizer =
      typed("BertNormalizer", {{"clean_text", true},
                               {"handle_chinese_chars", flag_of(config, "tokenize_chinese_chars", true)},
                               {"strip_accents", member_or_null(config, "strip_accents")},
                               {"lowercase", flag_of(config, "do_lower_case", true)}});
  declaration.pre_tokenizer = typed("BertPreTokenizer");
  declaration.post_processor =
      template_around({tokens.framing("cls_token", "[CLS]")}, {tokens.framing("sep_token", "[SEP]")});
  declaration.added_tokens = std::move(tokens.tokens);
  declaration.decoder = typed("WordPiece", {{"prefix", "##"}, {"cleanup", true}});
  declaration.config = config;
  WordPieceDeclaration model;
  model.unknown = unknown.first;
  model.vocabulary = std::move(vocabulary);
  declaration.model = std::move(model);
  return declaration;
}

TokenizerDeclaration declare_byte_level(const Value& vocabulary, std::string_view merges,
                                        const Value& config) {
  TokenizerDeclaration declaration;
  BytePairDeclaration model;
  model.vocabulary = Vocabulary::of_object(vocabulary);
  read_merges_file(merges, model);
  const std::string kind = tokenizer_class_of(config);
  if (kind.empty()) {
    fail(
        "neither tokenizer_config.json nor config.json tells whose vocab.json and merges.txt these are "
        "(expected: ",
        "\"tokenizer_class\" in the former, or a tokenizer.json)");
  }
  declaration.pre_tokenizer = byte_level(flag_of(config, "add_prefix_space", false));
  ConfigTokens tokens(config, model.vocabulary);
  if (kind == "RobertaTokenizer") {
    declare_roberta(tokens, declaration);
  } else if (kind == "GPT2Tokenizer") {
    declare_decoder(kGpt2Roles, tokens, declaration);
  } else if (kind == "Qwen2Tokenizer") {
    declaration.normalizer = typed("NFC");
    declaration.pre_tokenizer = split_then_bytes(kQwenRegex);
    declare_decoder(kQwen2Roles, tokens, declaration);
  } else {
    fail("\"", kind, "\" needs a tokenizer.json (from vocab.json and merges.txt only GPT2Tokenizer, ",
         "RobertaTokenizer and Qwen2Tokenizer are known)");
  }
  declaration.added_tokens = std::move(tokens.tokens);
  declaration.decoder = typed("ByteLevel");
  declaration.config = config;
  declaration.model = std::move(model);
  return declaration;
}

BytePairStyle byte_pair_style(std::string_view name) {
  const auto is_one_of = [name](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, name) != names.end();
  };
  if (is_one_of({"llama3", "llama-v3", "llama-bpe"})) {
    return {.normalizer = {},
            .pre_tokenizer = split_then_bytes(kLlamaRegex),
            .ignore_merges = true,
            .add_bos = true};
  }
  if (is_one_of({"qwen2", "deepseek-r1-qwen"})) {
    return {.normalizer = typed("NFC"), .pre_tokenizer = split_then_bytes(kQwenRegex)};
  }
  if (is_one_of({"gpt-2", "phi-2"})) return {.normalizer = {}, .pre_tokenizer = byte_level(false)};
  if (is_one_of({"smollm", "starcoder", "refact"})) {
    Value digits = typed("Digits", {{"individual_digits", true}});
    return {.normalizer = {},
            .pre_tokenizer =
                typed("Sequence", {{"pretokenizers", Value::List{std::move(digits), byte_level(false)}}})};
  }
  fail("unknown pre-tokenizer \"", name,
       "\" (known: gpt-2, phi-2, llama-bpe, llama3, llama-v3, qwen2, deepseek-r1-qwen, smollm, starcoder, "
       "refact)");
}

}  // namespace whitney::text
