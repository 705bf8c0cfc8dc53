// Qwen2 (Yang et al. 2024, arXiv 2407.10671): Llama with biases of queries, keys and values.

#include "whitney/infer/llama.h"

namespace whitney::infer {
namespace {

Transformer make_qwen2(const ModelSource& source) {
  if (source.config.flag("use_sliding_window", false)) {
    source.config.fail_field("use_sliding_window", "only false can be run");
  }
  return make_llama_kin(source, {true, false, false, 1e6});
}

const Architecture kRegistered("qwen2", make_qwen2);

}  // namespace
}  // namespace whitney::infer
