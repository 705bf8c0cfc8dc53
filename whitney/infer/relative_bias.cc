#include "whitney/infer/relative_bias.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>

namespace whitney::infer {

int64_t RelativeBias::bucket(int64_t distance) const {
  const int64_t num_buckets = table.rows() / 2;  // of each direction
  const int64_t first = distance > 0 ? num_buckets : 0;
  const int64_t steps = std::abs(distance), num_exact = num_buckets / 2;
  if (steps < num_exact) return first + steps;
  // In float32, as the reference computes it: borders of buckets are powers of a root and round either way.
  const float exact = static_cast<float>(num_exact);
  const float octaves = std::log(static_cast<float>(steps) / exact) /
                        static_cast<float>(std::log(static_cast<double>(max_distance) / num_exact));
  const auto further = static_cast<int64_t>(octaves * static_cast<float>(num_buckets - num_exact));
  return first + std::min(num_exact + further, num_buckets - 1);
}

void RelativeBias::expand(int64_t length, float* out) const {
  const int64_t width = 2 * length - 1;
  for (int64_t at = 0; at < width; ++at) {
    const std::span<const float> row = table.row<float>(bucket(at - (length - 1)));
    for (int64_t head = 0; head < num_heads(); ++head)
      out[head * width + at] = row[static_cast<size_t>(head)];
  }
}

}  // namespace whitney::infer
