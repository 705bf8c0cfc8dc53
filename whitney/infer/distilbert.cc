// DistilBERT (Sanh et al. 2019, arXiv 1910.01108): BERT with fewer layers, no token types and other names.

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make_distilbert(const ModelSource& source) {
  const ModelConfig& config = source.config;
  Transformer model;
  model.width = config.size("dim");
  model.num_heads = model.num_kv_heads = config.size("n_heads");
  if (model.width % model.num_heads != 0) {
    config.fail_field("n_heads", concat("a divisor of the width ", model.width));
  }
  model.head_dim = model.width / model.num_heads;
  model.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(model.head_dim)));
  model.layers.resize(static_cast<size_t>(config.size("n_layers", 1, 4096)));
  model.max_tokens = config.size("max_position_embeddings");
  constexpr double kEpsilon = 1e-12;
  read_bert_embeddings(source, model.max_tokens, kEpsilon, model);
  constexpr BertLayerNames kNames{.query = "attention.q_lin",
                                  .key = "attention.k_lin",
                                  .value = "attention.v_lin",
                                  .attention_out = "attention.out_lin",
                                  .attention_norm = "sa_layer_norm",
                                  .up = "ffn.lin1",
                                  .down = "ffn.lin2",
                                  .feed_norm = "output_layer_norm"};
  read_bert_layers(source, "transformer.layer.", kNames, config.size("hidden_dim"),
                   read_activation(config, "activation", "gelu"), kEpsilon, model);
  return model;
}

const Architecture kRegistered("distilbert", make_distilbert);

}  // namespace
}  // namespace whitney::infer
