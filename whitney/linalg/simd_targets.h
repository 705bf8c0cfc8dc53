#pragma once

// Chooses the levels that kernels are compiled for: scalar, sse4, avx2, avx3, avx3_dl. Every kernel source
// includes this before anything of Highway, so that all of them dispatch over the same list. SSSE3 is left
// out: no processor sold in the last fifteen years stops there, and each level costs compile time.
//
// WHITNEY_FEW_SIMD_LEVELS (under AddressSanitizer) takes one level of each kind: no vectors, those of AVX2,
// and the widest with its masks and VNNI. The other two share nearly all of their lines with these; all five
// are tested without sanitizers. WHITNEY_TWO_SIMD_LEVELS (under ThreadSanitizer, where the width of a vector
// makes no difference) leaves the widest out, too.
#define HWY_WANT_AVX3_DL
#if defined(WHITNEY_TWO_SIMD_LEVELS)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_DL)
#elif defined(WHITNEY_FEW_SIMD_LEVELS)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3)
#else
#define HWY_DISABLED_TARGETS HWY_SSSE3
#endif
// Without vectors means one lane by every compiler, as g++ 12 has it.
#define HWY_BROKEN_EMU128 1
