#pragma once

#include <string>
#include <vector>

#include "whitney/core/api.h"

namespace whitney {

/// Gives the SIMD level in use: "scalar", "sse4", "avx2", "avx3" or "avx3_dl". WHITNEY_SIMD forces one; a
/// level that the machine lacks is an Error that names those it has.
WHITNEY_API std::string simd_level();
/// Levels that this machine and this build have, lowest first.
WHITNEY_API std::vector<std::string> simd_levels();
/// Forces a level in this process; an empty name goes back to the best (or WHITNEY_SIMD's). Throws Error as
/// simd_level. Not for use while kernels run on other threads.
WHITNEY_API void set_simd_level(const std::string& level);
/// Throws the Error of simd_level when WHITNEY_SIMD names a level that cannot be used; else costs one
/// comparison. The doors of bulk work call it, so that a misspelt level never runs silently as another.
WHITNEY_API void check_simd_level();

}  // namespace whitney
