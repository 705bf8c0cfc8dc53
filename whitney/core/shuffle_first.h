#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "whitney/core/random.h"

namespace whitney {

/// Permutes in place until the first `count` values are drawn, without repetition and each as likely: the
/// beginning of a shuffle. count <= the number of values; O(count).
template <class T>
void shuffle_first(std::span<T> values, size_t count, RandomStream& random) {
  for (size_t i = 0; i < count; ++i) std::swap(values[i], values[i + random.below(values.size() - i)]);
}

}  // namespace whitney
