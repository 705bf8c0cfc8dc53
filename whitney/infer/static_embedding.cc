#include "whitney/infer/static_embedding.h"

#include <algorithm>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::infer {

StaticEmbedding::StaticEmbedding(const Weights& weights) {
  constexpr const char* kName = "embedding.weight";
  const WeightTensor* table = weights.find(kName);
  if (table == nullptr || table->shape.size() != 2) {
    fail(weights.path(), ": a static model needs a matrix \"", kName, "\"");
  }
  table_ = *table;
}

void StaticEmbedding::encode(std::span<const int32_t> ids, float* out) const {
  std::fill_n(out, dim(), 0.0f);
  std::vector<float> row(static_cast<size_t>(dim()));
  for (const int32_t id : ids) {
    if (id < 0 || id >= vocabulary_size()) {
      fail("token id ", id, " is not in the model's vocabulary of ", vocabulary_size(),
           "; do tokenizer and weights belong together?");
    }
    table_.copy_rows(id, id + 1, row.data());
    for (size_t c = 0; c < row.size(); ++c) out[c] += row[c];
  }
  if (ids.empty()) return;
  for (int64_t c = 0; c < dim(); ++c) out[c] /= static_cast<float>(ids.size());
}

}  // namespace whitney::infer
