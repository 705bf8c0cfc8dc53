#include "whitney/core/parallel_crew.h"

#include <chrono>
#include <utility>

#include "whitney/core/error.h"

namespace whitney {
namespace {

using Clock = std::chrono::steady_clock;

// How long a member looks for a loop: longer than what a forward pass does between two of them.
constexpr auto kMostIdle = std::chrono::microseconds(60);
// How long the caller looks for the end of the members' last tasks before it sleeps: longer than a task of a
// product of some hundred rows.
constexpr auto kMostWaiting = std::chrono::microseconds(200);

uint64_t pack(int64_t first, int64_t end) {
  return static_cast<uint64_t>(first) << 32 | static_cast<uint64_t>(end);
}

// Calls `is_done` until it is true or the time is over, and gives its last answer.
template <class IsDone>
bool spin(Clock::duration most, const IsDone& is_done) {
  constexpr int kLooks = 32;  // at the flag for one at the clock
  std::optional<Clock::time_point> end;
  while (true) {
    for (int i = 0; i < kLooks; ++i) {
      if (is_done()) return true;
      __builtin_ia32_pause();
    }
    const Clock::time_point now = Clock::now();
    if (!end) end = now + most;
    if (now >= *end) return is_done();
  }
}

}  // namespace

Crew::Crew(int size) : shares_(static_cast<size_t>(size)) {}

void Crew::run(const Context& context, int64_t num_tasks, const Body& body) {
  WHITNEY_CHECK(num_tasks <= kMostTasks, num_tasks, " tasks");
  context_ = &context;
  body_ = &body;
  error_ = nullptr;
  has_failed_.store(false, std::memory_order_relaxed);
  remaining_.store(static_cast<int32_t>(num_tasks), std::memory_order_relaxed);
  // Whoever takes a task of a share sees all that was written before.
  for (int member = 0; member < size(); ++member) {
    shares_[static_cast<size_t>(member)].tasks.store(
        pack(num_tasks * member / size(), num_tasks * (member + 1) / size()), std::memory_order_release);
  }
  num_loops_.fetch_add(1, std::memory_order_release);
  take_part(0);
  await_members();
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

int Crew::call_absent() {
  const int32_t called = called_.load(std::memory_order_relaxed), wanted = size() - 1;
  if (called >= wanted) return 0;
  // Others only lower it.
  called_.fetch_add(wanted - called, std::memory_order_relaxed);
  return wanted - called;
}

void Crew::attend() {
  const int member = enter();
  while (is_open()) {
    const uint32_t seen = num_loops_.load(std::memory_order_acquire);
    take_part(member);
    const bool is_wanted =
        spin(kMostIdle, [&] { return num_loops_.load(std::memory_order_relaxed) != seen || !is_open(); });
    if (!is_wanted) break;
  }
  shares_[static_cast<size_t>(member)].has_member.store(false, std::memory_order_release);
  called_.fetch_sub(1, std::memory_order_release);
}

// No more are called than there are places.
int Crew::enter() {
  for (int member = 1;; member = member % (size() - 1) + 1) {
    if (!shares_[static_cast<size_t>(member)].has_member.exchange(true, std::memory_order_acquire))
      return member;
  }
}

void Crew::take_part(int member) {
  int32_t num_done = 0;
  // Until these are told the loop goes on, so that all are of the same one.
  for (; const std::optional<int64_t> task = take(member); ++num_done) run_task(member, *task);
  if (num_done == 0) return;
  if (remaining_.fetch_sub(num_done, std::memory_order_acq_rel) == num_done && member != 0)
    remaining_.notify_one();
}

// The next task of the member's own share, or of another's.
std::optional<int64_t> Crew::take(int member) {
  for (int i = 0; i < size(); ++i) {
    std::atomic<uint64_t>& tasks = shares_[static_cast<size_t>((member + i) % size())].tasks;
    uint64_t left = tasks.load(std::memory_order_relaxed);
    for (uint64_t first = left >> 32; first < (left & UINT32_MAX); first = left >> 32) {
      if (tasks.compare_exchange_weak(left, left + (uint64_t{1} << 32), std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return static_cast<int64_t>(first);
      }
    }
  }
  return std::nullopt;
}

// After an error, tasks are taken and left.
void Crew::run_task(int member, int64_t task) {
  if (has_failed_.load(std::memory_order_relaxed)) return;
  try {
    context_->check_cancelled();
    (*body_)(member, task);
  } catch (...) {
    const std::scoped_lock lock(error_mutex_);
    if (!error_) error_ = std::current_exception();
    has_failed_.store(true, std::memory_order_relaxed);
  }
}

void Crew::await_members() {
  if (spin(kMostWaiting, [&] { return remaining_.load(std::memory_order_acquire) == 0; })) return;
  for (int32_t left = remaining_.load(std::memory_order_acquire); left != 0;
       left = remaining_.load(std::memory_order_acquire)) {
    remaining_.wait(left, std::memory_order_acquire);
  }
}

}  // namespace whitney
