#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "whitney/core/value.h"
#include "whitney/infer/gguf.h"

namespace whitney::infer {

/// What a tensor of a GGUF file is in Hugging Face's code.
struct TensorOrigin {
  std::string name;
  /// Above 0: llama.cpp's converter interleaved the halves of so many heads (q and k of llama).
  int64_t interleaved_heads = 0;
};

/// Translates a name such as "blk.3.attn_q.weight" by the file's architecture (llama, which mistral and
/// SmolLM are too, qwen2, qwen3, bert, nomic-bert); nothing for tensors that no forward pass reads. Throws
/// Error for other architectures.
std::optional<TensorOrigin> origin_of(const GgufFile& gguf, std::string_view name);

/// The config.json that the file's metadata amount to: model_type, hidden_size and so on. Throws Error that
/// names the file and the key when one is missing or of the wrong kind.
Value config_of(const GgufFile& gguf);

}  // namespace whitney::infer
