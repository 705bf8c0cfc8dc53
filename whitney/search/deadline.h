#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace whitney {

/// When a search has to stop; absent: never. Loops ask now and then: a look at the clock takes some 25 ns.
struct Deadline {
  std::optional<std::chrono::steady_clock::time_point> at;

  /// At most a year from now.
  static Deadline after(double milliseconds) {
    using Clock = std::chrono::steady_clock;
    const std::chrono::duration<double, std::milli> time(std::clamp(milliseconds, 0.0, 3.2e10));
    return {Clock::now() + std::chrono::duration_cast<Clock::duration>(time)};
  }
  bool is_past() const { return at && std::chrono::steady_clock::now() >= *at; }
};

}  // namespace whitney
