// Qwen3 (Yang et al. 2025, arXiv 2505.09388): Llama with norms of each query and key head.

#include "whitney/infer/llama.h"

namespace whitney::infer {
namespace {

Transformer make_qwen3(const ModelSource& source) {
  if (source.config.flag("use_sliding_window", false)) {
    source.config.fail_field("use_sliding_window", "only false can be run");
  }
  const bool bias = source.config.flag("attention_bias", false);
  return make_llama_kin(source, {bias, bias, true, 1e6});
}

const Architecture kRegistered("qwen3", make_qwen3);

}  // namespace
}  // namespace whitney::infer
