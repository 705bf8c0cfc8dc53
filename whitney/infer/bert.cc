// BERT (Devlin et al. 2018, arXiv 1810.04805). MiniLM, BGE, E5 and GTE are BERT.

#include "whitney/infer/bert.h"

#include <algorithm>

namespace whitney::infer {

Transformer make_bert_kin(const ModelSource& source, int64_t first_position) {
  const ModelConfig& config = source.config;
  if (config.text("position_embedding_type", "absolute") != "absolute") {
    config.fail_field("position_embedding_type", "\"absolute\", the only kind of positions that is run");
  }
  Transformer model = read_sizes(config);
  const int64_t positions = config.size("max_position_embeddings");
  const double epsilon = config.real("layer_norm_eps", 1e-12);
  read_bert_embeddings(source, positions, epsilon, model);
  TokenEmbeddings& embeddings = model.embeddings;
  embeddings.first_position = first_position;
  embeddings.type = Array<float>(model.width);
  read_table(source, "embeddings.token_type_embeddings.weight", config.size_or("type_vocab_size", 2),
             model.width)
      .copy_rows(0, 1, embeddings.type.mutable_data());
  model.max_tokens = std::max<int64_t>(positions - first_position, 0);
  constexpr BertLayerNames kNames{.query = "attention.self.query",
                                  .key = "attention.self.key",
                                  .value = "attention.self.value",
                                  .attention_out = "attention.output.dense",
                                  .attention_norm = "attention.output.LayerNorm",
                                  .up = "intermediate.dense",
                                  .down = "output.dense",
                                  .feed_norm = "output.LayerNorm"};
  read_bert_layers(source, "encoder.layer.", kNames, config.size("intermediate_size"),
                   read_activation(config, "hidden_act", "gelu"), epsilon, model);
  if (is_causal(config, false) || config.flag("is_decoder", false)) {
    for (TransformerLayer& layer : model.layers) layer.reach_after = 0;
  }
  return model;
}

namespace {

const Architecture kBert("bert", [](const ModelSource& source) { return make_bert_kin(source, 0); });

}  // namespace
}  // namespace whitney::infer
