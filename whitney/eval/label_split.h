#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"

namespace whitney::eval {

/// What a row of labels is used for.
enum class SplitPart : uint8_t { kNone, kTrain, kTest };

/// Draws the parts of some rows: the first floor(train_ratio n) of a shuffle by the seed are trained on, the
/// others tested.
WHITNEY_API std::vector<SplitPart> random_split(int64_t num_rows, double train_ratio, const Context& context);

/// Gives each row of `labels` the part that `parts` names for its id: train or test; ids of other parts or
/// none are left out and counted in a note. Throws Error when an id has several, or no part is called train
/// or none test.
WHITNEY_API std::vector<SplitPart> split_by_labels(const Labels& labels, const Labels& parts,
                                                   const Context& context);

/// The same by a string attribute of the embeddings. Throws Error also when there is no such attribute.
WHITNEY_API std::vector<SplitPart> split_by_attribute(const Labels& labels, const Embeddings& embeddings,
                                                      const std::string& field, const Context& context);

/// Labels of which some are trained on and the others tested.
struct SplitLabels {
  Labels labels;
  std::vector<SplitPart> parts;
};

/// Puts the rows of `test` behind those of `train`, with one list of names. Throws Error when an id stands in
/// both.
WHITNEY_API SplitLabels join_labels(const Labels& train, const Labels& test);

}  // namespace whitney::eval
