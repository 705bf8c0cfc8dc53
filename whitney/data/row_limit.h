#pragma once

#include <cstdint>
#include <string_view>

#include "whitney/core/error.h"

namespace whitney::data {

/// Rows are numbered by 32 bits; the last number stands for "none".
inline constexpr int64_t kMostRows = 4294967295;
inline constexpr uint32_t kNoRow = 4294967295U;

/// Throws Error, its sentence beginning with `where`, when there are more rows than 32 bits can number. Tests
/// lower `most`.
inline void check_num_rows(int64_t num_rows, std::string_view where, std::string_view what,
                           int64_t most = kMostRows) {
  if (num_rows < 0 || num_rows > most) {
    fail(where, ": ", num_rows, " ", what, " are more than the ", most, " that Whitney can number");
  }
}

}  // namespace whitney::data
