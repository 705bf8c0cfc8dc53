#include "whitney/core/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>

#if defined(WHITNEY_STD_THREADS)
#include <thread>
#else
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

namespace whitney {
namespace {

using Body = std::function<void(int, int64_t)>;

// Loops inside a loop run on the thread that asks: work is cut once, at the outermost level.
thread_local bool inside_loop = false;

struct InsideLoop {
  bool before = inside_loop;
  InsideLoop() { inside_loop = true; }
  ~InsideLoop() { inside_loop = before; }
  InsideLoop(const InsideLoop&) = delete;
  InsideLoop& operator=(const InsideLoop&) = delete;
};

// The worker threads of a pool do not survive a fork, so that a child must not wait for them.
std::atomic<bool> forked{false};
std::atomic<int> num_forks{0};  // between the first process and this one

void watch_forks() {
  static std::once_flag once;
  std::call_once(once, [] {
    pthread_atfork(nullptr, nullptr, [] {
      forked = true;
      ++num_forks;
    });
  });
}

void run_serially(const Context& context, int64_t num_tasks, const Body& body) {
  const InsideLoop guard;
  for (int64_t task = 0; task < num_tasks; ++task) {
    context.check_cancelled();
    body(0, task);
  }
}

#if defined(WHITNEY_STD_THREADS)

void run_in_parallel(const Context& context, int64_t num_tasks, const Body& body) {
  const int num_threads = static_cast<int>(std::min<int64_t>(context.num_threads(), num_tasks));
  std::atomic<int64_t> next{0};
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto work = [&](int worker) {
    const InsideLoop guard;
    try {
      for (int64_t task = next++; task < num_tasks; task = next++) {
        context.check_cancelled();
        body(worker, task);
      }
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
      next = num_tasks;
    }
  };
  std::vector<std::thread> threads;
  for (int worker = 1; worker < num_threads; ++worker) threads.emplace_back(work, worker);
  work(0);
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

#else

// The calling thread's arena, kept from loop to loop: workers that still look for work there join the next
// loop at once, where a new arena would have to wake them (some 60 us, as long as a small product takes).
class OwnArena {
 public:
  OwnArena() = default;
  ~OwnArena() { forget_if_forked(); }
  OwnArena(const OwnArena&) = delete;
  OwnArena& operator=(const OwnArena&) = delete;

  tbb::task_arena& of(int num_threads) {
    forget_if_forked();
    if (arena_ == nullptr || arena_->max_concurrency() != num_threads) {
      arena_ = std::make_unique<tbb::task_arena>(num_threads);
      made_after_ = num_forks;
    }
    return *arena_;
  }

 private:
  // An arena made before a fork has its workers in the other process.
  void forget_if_forked() {
    if (arena_ == nullptr || made_after_ == num_forks) return;
    [[maybe_unused]] const tbb::task_arena* lost = arena_.release();
  }

  std::unique_ptr<tbb::task_arena> arena_;
  int made_after_ = 0;
};

void run_in_parallel(const Context& context, int64_t num_tasks, const Body& body) {
  const int num_threads = context.num_threads();
  // oneTBB starts no more workers than the machine has processors unless it is told so.
  std::optional<tbb::global_control> more;
  const auto allowed = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  if (static_cast<size_t>(num_threads) > allowed) {
    more.emplace(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(num_threads));
  }
  thread_local OwnArena own;
  own.of(num_threads).execute([&] {
    tbb::parallel_for(int64_t{0}, num_tasks, [&](int64_t task) {
      const InsideLoop guard;
      context.check_cancelled();
      body(tbb::this_task_arena::current_thread_index(), task);
    });
  });
}

#endif

}  // namespace

void parallel_for_workers(const Context& context, int64_t num_tasks, const Body& body) {
  if (num_tasks <= 0) return;
  watch_forks();
  const bool is_alone = context.num_threads() == 1 || num_tasks == 1;
  if (is_alone || inside_loop || forked) return run_serially(context, num_tasks, body);
  run_in_parallel(context, num_tasks, body);
}

void parallel_for(const Context& context, int64_t num_tasks, const std::function<void(int64_t task)>& body) {
  parallel_for_workers(context, num_tasks, [&](int, int64_t task) { body(task); });
}

void allow_threads_after_fork() { forked = false; }

}  // namespace whitney
