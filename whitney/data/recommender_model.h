#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"
#include "whitney/data/attributes.h"
#include "whitney/data/interactions.h"

namespace whitney {

/// Items are ordered by how many users of the history have them, for all users alike.
struct Popularity {};

/// A sparse square matrix W by rows, items of a row ascending: what an item says for others. The score of
/// item j for a user is the sum of W_ij over the user's items i.
struct ItemWeights {
  /// One more than items: where each row begins.
  Array<int64_t> offsets;
  Array<uint32_t> items;
  Array<float> weights;
  int64_t num_items() const { return offsets.size() - 1; }
};

/// A vector for each user and each item, float32 (users x d, items x d); the score is their inner product.
struct Factors {
  Matrix users, items;
};

/// A trained recommender: what it scores items by, and the events it learnt from. It runs without whatever
/// trained it.
struct WHITNEY_API RecommenderModel {
  /// Users, items, and which items a user has had: what is left out of recommendations, and what item weights
  /// sum over. Values and times are not kept.
  Interactions history;
  std::variant<Popularity, ItemWeights, Factors> scores;
  /// Of the items.
  Attributes attributes = {};
  /// Provenance, as of Embeddings.
  Value record = Value::object();

  /// Throws Error where vectors, weights or attributes are not of as many users and items, a row or item lies
  /// beyond them, or a value is not finite; the sentence names which.
  void validate() const;
};

/// What a model keeps of the events it learns from: no values and times.
WHITNEY_API Interactions history_of(const Interactions& events);

/// Writes a model (kind `model`). The items' ids and attributes are those of the file, their vectors its
/// `vectors`: read as embeddings or as a table it is the items. Besides: users.ids.*, users.vectors,
/// weights.offsets, weights.items, weights.values, seen.offsets, seen.items.
WHITNEY_API void save_recommender(const RecommenderModel& model, const std::string& path, bool force,
                                  const Context& context);

/// Whether a file of kind `model` holds a recommender.
WHITNEY_API bool holds_recommender(const Artifact& artifact);

/// Reads it back, mapped, and looks at every offset and row once, so that no walk leaves the file. Throws
/// Error that names the file and what is wrong.
WHITNEY_API RecommenderModel load_recommender(const Artifact& artifact);
WHITNEY_API RecommenderModel load_recommender(const std::string& path);

/// xxh3-128 over users, items, history and scores.
WHITNEY_API std::string fingerprint(const RecommenderModel& model);

}  // namespace whitney
