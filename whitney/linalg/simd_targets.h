#pragma once

// Chooses the levels that kernels are compiled for: scalar, sse4, avx2, avx3, avx3_dl. Every kernel source
// includes this before anything of Highway, so that all of them dispatch over the same list. SSSE3 is left
// out: no processor sold in the last fifteen years stops there, and each level costs compile time.
#define HWY_WANT_AVX3_DL
#define HWY_DISABLED_TARGETS HWY_SSSE3
