// Mistral (Jiang et al. 2023, arXiv 2310.06825): Llama, each token seeing a window of those before it.

#include "whitney/infer/llama.h"

namespace whitney::infer {
namespace {

const Architecture kMistral("mistral", make_llama);

}  // namespace
}  // namespace whitney::infer
