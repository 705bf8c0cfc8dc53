#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace whitney::search {

/// best[j] = max(best[j], values[i * width + j]) over rows i < num_rows.
void max_of_rows(const float* values, size_t num_rows, std::span<float> best);
/// The same over some rows, which the caller has checked.
void max_of_listed_rows(const float* values, std::span<const uint32_t> rows, std::span<float> best);

}  // namespace whitney::search
