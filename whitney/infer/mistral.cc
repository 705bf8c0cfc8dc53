// Mistral (Jiang et al. 2023, arXiv 2310.06825): Llama's plan, each token seeing a window of those before it.

#include "whitney/infer/llama.h"

namespace whitney::infer {
namespace {

Transformer make_mistral(const ModelSource& source) {
  const bool bias = source.config.flag("attention_bias", false);
  return make_llama_kin(source, {bias, bias, false, 10000});
}

const Architecture kMistral("mistral", make_mistral);

}  // namespace
}  // namespace whitney::infer
