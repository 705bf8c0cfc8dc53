#pragma once

#include <cstdint>

#include "whitney/core/matrix.h"
#include "whitney/core/random.h"

namespace whitney::search {

inline Matrix normal_rows(int64_t n, int64_t dim, uint64_t item) {
  RandomStream random(42, "lsh test", item);
  Matrix rows(n, dim);
  auto* out = rows.mutable_data<float>();
  for (int64_t i = 0; i < n * dim; ++i) out[i] = static_cast<float>(random.normal());
  return rows;
}

}  // namespace whitney::search
