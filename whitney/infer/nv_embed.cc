// NV-Embed (Lee et al. 2024, arXiv 2405.17428): Mistral without the causal mask, and a latent attention over
// its states. config.json holds a section for each.

#include "whitney/core/error.h"
#include "whitney/infer/latent_attention.h"
#include "whitney/infer/llama.h"

namespace whitney::infer {
namespace {

ModelConfig section_of(const ModelConfig& config, std::string_view field) {
  const auto section = config.section(field);
  if (!section) config.fail_field(field, "an object: the settings of that part of NV-Embed");
  return *section;
}

Transformer make_nv_embed(const ModelSource& source) {
  if (source.config.text("mask_type", "b") != "b")
    source.config.fail_field("mask_type", "\"b\", attention in both directions");
  const ModelConfig text = section_of(source.config, "text_config");
  const ModelConfig latent = section_of(source.config, "latent_attention_config");
  Transformer model = make_llama({text, source.weights, source.context, source.precision});
  for (TransformerLayer& layer : model.layers) layer.reach_after = kUnlimited;
  for (const char* field : {"hidden_dim", "latent_dim"}) {
    if (latent.size_or(field, 4096) != model.width)
      latent.fail_field(field, concat("the width of the states, ", model.width));
  }
  const LatentAttentionShape shape{.name = "latent_attention_model.",
                                   .width = model.width,
                                   .num_latents = latent.size_or("num_latents_value", 512),
                                   .num_heads = latent.size_or("num_cross_heads", 8),
                                   .head_dim = latent.size_or("cross_dim_head", 4096)};
  model.latents = std::make_shared<const LatentAttention>(source, shape);
  return model;
}

const Architecture kNvEmbed("nvembed", make_nv_embed);

}  // namespace
}  // namespace whitney::infer
