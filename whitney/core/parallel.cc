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

#include "whitney/core/parallel_crew.h"

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

// At most one caller keeps workers awake: two would take processors from each other.
std::atomic<bool> some_are_awake{false};

// The worker threads of a pool do not survive a fork, so that a child must not wait for them.
std::atomic<bool> forked{false};
std::atomic<int> num_forks{0};  // between the first process and this one

void watch_forks() {
  static std::once_flag once;
  std::call_once(once, [] {
    pthread_atfork(nullptr, nullptr, [] {
      forked = true;
      ++num_forks;
      some_are_awake = false;
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

// Starts threads for each loop, and for a crew when it is called.
class Arena {
 public:
  ~Arena() { join(); }

  void run(const Context& context, int64_t num_tasks, const Body& body) {
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

  void send_to(const std::shared_ptr<Crew>& crew) {
    members_.emplace_back([crew] {
      const InsideLoop guard;
      crew->attend();
    });
  }

  void join() {
    for (std::thread& member : members_) member.join();
    members_.clear();
  }

  void forget() {}  // a process that starts threads so does not fork

 private:
  std::vector<std::thread> members_;
};

#else

// Kept from loop to loop: workers that still look for work there join the next loop soon, where a new arena
// would have to wake them (some 60 us, as long as a small product takes).
class Arena {
 public:
  void run(const Context& context, int64_t num_tasks, const Body& body) {
    const int num_threads = context.num_threads();
    // oneTBB starts no more workers than the machine has processors unless it is told so.
    std::optional<tbb::global_control> more;
    const auto allowed = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
    if (static_cast<size_t>(num_threads) > allowed) {
      more.emplace(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(num_threads));
    }
    of(num_threads).execute([&] {
      tbb::parallel_for(int64_t{0}, num_tasks, [&](int64_t task) {
        const InsideLoop guard;
        context.check_cancelled();
        body(tbb::this_task_arena::current_thread_index(), task);
      });
    });
  }

  void send_to(const std::shared_ptr<Crew>& crew) {
    of(crew->size()).enqueue([crew] {
      const InsideLoop guard;
      crew->attend();
    });
  }

  void join() {}  // members come and leave by themselves

  void forget() { [[maybe_unused]] const tbb::task_arena* lost = arena_.release(); }

 private:
  tbb::task_arena& of(int num_threads) {
    if (arena_ == nullptr || arena_->max_concurrency() != num_threads)
      arena_ = std::make_unique<tbb::task_arena>(num_threads);
    return *arena_;
  }

  std::unique_ptr<tbb::task_arena> arena_;
};

#endif

// The calling thread's: an arena, and a crew of its workers that stay awake when asked to.
class OwnWorkers {
 public:
  OwnWorkers() = default;
  ~OwnWorkers() {
    forget_if_forked();
    if (crew_ != nullptr) crew_->close();
  }
  OwnWorkers(const OwnWorkers&) = delete;
  OwnWorkers& operator=(const OwnWorkers&) = delete;

  void run(const Context& context, int64_t num_tasks, const Body& body) {
    forget_if_forked();
    if (are_awake_ && crew_->size() == context.num_threads() && num_tasks <= Crew::kMostTasks) {
      call_crew();
      const InsideLoop guard;
      return crew_->run(context, num_tasks, body);
    }
    if (crew_ != nullptr) crew_->close();  // the arena needs its workers
    arena_.run(context, num_tasks, body);
  }

  void wake(int num_threads) {
    forget_if_forked();
    if (crew_ == nullptr || crew_->size() != num_threads) {
      if (crew_ != nullptr) crew_->close();
      crew_ = std::make_shared<Crew>(num_threads);
    }
    are_awake_ = true;
    call_crew();
  }

  // Members look for the next loop for a while yet.
  void let_sleep() {
    are_awake_ = false;
    arena_.join();
  }

 private:
  void call_crew() {
    if (!crew_->is_open()) crew_->open();
    for (int count = crew_->call_absent(); count > 0; --count) arena_.send_to(crew_);
  }

  // What was made before a fork has its workers in the other process.
  void forget_if_forked() {
    if (made_after_ == num_forks) return;
    arena_.forget();
    crew_.reset();
    are_awake_ = false;
    made_after_ = num_forks;
  }

  Arena arena_;
  std::shared_ptr<Crew> crew_;  // shared with its members
  bool are_awake_ = false;
  int made_after_ = num_forks;
};

OwnWorkers& own_workers() {
  thread_local OwnWorkers own;
  return own;
}

// Reading the container's quota takes longer than a short text.
int usable_cpus() {
  static const int cpus = allowed_cpus();
  return cpus;
}

}  // namespace

void parallel_for_workers(const Context& context, int64_t num_tasks, const Body& body) {
  if (num_tasks <= 0) return;
  watch_forks();
  const bool is_alone = context.num_threads() == 1 || num_tasks == 1;
  if (is_alone || inside_loop || forked) return run_serially(context, num_tasks, body);
  own_workers().run(context, num_tasks, body);
}

void parallel_for(const Context& context, int64_t num_tasks, const std::function<void(int64_t task)>& body) {
  parallel_for_workers(context, num_tasks, [&](int, int64_t task) { body(task); });
}

AwakeWorkers::AwakeWorkers(const Context& context) {
  watch_forks();
  const int num_threads = context.num_threads();
  if (num_threads == 1 || num_threads > usable_cpus() || inside_loop || forked) return;
  if (some_are_awake.exchange(true, std::memory_order_relaxed)) return;
  has_effect_ = true;
  own_workers().wake(num_threads);
}

AwakeWorkers::~AwakeWorkers() {
  if (!has_effect_) return;
  own_workers().let_sleep();
  some_are_awake.store(false, std::memory_order_relaxed);
}

void allow_threads_after_fork() { forked = false; }

}  // namespace whitney
