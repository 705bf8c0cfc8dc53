#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"
#include "whitney/text/vocabulary.h"
#include "whitney/text/word_cache.h"

namespace whitney::text {

/// What a model needs besides itself while it cuts words; one a thread, kept between calls. A cache is good
/// for one model only.
struct ModelScratch {
  WordCache cache;

  // BytePair: the symbols of a long word as a linked list, and its merges waiting.
  struct Symbol {
    int32_t id;
    uint32_t previous, next;
  };
  std::vector<Symbol> symbols;
  std::vector<uint64_t> waiting;
  std::vector<int32_t> symbol_ids;

  // Unigram: the best way to each byte of a word.
  struct Way {
    double score;
    uint32_t begin;
    int32_t id;
  };
  std::vector<Way> ways;
  std::vector<int32_t> backwards;

  std::string piece;
};

/// Cuts the words of a text into tokens: what tokenizer.json calls "model".
class WHITNEY_API TokenModel {
 public:
  virtual ~TokenModel() = default;

  /// Appends the ids of a word, valid UTF-8 (or raw bytes, where the model was made for them). Throws Error
  /// when the word cannot be spelt and there is no unknown token.
  void append_ids(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const {
    if (word.empty()) return;
    if (word.size() > WordCache::kLongestWord) return cut(word, scratch, ids);
    const WordCache::Key key = WordCache::key_of(word);
    if (scratch.cache.find(key, ids)) return;
    const size_t begin = ids.size();
    cut(word, scratch, ids);
    scratch.cache.keep(key, std::span<const int32_t>(ids).subspan(begin));
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }

 protected:
  explicit TokenModel(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  /// As append_ids; the word is not empty.
  virtual void cut(std::string_view word, ModelScratch& scratch, std::vector<int32_t>& ids) const = 0;
  [[noreturn]] static void fail_without_unknown(std::string_view word);

 private:
  Vocabulary vocabulary_;
};

/// How a model spells what its words are made of.
enum class WordForm : uint8_t {
  kText,     // UTF-8, as the vocabulary has it
  kRawBytes  // bytes, which the vocabulary spells in printable characters
};

struct WordPieceDeclaration {
  Vocabulary vocabulary;
  std::string unknown = "[UNK]";
  std::string continuing_prefix = "##";
  int64_t max_characters = 100;
};

struct WordLevelDeclaration {
  Vocabulary vocabulary;
  std::string unknown = "<unk>";
};

struct UnigramDeclaration {
  Vocabulary vocabulary;
  /// By id; log-probabilities.
  std::vector<double> scores;
  int32_t unknown_id = kNoToken;
  bool byte_fallback = false;
};

struct BytePairDeclaration {
  /// Left and right token, the rank (lower first) and the token that they make.
  struct Merge {
    int32_t left, right;
    uint32_t rank;
    int32_t merged;
  };
  Vocabulary vocabulary;
  std::vector<Merge> merges;
  std::string unknown;  // empty: characters without a token are dropped
  std::string continuing_prefix;
  std::string end_of_word_suffix;
  bool fuse_unknown = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
};

using ModelDeclaration =
    std::variant<WordPieceDeclaration, WordLevelDeclaration, UnigramDeclaration, BytePairDeclaration>;

/// Reads the member "model" of a tokenizer.json. Throws Error naming what is missing, unknown or
/// contradictory.
WHITNEY_API ModelDeclaration read_model(const Value& declaration);
/// Says whether the model can take raw bytes from a ByteLevel pre-tokenizer.
WHITNEY_API bool takes_raw_bytes(const ModelDeclaration& declaration);
WHITNEY_API std::unique_ptr<const TokenModel> make_model(ModelDeclaration declaration,
                                                         WordForm form = WordForm::kText);

/// Appends the merge of two tokens of the vocabulary, to come after those that are there. Throws Error naming
/// its rank when a part or what they make is no token.
WHITNEY_API void append_merge(std::string_view left, std::string_view right,
                              BytePairDeclaration& declaration);

}  // namespace whitney::text
