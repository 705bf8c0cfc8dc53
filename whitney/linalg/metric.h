#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney {

/// How two vectors are compared. Cosine and inner product give scores, higher first; l2 gives distances,
/// lower first.
enum class Metric : uint8_t { kCosine, kInnerProduct, kL2 };

inline constexpr auto enum_names(Metric) {
  return std::array<std::string_view, 3>{"cosine", "inner_product", "l2"};
}

/// True when a higher value is a better one.
constexpr bool higher_is_better(Metric metric) { return metric != Metric::kL2; }

}  // namespace whitney
