// AVX3_DL promises VNNI, but Highway 1.0.3 does not name it to the compiler. A unit that takes VNNI's
// instructions includes this at every level (so there is no guard), behind Highway's headers and before
// HWY_BEFORE_NAMESPACE.
#if HWY_TARGET == HWY_AVX3_DL
#undef HWY_TARGET_STR
#define HWY_TARGET_STR \
  HWY_TARGET_STR_AVX3  \
  ",vpclmulqdq,avx512vbmi,avx512vbmi2,vaes,avxvnni,avx512bitalg,avx512vpopcntdq,avx512vnni"
#endif
