#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace whitney::codec {

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

}  // namespace whitney::codec
