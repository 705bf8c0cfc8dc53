#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"

namespace whitney::eval {

/// The ids that have both a vector and labels, in the order of the labels: where they stand in either.
struct LabelledRows {
  std::vector<int64_t> vector_rows, label_rows;

  int64_t size() const { return std::ssize(vector_rows); }
};

/// Finds the vectors of labelled ids. Labelled ids without a vector and vectors without labels are left out
/// and counted in notes; `noun` says what they are ("nodes"). Throws Error when nothing is left.
WHITNEY_API LabelledRows match_labels(const Embeddings& embeddings, const Labels& labels,
                                      std::string_view noun, const Context& context);

/// The codes of the labels of a row, ascending.
WHITNEY_API std::span<const uint32_t> labels_of(const Labels& labels, int64_t row);

/// Copies some rows of the vectors as float32.
WHITNEY_API Matrix vectors_of(const Embeddings& embeddings, std::span<const int64_t> rows);

/// One row of 0 and 1 for each label: which of some rows have it.
WHITNEY_API std::vector<uint8_t> targets_of(const Labels& labels, std::span<const int64_t> rows);

}  // namespace whitney::eval
