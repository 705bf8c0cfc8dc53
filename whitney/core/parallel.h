#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"

namespace whitney {

/// Calls `body(task)` for task 0..num_tasks-1 on up to context.num_threads() threads, in any order.
/// The first exception is carried out after the running tasks ended; a requested stop throws Cancelled
/// between tasks. Nested calls run serially on the calling thread. In a forked child the loop runs serially.
WHITNEY_API void parallel_for(const Context& context, int64_t num_tasks,
                              const std::function<void(int64_t task)>& body);

/// As parallel_for; `worker` in [0, context.num_threads()) names scratch memory that no other running task
/// uses. Results must not depend on `worker`.
WHITNEY_API void parallel_for_workers(const Context& context, int64_t num_tasks,
                                      const std::function<void(int worker, int64_t task)>& body);

/// Tells a forked child that loops may use threads again (its own pool starts anew).
WHITNEY_API void allow_threads_after_fork();

/// Cuts [0, n) in blocks of `block` (never dependent on threads) and calls `body(begin, end)` for each.
template <class Body>
void parallel_blocks(const Context& context, int64_t n, int64_t block, const Body& body) {
  const int64_t num_blocks = (n + block - 1) / block;
  parallel_for(context, num_blocks, [&](int64_t b) {
    const int64_t begin = b * block;
    body(begin, begin + block < n ? begin + block : n);
  });
}

/// Combines `map(begin, end)` of fixed blocks in block order: the same bits for any number of threads.
template <class T, class Map, class Combine>
T ordered_reduce(const Context& context, int64_t n, int64_t block, T initial, const Map& map,
                 const Combine& combine) {
  const int64_t num_blocks = (n + block - 1) / block;
  std::vector<T> partial(static_cast<size_t>(num_blocks), initial);
  parallel_blocks(context, n, block, [&](int64_t begin, int64_t end) {
    partial[static_cast<size_t>(begin / block)] = map(begin, end);
  });
  for (const T& value : partial) initial = combine(initial, value);
  return initial;
}

}  // namespace whitney
