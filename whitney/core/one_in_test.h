#pragma once

#include <cstdint>
#include <cstdlib>

namespace whitney {

/// Where a test takes a great many like cases, it takes one in so many of them: all, or what WHITNEY_ONE_IN
/// says. Under sanitizers, where code runs several times as long, the build sets it.
inline uint32_t one_in() {
  static const uint32_t many = [] {
    const char* set = std::getenv("WHITNEY_ONE_IN");
    const int value = set == nullptr ? 1 : std::atoi(set);
    return static_cast<uint32_t>(value > 0 ? value : 1);
  }();
  return many;
}

/// A size of data that shows the same when it is smaller: all, or a quarter where one_in() is more than one.
inline int64_t fewer(int64_t count) { return one_in() > 1 ? count / 4 : count; }

}  // namespace whitney
