#include "whitney/text/token_model.h"

#include "whitney/core/error.h"
#include "whitney/text/byte_pair.h"
#include "whitney/text/known_members.h"
#include "whitney/text/unigram.h"
#include "whitney/text/word_piece.h"

namespace whitney::text {
namespace {

// Members that are absent or null keep their default.
bool flag_of(const Value& declaration, std::string_view name) {
  const Value* value = declaration.find(name);
  return value != nullptr && !value->is_null() && value->as_bool();
}

void read_string(const Value& declaration, std::string_view name, std::string& out) {
  const Value* value = declaration.find(name);
  if (value != nullptr) out = value->is_null() ? "" : value->as_string();
}

WordPieceDeclaration read_word_piece(const Value& declaration) {
  WordPieceDeclaration model;
  model.vocabulary = Vocabulary::of_object(declaration.at("vocab"));
  read_string(declaration, "unk_token", model.unknown);
  read_string(declaration, "continuing_subword_prefix", model.continuing_prefix);
  if (const Value* most = declaration.find("max_input_chars_per_word")) model.max_characters = most->as_int();
  return model;
}

WordLevelDeclaration read_word_level(const Value& declaration) {
  WordLevelDeclaration model;
  model.vocabulary = Vocabulary::of_object(declaration.at("vocab"));
  read_string(declaration, "unk_token", model.unknown);
  return model;
}

UnigramDeclaration read_unigram(const Value& declaration) {
  UnigramDeclaration model;
  for (const Value& entry : declaration.at("vocab").as_list()) {
    const auto id = static_cast<int64_t>(model.scores.size());
    if (!entry.is_list() || entry.as_list().size() != 2 || !entry.as_list()[0].is_string() ||
        !entry.as_list()[1].is_number()) {
      fail("entry ", id, " of \"vocab\" is no pair of a token and its score: ", entry.to_json());
    }
    model.vocabulary.add(entry.as_list()[0].as_string(), id);
    model.scores.push_back(entry.as_list()[1].as_real());
  }
  if (const Value* unknown = declaration.find("unk_id"); unknown != nullptr && !unknown->is_null()) {
    if (unknown->as_int() < 0 || unknown->as_int() >= std::ssize(model.scores)) {
      fail("\"unk_id\" is ", unknown->as_int(), ", but \"vocab\" has ", model.scores.size(), " tokens");
    }
    model.unknown_id = static_cast<int32_t>(unknown->as_int());
  }
  model.byte_fallback = flag_of(declaration, "byte_fallback");
  return model;
}

void read_merge(const Value& merge, BytePairDeclaration& model) {
  if (merge.is_list() && merge.as_list().size() == 2) {
    append_merge(merge.as_list()[0].as_string(), merge.as_list()[1].as_string(), model);
    return;
  }
  if (!merge.is_string()) fail("merge ", model.merges.size(), " is no pair of tokens: ", merge.to_json());
  const std::string_view both = merge.as_string();
  const size_t blank = both.find(' ');
  if (blank == both.npos || both.find(' ', blank + 1) != both.npos) {
    fail("merge ", model.merges.size(), " is not two tokens with a blank between them: \"", both, "\"");
  }
  append_merge(both.substr(0, blank), both.substr(blank + 1), model);
}

void check_dropout(const Value* dropout) {
  if (dropout == nullptr || dropout->is_null() || dropout->as_real() == 0) return;
  fail("\"dropout\" is ", dropout->to_json(), ", which would give other ids each time (expected: null)");
}

BytePairDeclaration read_byte_pair(const Value& declaration) {
  BytePairDeclaration model;
  check_dropout(declaration.find("dropout"));
  model.vocabulary = Vocabulary::of_object(declaration.at("vocab"));
  read_string(declaration, "unk_token", model.unknown);
  read_string(declaration, "continuing_subword_prefix", model.continuing_prefix);
  read_string(declaration, "end_of_word_suffix", model.end_of_word_suffix);
  model.fuse_unknown = flag_of(declaration, "fuse_unk");
  model.byte_fallback = flag_of(declaration, "byte_fallback");
  model.ignore_merges = flag_of(declaration, "ignore_merges");
  const Value::List& merges = declaration.at("merges").as_list();
  model.merges.reserve(merges.size());
  for (const Value& merge : merges) {
    if (merge.is_string() && merge.as_string().starts_with("#version")) continue;
    read_merge(merge, model);
  }
  return model;
}

// Files from before 2020 do not say which model they hold.
std::string_view kind_of(const Value& declaration) {
  if (const Value* type = declaration.find("type")) return type->as_string();
  if (declaration.find("merges") != nullptr) return "BPE";
  if (declaration.find("max_input_chars_per_word") != nullptr) return "WordPiece";
  return declaration.at("vocab").is_list() ? "Unigram" : "WordLevel";
}

}  // namespace

void TokenModel::fail_without_unknown(std::string_view word) {
  constexpr size_t kShown = 60;
  fail("the text holds what the vocabulary cannot spell, and there is no unknown token: \"",
       word.substr(0, kShown), word.size() > kShown ? "..." : "", "\"");
}

void append_merge(std::string_view left, std::string_view right, BytePairDeclaration& declaration) {
  const size_t rank = declaration.merges.size();
  const Vocabulary& vocabulary = declaration.vocabulary;
  const auto id_of = [&](std::string_view token) {
    const int32_t id = vocabulary.find(token);
    if (id == kNoToken)
      fail("merge ", rank, " (\"", left, "\" and \"", right, "\"): \"", token, "\" is no token");
    return id;
  };
  const int32_t left_id = id_of(left), right_id = id_of(right);
  // A token that continues a word loses its mark when it is joined.
  const size_t mark = declaration.continuing_prefix.size();
  if (right.size() < mark)
    fail("merge ", rank, ": \"", right, "\" does not begin with \"", declaration.continuing_prefix, "\"");
  const int32_t merged = id_of(std::string(left).append(right.substr(mark)));
  declaration.merges.push_back({left_id, right_id, static_cast<uint32_t>(rank), merged});
}

ModelDeclaration read_model(const Value& declaration) {
  const std::string_view kind = kind_of(declaration);
  check_members("", "model", kind, declaration);
  if (kind == "WordPiece") return read_word_piece(declaration);
  if (kind == "WordLevel") return read_word_level(declaration);
  if (kind == "Unigram") return read_unigram(declaration);
  if (kind == "BPE") return read_byte_pair(declaration);
  fail("unknown model \"", kind, "\" (known: WordPiece, BPE, Unigram, WordLevel)");
}

bool takes_raw_bytes(const ModelDeclaration& declaration) {
  const auto* byte_pair = std::get_if<BytePairDeclaration>(&declaration);
  return byte_pair != nullptr && !byte_pair->byte_fallback;
}

std::unique_ptr<const TokenModel> make_model(ModelDeclaration declaration, WordForm form) {
  if (auto* model = std::get_if<WordPieceDeclaration>(&declaration)) {
    return std::make_unique<const WordPiece>(std::move(*model));
  }
  if (auto* model = std::get_if<WordLevelDeclaration>(&declaration)) {
    return std::make_unique<const WordLevel>(std::move(*model));
  }
  if (auto* model = std::get_if<UnigramDeclaration>(&declaration)) {
    return std::make_unique<const Unigram>(std::move(*model));
  }
  return std::make_unique<const BytePair>(std::move(std::get<BytePairDeclaration>(declaration)), form);
}

}  // namespace whitney::text
