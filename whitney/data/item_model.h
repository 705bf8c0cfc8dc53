#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"
#include "whitney/data/embeddings.h"

namespace whitney {

/// A trained model of items: the vectors of those it has learned from, and the weights that make vectors of
/// others too. What settings and weights mean is the affair of the form (infer/pinsage_model.h).
struct WHITNEY_API ItemModel {
  struct Weights {
    std::string name;
    /// float32; a bias is one row.
    Matrix values;
  };

  /// Ids, vectors (float32), attributes, and the record of the model.
  Embeddings items;
  /// "pinsage".
  std::string form;
  /// An object: what the form needs besides weights.
  Value settings = Value::object();
  std::vector<Weights> weights = {};

  /// Throws Error when there are none of this name, or of another shape.
  const Matrix& weights_of(std::string_view name, int64_t rows, int64_t cols) const;
};

/// Writes a file of kind `model`, with the items' vectors as its `vectors`: read as embeddings or as a table
/// it is the items. Besides: a tensor weights.NAME for each of the weights. Throws Error where a weight is
/// not finite.
WHITNEY_API void save_item_model(const ItemModel& model, const std::string& path, bool force,
                                 const Context& context);

/// Whether a file of kind `model` holds a model of items.
WHITNEY_API bool holds_item_model(const Artifact& artifact);

/// Reads it back, mapped, and looks at every weight once. Throws Error that names the file and what is wrong.
WHITNEY_API ItemModel load_item_model(const Artifact& artifact);
WHITNEY_API ItemModel load_item_model(const std::string& path);

}  // namespace whitney
