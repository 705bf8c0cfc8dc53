#pragma once

#include <cstdint>

#include "whitney/infer/model_parts.h"

namespace whitney::infer {

/// Makes an encoder of BERT's plan. first_position: the row of the first token in the table of positions.
Transformer make_bert_kin(const ModelSource& source, int64_t first_position);

}  // namespace whitney::infer
