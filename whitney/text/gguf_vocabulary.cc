#include "whitney/text/gguf_vocabulary.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/text/tokenizer_declaration.h"
#include "whitney/text/unicode.h"

namespace whitney::text {
namespace {

// Values of token_types.
constexpr int32_t kUnknown = 2;
constexpr int32_t kControl = 3;
constexpr int32_t kUserDefined = 4;

constexpr std::string_view kBlank = "\u2581";

void check(const GgufVocabulary& file) {
  const auto check_size = [&](std::string_view name, size_t size, bool is_needed) {
    if (size == file.tokens.size() || (size == 0 && !is_needed)) return;
    fail("has ", file.tokens.size(), " tokens, but ", size, " ", name);
  };
  check_size("scores", file.scores.size(), file.model == "llama" || file.model == "t5");
  check_size("token types", file.token_types.size(), false);
  for (size_t id = 0; id < file.tokens.size(); ++id) {
    if (valid_utf8_prefix(file.tokens[id]) != file.tokens[id].size()) fail("token ", id, " is no UTF-8");
  }
  for (const auto& id :
       {file.bos_id, file.eos_id, file.unk_id, file.pad_id, file.sep_id, file.cls_id, file.mask_id}) {
    if (id && (*id < 0 || *id >= std::ssize(file.tokens))) {
      fail("a special token has the id ", *id, ", but there are ", file.tokens.size(), " tokens");
    }
  }
}

Vocabulary vocabulary_of(const GgufVocabulary& file) {
  Vocabulary vocabulary;
  for (size_t id = 0; id < file.tokens.size(); ++id) {
    vocabulary.add(file.tokens[id], static_cast<int64_t>(id));
  }
  return vocabulary;
}

void declare_added_tokens(const GgufVocabulary& file, const Vocabulary& vocabulary,
                          TokenizerDeclaration& declaration) {
  for (size_t id = 0; id < file.token_types.size(); ++id) {
    const int32_t type = file.token_types[id];
    if (type != kControl && type != kUserDefined && type != kUnknown) continue;
    if (vocabulary.find(file.tokens[id]) != static_cast<int32_t>(id)) continue;  // its text stands again
    AddedToken token;
    token.content = file.tokens[id];
    token.id = static_cast<int64_t>(id);
    token.special = type != kUserDefined;
    token.normalized = false;
    declaration.added_tokens.push_back(std::move(token));
  }
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t taken = std::min<size_t>(3, bytes.size() - at);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < taken ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (size_t i = 0; i < 4; ++i) text += i <= taken ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

Value replace(std::string_view kind, std::string_view pattern, std::string_view content) {
  return typed("Replace", {{"pattern", Value::object({{std::string(kind), pattern}})}, {"content", content}});
}

// Every way to make a token of two, the tokens of the best score first: SentencePiece merges by score alone.
void append_scored_merges(const GgufVocabulary& file, BytePairDeclaration& model) {
  std::vector<int32_t> by_score(file.tokens.size());
  std::iota(by_score.begin(), by_score.end(), 0);
  std::ranges::stable_sort(by_score, [&](int32_t a, int32_t b) {
    return file.scores[static_cast<size_t>(a)] > file.scores[static_cast<size_t>(b)];
  });
  uint32_t rank = 0;
  for (size_t i = 0; i < by_score.size(); ++i) {
    const int32_t id = by_score[i];
    const auto score_at = [&](size_t place) { return file.scores[static_cast<size_t>(by_score[place])]; };
    if (i > 0 && score_at(i) != score_at(i - 1)) ++rank;
    const std::string_view token = file.tokens[static_cast<size_t>(id)];
    if (!file.token_types.empty() && file.token_types[static_cast<size_t>(id)] == kControl) continue;
    for (size_t cut = length_by_lead(token.empty() ? 'a' : token[0]); cut < token.size();
         cut += length_by_lead(token[cut])) {
      const int32_t left = model.vocabulary.find(token.substr(0, cut));
      const int32_t right = model.vocabulary.find(token.substr(cut));
      if (left != kNoToken && right != kNoToken) model.merges.push_back({left, right, rank, id});
    }
  }
}

void declare_llama(const GgufVocabulary& file, Vocabulary vocabulary, TokenizerDeclaration& declaration) {
  BytePairDeclaration model;
  model.vocabulary = std::move(vocabulary);
  append_scored_merges(file, model);
  model.unknown = file.unk_id ? file.tokens[static_cast<size_t>(*file.unk_id)] : "";
  model.fuse_unknown = true;
  model.byte_fallback = true;
  declaration.model = std::move(model);

  const bool adds_blank = file.add_space_prefix.value_or(true);
  Value::List normalizers;
  if (adds_blank) normalizers.push_back(typed("Prepend", {{"prepend", kBlank}}));
  normalizers.push_back(replace("String", " ", kBlank));
  declaration.normalizer = typed("Sequence", {{"normalizers", std::move(normalizers)}});
  Value::List decoders = {replace("String", kBlank, " "), typed("ByteFallback"), typed("Fuse")};
  if (adds_blank) decoders.push_back(typed("Strip", {{"content", " "}, {"start", 1}, {"stop", 0}}));
  declaration.decoder = typed("Sequence", {{"decoders", std::move(decoders)}});
}

bool declare_gpt2(const GgufVocabulary& file, Vocabulary vocabulary, TokenizerDeclaration& declaration) {
  BytePairStyle style = byte_pair_style(file.pre);
  BytePairDeclaration model;
  model.vocabulary = std::move(vocabulary);
  model.merges.reserve(file.merges.size());
  for (const std::string& merge : file.merges) {
    const size_t blank = merge.find(' ');
    if (blank == merge.npos) fail("a merge is not two tokens with a blank between them: \"", merge, "\"");
    append_merge(std::string_view(merge).substr(0, blank), std::string_view(merge).substr(blank + 1), model);
  }
  model.ignore_merges = style.ignore_merges;
  declaration.model = std::move(model);
  declaration.normalizer = std::move(style.normalizer);
  declaration.pre_tokenizer = std::move(style.pre_tokenizer);
  declaration.decoder = typed("ByteLevel");
  return style.add_bos;
}

// llama.cpp's converter writes "##ing" as "ing" and "play" as U+2581 "play".
void declare_bert_of(const GgufVocabulary& file, TokenizerDeclaration& declaration) {
  Vocabulary vocabulary;
  for (size_t id = 0; id < file.tokens.size(); ++id) {
    std::string_view token = file.tokens[id];
    const bool is_normal = file.token_types.empty() || file.token_types[id] == 1;
    const bool is_bracketed = token.starts_with('[') && token.ends_with(']') && token.size() > 2;
    std::string text;
    if (token.starts_with(kBlank)) {
      text = token.substr(kBlank.size());
    } else {
      text = is_normal && !is_bracketed ? concat("##", token) : std::string(token);
    }
    vocabulary.add(text, static_cast<int64_t>(id));
  }
  declaration = declare_bert(std::move(vocabulary), Value());
}

void declare_t5(const GgufVocabulary& file, Vocabulary vocabulary, TokenizerDeclaration& declaration) {
  UnigramDeclaration model;
  model.vocabulary = std::move(vocabulary);
  model.scores.assign(file.scores.begin(), file.scores.end());
  model.unknown_id = file.unk_id.value_or(kNoToken);
  declaration.model = std::move(model);

  Value::List normalizers;
  if (!file.precompiled_charsmap.empty()) {
    normalizers.push_back(
        typed("Precompiled", {{"precompiled_charsmap", base64(file.precompiled_charsmap)}}));
  }
  if (file.remove_extra_whitespaces) {
    normalizers.push_back(typed("Strip", {{"strip_left", true}, {"strip_right", true}}));
    normalizers.push_back(replace("Regex", " {2,}", " "));
  }
  declaration.normalizer = typed("Sequence", {{"normalizers", std::move(normalizers)}});
  const char* scheme = file.add_space_prefix.value_or(true) ? "always" : "never";
  const Value::Object blanks = {{"replacement", kBlank}, {"prepend_scheme", scheme}, {"split", true}};
  declaration.pre_tokenizer = typed("Metaspace", blanks);
  declaration.decoder = typed("Metaspace", blanks);
}

// Begin and end as the file or, where it is silent, llama.cpp has them.
void declare_frame(const GgufVocabulary& file, bool adds_bos, bool adds_eos,
                   TokenizerDeclaration& declaration) {
  std::vector<std::pair<std::string, int32_t>> leading, trailing;
  const auto add = [&](bool wanted, const std::optional<int32_t>& id, std::string_view name, auto& side) {
    if (!wanted) return;
    if (!id) fail("wants a token put around each text, but names no ", name, " token");
    side.emplace_back(file.tokens[static_cast<size_t>(*id)], *id);
  };
  add(file.add_bos.value_or(adds_bos && file.bos_id), file.bos_id, "begin", leading);
  add(file.add_eos.value_or(adds_eos && file.eos_id), file.eos_id, "end", trailing);
  declaration.post_processor = template_around(leading, trailing);
}

}  // namespace

TokenizerDeclaration declare_gguf(const GgufVocabulary& file) {
  check(file);
  TokenizerDeclaration declaration;
  if (file.model == "bert") {
    declare_bert_of(file, declaration);
  } else {
    Vocabulary vocabulary = vocabulary_of(file);
    declare_added_tokens(file, vocabulary, declaration);
    if (file.model == "llama") {
      declare_llama(file, std::move(vocabulary), declaration);
      declare_frame(file, true, false, declaration);
    } else if (file.model == "gpt2") {
      const bool adds_bos = declare_gpt2(file, std::move(vocabulary), declaration);
      declare_frame(file, adds_bos, false, declaration);
    } else if (file.model == "t5") {
      declare_t5(file, std::move(vocabulary), declaration);
      declare_frame(file, false, true, declaration);
    } else {
      fail("unknown tokenizer model \"", file.model, "\" (known: llama, gpt2, bert, t5)");
    }
  }
  declaration.special_ids = {.pad = file.pad_id,
                             .unk = file.unk_id,
                             .cls = file.cls_id,
                             .sep = file.sep_id,
                             .mask = file.mask_id,
                             .bos = file.bos_id,
                             .eos = file.eos_id};
  return declaration;
}

}  // namespace whitney::text
