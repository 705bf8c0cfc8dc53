#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"

namespace whitney::codec {

class Rows;

/// Bits of a value, on one level or two.
enum class LvqBits : uint8_t { k4, k8, k4x4, k4x8, k8x4, k8x8 };

inline constexpr auto enum_names(LvqBits) {
  return std::array<std::string_view, 6>{"4", "8", "4x4", "4x8", "8x4", "8x8"};
}

/// Options of locally-adaptive vector quantisation (Aguerrebere et al. 2023, arXiv 2304.04759).
struct LvqOptions {
  LvqBits bits = LvqBits::k8;
  std::optional<bool> remove_mean;
  void fields(auto&& field) {
    field(
        "bits", bits,
        "Bits of a value, B1 or B1xB2 in the paper: the second level is read only for the best of the first");
    field("remove_mean", remove_mean,
          "Subtract the mean of the data first; absent: when that lowers the error of a sample (it does for "
          "most embeddings, and not for pixels)");
  }
};

/// Bits of a value on the two levels; 0: there is no second.
struct LvqLevels {
  int first, second;
};
LvqLevels lvq_levels(LvqBits bits);

/// What codes hold of a vector x: (x - mean) / scale.
struct LvqSpace {
  /// Zeros where the mean stays.
  std::vector<float> mean;
  /// A power of 2, for which the values lie around 1: float16 holds those best.
  float scale = 1;
};

/// Fits it to some rows. Where the options leave that open, the mean stays when a sample loses less so.
LvqSpace fit_lvq(const Rows& rows, const LvqOptions& options, const Context& context);

/// The grid of a vector, value = offset + step * code: float16 numbers.
struct LvqGrid {
  float offset, step;
  bool is_finite() const;
};
/// Bytes of the grid, which a code begins with; its values follow (pack_codes).
inline constexpr int64_t kLvqHead = 4;
LvqGrid read_lvq_grid(const uint8_t* code);

/// Writes code and, where it is not null, second level of the values (x - mean) / scale; returns the grid. A
/// grid that is not finite (float16 cannot hold the values) comes without codes. A value v of the second
/// level stands for (v - half) step / (2 half), half = 2^(B2 - 1).
LvqGrid encode_lvq(std::span<const float> values, LvqLevels levels, uint8_t* code, uint8_t* fine);

}  // namespace whitney::codec
