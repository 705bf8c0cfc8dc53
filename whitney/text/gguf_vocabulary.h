#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace whitney::text {

/// What the metadata of a GGUF file say of its tokenizer; the key is named where it is not "tokenizer.ggml."
/// + the field's name. Whoever reads the file fills it.
struct GgufVocabulary {
  /// "llama" (SentencePiece's BPE), "gpt2" (byte-level BPE), "bert" (WordPiece) or "t5" (Unigram).
  std::string model;
  /// Names the pre-tokenizer of a "gpt2" model: "llama-bpe", "qwen2", "gpt-2", "smollm" and their kin.
  std::string pre;
  /// By id.
  std::vector<std::string> tokens;
  /// By id; empty where the file has none. "llama" and "t5" need them.
  std::vector<float> scores;
  /// By id ("token_type"): 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. May be empty.
  std::vector<int32_t> token_types;
  /// Two tokens each, a blank between them; the earlier, the sooner. "gpt2" needs them.
  std::vector<std::string> merges;
  // "bos_token_id", "eos_token_id", "unknown_token_id", "padding_token_id", "seperator_token_id" (so spelt),
  // "cls_token_id" and "mask_token_id".
  std::optional<int32_t> bos_id;
  std::optional<int32_t> eos_id;
  std::optional<int32_t> unk_id;
  std::optional<int32_t> pad_id;
  std::optional<int32_t> sep_id;
  std::optional<int32_t> cls_id;
  std::optional<int32_t> mask_id;
  /// "add_bos_token", "add_eos_token", "add_space_prefix"; absent: what llama.cpp does for the model.
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  std::optional<bool> add_space_prefix;
  /// "remove_extra_whitespaces".
  bool remove_extra_whitespaces = false;
  /// "precompiled_charsmap": the bytes of SentencePiece's normalisation table; empty where there is none.
  std::string precompiled_charsmap;
};

}  // namespace whitney::text
