#pragma once

/// Marks what libwhitney.so shows to others; everything else stays hidden.
#if defined(__GNUC__)
#define WHITNEY_API __attribute__((visibility("default")))
#else
#define WHITNEY_API
#endif

namespace whitney {

/// The version of the program, as `whitney info` prints it and every record keeps it.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace whitney
