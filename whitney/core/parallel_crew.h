#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"

namespace whitney {

/// Threads that stay awake between the loops of one caller, and share out each loop in less than a
/// microsecond. Each has a run of tasks of its own, and takes of the others' when it is done: a member that
/// is late or absent costs nothing. It starts no threads: whoever has some sends them to attend().
class WHITNEY_API Crew {
 public:
  using Body = std::function<void(int member, int64_t task)>;
  static constexpr int64_t kMostTasks = INT32_MAX;

  /// Of `size` threads, the caller among them.
  explicit Crew(int size);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  int size() const { return static_cast<int>(shares_.size()); }

  /// Runs a loop of at most kMostTasks tasks as parallel_for_workers does, with whoever is there; the caller
  /// is member 0. One loop at a time.
  void run(const Context& context, int64_t num_tasks, const Body& body);

  /// Lets members stay from now on, and sends them away as soon as they see it. Between loops.
  void open() { is_open_.store(true, std::memory_order_relaxed); }
  void close() { is_open_.store(false, std::memory_order_relaxed); }
  bool is_open() const { return is_open_.load(std::memory_order_relaxed); }

  /// Gives the number of members that are wanted and not yet called; each must be followed by a call of
  /// attend(), at any time.
  int call_absent();

  /// Takes part in the caller's loops as one of its members, until there was none for some tens of
  /// microseconds or the crew is closed.
  void attend();

 private:
  // The tasks of a loop that a member is to take, and whether there is such a member. Each in a cache line.
  struct alignas(64) Share {
    std::atomic<uint64_t> tasks{0};  // not taken yet: first << 32 | end
    std::atomic<bool> has_member{false};
  };

  int enter();
  void take_part(int member);
  std::optional<int64_t> take(int member);
  void run_task(int member, int64_t task);
  void await_members();

  std::vector<Share> shares_;
  // What a loop does; written between loops.
  const Context* context_ = nullptr;
  const Body* body_ = nullptr;
  std::exception_ptr error_;
  std::mutex error_mutex_;
  std::atomic<bool> has_failed_{false};
  std::atomic<int32_t> called_{0};
  alignas(64) std::atomic<int32_t> remaining_{0};   // tasks that are not done
  alignas(64) std::atomic<uint32_t> num_loops_{0};  // so far: members watch it
  std::atomic<bool> is_open_{false};
};

}  // namespace whitney
