#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/value.h"

namespace whitney::codec {

/// A codec that may be tried.
struct CodecChoice {
  std::string_view method;
  /// As a user would give them.
  Value options;
  /// The same with the least effort of fitting: what is fitted so is as large.
  Value quick_options;
};

/// What is worth trying for `num_rows` vectors of `dim` dimensions where about `bytes` may hold their codes
/// and what codecs are fitted to: of each family its steps, and those of pq, opq, rvq, pca and matryoshka
/// that fill the bytes. Some may not fit. Codecs that change vectors for good are left out.
std::vector<CodecChoice> codec_choices(int64_t dim, int64_t num_rows, int64_t bytes);

}  // namespace whitney::codec
