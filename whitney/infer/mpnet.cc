// MPNet (Song et al. 2020, arXiv 2004.09297): BERT with a relative position bias that all layers share.

#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make_mpnet(const ModelSource& source) {
  const ModelConfig& config = source.config;
  Transformer model = read_sizes(config);
  const int64_t positions = config.size("max_position_embeddings");
  const double epsilon = config.real("layer_norm_eps", 1e-12);
  read_bert_embeddings(source, positions, epsilon, model);
  const int64_t padding = config.size_or("pad_token_id", 1, 0);
  model.embeddings.padding = padding;
  model.embeddings.first_position = padding + 1;  // as in RoBERTa
  model.max_tokens = positions - model.embeddings.first_position;
  model.relative_bias =
      read_relative_bias(source, "encoder.relative_attention_bias.weight", model.num_heads, 128);
  constexpr BertLayerNames kNames{.query = "attention.attn.q",
                                  .key = "attention.attn.k",
                                  .value = "attention.attn.v",
                                  .attention_out = "attention.attn.o",
                                  .attention_norm = "attention.LayerNorm",
                                  .up = "intermediate.dense",
                                  .down = "output.dense",
                                  .feed_norm = "output.LayerNorm"};
  read_bert_layers(source, "encoder.layer.", kNames, config.size("intermediate_size"),
                   read_activation(config, "hidden_act", "gelu"), epsilon, model);
  return model;
}

const Architecture kRegistered("mpnet", make_mpnet);

}  // namespace
}  // namespace whitney::infer
