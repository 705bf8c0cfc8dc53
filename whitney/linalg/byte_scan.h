#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/linalg/fast_scan.h"

namespace whitney {

/// As fast_scan_ranges for codes of 8 bits a part, which choose from tables of 256 (quantize_tables of that
/// size). A block holds part p of its 32 codes in the bytes from 32 p on, lane by lane. The sums behind the
/// ranges are exact.
WHITNEY_API void byte_scan_ranges(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                                  const FastScanTables& tables, float margin, float* least, float* greatest);

}  // namespace whitney
