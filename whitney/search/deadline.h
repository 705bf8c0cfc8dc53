#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
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

/// A deadline as the loops of one thread ask it: now and then, and once it was past it stays so.
class DeadlineWatch {
 public:
  DeadlineWatch() = default;
  explicit DeadlineWatch(const Deadline& deadline) : deadline_(deadline) {}

  /// Looks at the clock at the first question, and from then on at one in `kEvery`. Loops ask by steps that
  /// take a microsecond or so together: without a deadline a question is a branch.
  template <uint32_t kEvery = 1>
  bool is_over() {
    if (deadline_.at && num_asked_++ % kEvery == 0) was_over_ = was_over_ || deadline_.is_past();
    return was_over_;
  }
  /// Whether a look found it past: the loops ended early.
  bool was_over() const { return was_over_; }

 private:
  Deadline deadline_;
  uint32_t num_asked_ = 0;
  bool was_over_ = false;
};

/// The same for the loops of several threads: once one of them found it past, all are told so. A question
/// looks at the clock.
class SharedDeadlineWatch {
 public:
  explicit SharedDeadlineWatch(const Deadline& deadline) : deadline_(deadline) {}

  bool is_over() {
    if (!was_over() && deadline_.is_past()) was_over_.store(true, std::memory_order_relaxed);
    return was_over();
  }
  bool was_over() const { return was_over_.load(std::memory_order_relaxed); }

 private:
  Deadline deadline_;
  std::atomic<bool> was_over_ = false;
};

}  // namespace whitney
