#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney {

/// Hears how long work goes on. Front ends draw it; calls may come from any thread, one at a time.
class WHITNEY_API Progress {
 public:
  virtual ~Progress() = default;
  /// `done` of `total` units ("walks", "rows") of `stage` are finished; `total` 0 when it is not known.
  virtual void advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) = 0;
  /// Says one sentence that the user should know (what was counted, left out, adapted).
  virtual void note(std::string_view sentence) = 0;
};

/// A flag that asks running work to stop at its next block border. `request` may be called in a signal
/// handler.
class WHITNEY_API CancellationToken {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  void reset() noexcept { requested_.store(false, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> requested_{false};
};

/// What every long call is given: threads, seed, progress, cancellation and the memory it may use. Never
/// global.
struct WHITNEY_API Context {
  /// Threads to use; 0 = what affinity and the container's quota allow.
  int threads = 0;
  uint64_t seed = 42;
  /// Both may be null; they must outlive the call.
  Progress* progress = nullptr;
  const CancellationToken* cancellation = nullptr;
  /// The most memory a run may plan to use; absent = what the container allows.
  std::optional<int64_t> max_memory_bytes;

  /// The threads in effect, at least 1.
  int num_threads() const;
  /// The bytes in effect.
  int64_t memory_limit_bytes() const;
  /// Throws Cancelled when a stop was requested.
  void check_cancelled() const;
  /// Reports if somebody listens.
  void advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) const;
  void note(std::string_view sentence) const;
};

/// Gives the processors that affinity and the cgroup's quota (v1 or v2) allow this process, at least 1.
WHITNEY_API int allowed_cpus();
/// Gives the bytes that the machine and the cgroup (v1 or v2) allow this process.
WHITNEY_API int64_t allowed_memory_bytes();

}  // namespace whitney
