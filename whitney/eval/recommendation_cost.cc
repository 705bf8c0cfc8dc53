#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/input_size.h"
#include "whitney/eval/recommendation.h"

namespace whitney {
namespace {

int64_t bytes_of(const Artifact& model, const char* name) {
  const TensorView* tensor = model.find(name);
  return tensor == nullptr ? 0 : tensor->bytes.size();
}

/// A file of events is read into tables of ids and lists that double, and then put in order.
int64_t events_bytes(const DataSize& size) {
  constexpr int64_t kIdBytes = 100, kEventBytes = 32;
  return (size.num_rows + size.num_items) * kIdBytes + size.nnz * kEventBytes;
}

}  // namespace

CostEstimate estimate_recommendation(const std::string& model_path, const DataSize& test,
                                     const DataSize& seen, const RecommendationOptions& options,
                                     const Context& context) {
  const Artifact model = Artifact::open(model_path);
  if (!holds_recommender(model)) fail(model_path, " holds no recommender");
  const Value& told = model.record().at("recommender");
  const int64_t num_users = told.at("users").as_int(), num_items = told.at("items").as_int(),
                rows = num_users + num_items;
  int64_t mapped = 0;
  for (const TensorView& tensor : model.tensors()) mapped += tensor.bytes.size();
  // Vectors stand beside the file's with the rows of those whom the model does not know, and the items' once
  // more as they are multiplied; of weights only the offsets do.
  const int64_t vectors = bytes_of(model, "users.vectors") + 2 * bytes_of(model, "vectors");
  constexpr int64_t kRowBytes = 3 * 8 + 8;  // offsets, and hashes of ids for the checksum
  const int64_t depth = options.ks.empty() ? 1 : std::ranges::max(options.ks),
                num_asked = std::min(test.num_rows, num_users);
  constexpr int64_t kListBytes = 24 + 16, kFigures = 6 * 8 + 4;
  const int64_t lists = num_asked * (depth * 8 + kListBytes + kFigures),
                scores = context.num_threads() * std::max<int64_t>(num_items * 4, 300'000);
  return {kProgramBytes + mapped + (bytes_of(model, "users.vectors") > 0 ? vectors : 0) + rows * kRowBytes +
              events_bytes(test) + events_bytes(seen) + lists + scores,
          0};
}

}  // namespace whitney
