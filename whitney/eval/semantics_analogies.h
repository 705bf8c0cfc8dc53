#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney::eval {

/// A question a : b :: c : e by the rows of its words.
using AnalogyQuestion = std::array<int64_t, 4>;

struct AnalogyFigures {
  /// Share of questions whose e is the best of all words but a, b and c, by cos(w, b) - cos(w, a) + cos(w, c)
  /// and by cos'(w, b) cos'(w, c) / (cos'(w, a) + 0.001), cos' = (cos + 1) / 2. Equal values: the first word.
  double accuracy_add = 0, accuracy_mul = 0;
  /// Mean of |(x_b - x_a) - (x_e - x_c)|, and of the same where the four are drawn from the questions' words.
  double distance = 0, random_distance = 0;
};

/// words: n x d float32, rows of length 1. At least one question. O(questions n d).
WHITNEY_API AnalogyFigures answer_analogies(const MatrixView& words,
                                            std::span<const AnalogyQuestion> questions,
                                            const Context& context);

}  // namespace whitney::eval
