#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/json_file.h"
#include "whitney/data/mapped_file.h"
#include "whitney/text/config_tokens.h"
#include "whitney/text/tokenizer.h"
#include "whitney/text/tokenizer_parts.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

namespace fs = std::filesystem;

std::string_view text_of(const Array<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(bytes.size())};
}

// Puts the file's name before what `read` throws.
template <class Read>
auto in_file(std::string_view path, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    fail(path, ": ", error.what());
  }
}

// tokenizer_config.json, and what special_tokens_map.json has besides; null where neither is.
Value read_config(const fs::path& folder) {
  Value config;
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const fs::path path = folder / name;
    if (!fs::exists(path)) continue;
    const Value file = data::read_json_file(path.string());
    if (!file.is_object()) fail(path.string(), ": is no object");
    for (const auto& [key, value] : file.as_object()) {
      if (config.find(key) == nullptr) config.set(key, value);
    }
  }
  const fs::path added = folder / "added_tokens.json";
  if (fs::exists(added) && config.find("added_tokens_decoder") == nullptr) {
    const Value file = data::read_json_file(added.string());
    config.set("added_tokens_decoder",
               in_file(added.string(), [&] { return added_tokens_decoder(file, config); }));
  }
  return config;
}

// Classes of the models whose config.json names none, as transformers chooses them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kByteLevelClasses = {
    {{"gpt2", "GPT2Tokenizer"},
     {"roberta", "RobertaTokenizer"},
     {"qwen2", "Qwen2Tokenizer"},
     {"qwen3", "Qwen2Tokenizer"}}};
constexpr std::array<std::string_view, 17> kBertTypes = {
    "bert",     "convbert",  "distilbert",    "dpr",        "electra",    "ernie",
    "layoutlm", "lxmert",    "megatron-bert", "mobilebert", "nezha",      "nomic_bert",
    "qdqbert",  "retribert", "squeezebert",   "vilt",       "visual_bert"};

// Without a class in the tokenizer's config, that of the model's. Returns the model's type, "" where neither
// file names a class nor a type.
std::string name_class_of_model(const fs::path& folder, Value& config) {
  const auto named = [](const Value& file, const char* member) -> const Value* {
    const Value* found = file.is_object() ? file.find(member) : nullptr;
    return found == nullptr || found->is_null() ? nullptr : found;
  };
  if (named(config, "tokenizer_class") != nullptr || !fs::exists(folder / "config.json")) return "";
  const Value model = data::read_json_file((folder / "config.json").string());
  if (const Value* own = named(model, "tokenizer_class")) {
    config.set("tokenizer_class", *own);
    return "";
  }
  const Value* type = named(model, "model_type");
  return type != nullptr && type->is_string() ? type->as_string() : "";
}

// One token a line, whose number from 0 is its id.
Vocabulary read_lines(const std::string& path) {
  const Array<std::byte> bytes = map_file(path);
  std::string_view text = text_of(bytes);
  if (valid_utf8_prefix(text) != text.size()) fail("is no UTF-8 from byte ", valid_utf8_prefix(text), " on");
  Vocabulary vocabulary;
  for (int64_t id = 0; !text.empty(); ++id) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    vocabulary.add(line, id);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return vocabulary;
}

TokenizerDeclaration read_json_tokenizer(const fs::path& path, const fs::path& folder) {
  const Value file = data::read_json_file(path.string());
  TokenizerDeclaration declaration = in_file(path.string(), [&] { return read_tokenizer_json(file); });
  declaration.config = read_config(folder);
  return declaration;
}

TokenizerDeclaration read_bert(const fs::path& path, const fs::path& folder) {
  Value config = read_config(folder);
  const std::string type = name_class_of_model(folder, config);
  if (!type.empty() && std::ranges::find(kBertTypes, type) == kBertTypes.end()) {
    fail((folder / "config.json").string(), ": a model of the type \"", type,
         "\" needs a tokenizer.json, or a \"tokenizer_class\" (a vocab.txt is read as BERT's)");
  }
  return in_file(path.string(), [&] { return declare_bert(read_lines(path.string()), config); });
}

TokenizerDeclaration read_byte_level(const fs::path& folder) {
  const Value vocabulary = data::read_json_file((folder / "vocab.json").string());
  Value config = read_config(folder);
  const std::string type = name_class_of_model(folder, config);
  for (const auto& [model_type, name] : kByteLevelClasses) {
    if (type == model_type) config.set("tokenizer_class", Value(name));
  }
  const Array<std::byte> merges = map_file((folder / "merges.txt").string());
  if (valid_utf8_prefix(text_of(merges)) != text_of(merges).size()) {
    fail((folder / "merges.txt").string(), ": is no UTF-8");
  }
  return in_file(folder.string(), [&] { return declare_byte_level(vocabulary, text_of(merges), config); });
}

TokenizerDeclaration read_folder(const fs::path& folder) {
  const auto has = [&](const char* name) { return fs::exists(folder / name); };
  if (has("tokenizer.json")) return read_json_tokenizer(folder / "tokenizer.json", folder);
  if (has("vocab.txt")) return read_bert(folder / "vocab.txt", folder);
  if (has("vocab.json") && has("merges.txt")) return read_byte_level(folder);
  for (const char* name : {"spiece.model", "sentencepiece.bpe.model", "tokenizer.model"}) {
    if (has(name)) {
      fail(folder.string(), ": ", name, " is not read; save the tokenizer as a tokenizer.json (in Python: ",
           "AutoTokenizer.from_pretrained(folder).save_pretrained(folder))");
    }
  }
  fail(folder.string(), ": no tokenizer.json, no vocab.txt, and no vocab.json with merges.txt");
}

}  // namespace

Tokenizer Tokenizer::open(const std::string& path, bool lower_case) {
  const fs::path place(path);
  if (!fs::exists(place)) fail(path, ": is missing");
  const bool is_folder = fs::is_directory(place);
  TokenizerDeclaration declaration = is_folder ? read_folder(place)
                                     : place.extension() == ".txt"
                                         ? read_bert(place, place.parent_path())
                                         : read_json_tokenizer(place, place.parent_path());
  if (lower_case) {
    Value::List steps{typed("Lowercase")};
    if (!declaration.normalizer.is_null()) steps.push_back(std::move(declaration.normalizer));
    declaration.normalizer = typed("Sequence", {{"normalizers", std::move(steps)}});
  }
  return in_file(path, [&] { return Tokenizer(std::make_unique<const Parts>(std::move(declaration))); });
}

Tokenizer Tokenizer::parse(std::string_view json, std::string_view where) {
  const Value file = data::parse_json_with_big_integers(json, where);
  return in_file(where, [&] { return Tokenizer(std::make_unique<const Parts>(read_tokenizer_json(file))); });
}

Tokenizer Tokenizer::of_gguf(const GgufVocabulary& vocabulary, std::string_view where) {
  return in_file(where, [&] { return Tokenizer(std::make_unique<const Parts>(declare_gguf(vocabulary))); });
}

}  // namespace whitney::text
