// RoBERTa (Liu et al. 2019, arXiv 1907.11692), XLM-RoBERTa (1911.02116) and CamemBERT (1911.03894): BERT but
// for the numbering of positions, and the words that they were trained with.

#include "whitney/infer/bert.h"

namespace whitney::infer {
namespace {

// Positions are counted from the padding token's id on, which has a row of its own.
Transformer make_roberta(const ModelSource& source) {
  const int64_t padding = source.config.size_or("pad_token_id", 1, 0);
  Transformer model = make_bert_kin(source, padding + 1);
  model.embeddings.padding = padding;
  return model;
}

const Architecture kRoberta("roberta", make_roberta);
const Architecture kXlmRoberta("xlm-roberta", make_roberta);
const Architecture kCamembert("camembert", make_roberta);

}  // namespace
}  // namespace whitney::infer
