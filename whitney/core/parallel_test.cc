#include "whitney/core/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

TEST(ParallelFor, RunsEachTaskOnce) {
  for (int threads : {1, 2, 5}) {
    std::vector<std::atomic<int>> counts(1000);
    parallel_for(with_threads(threads), 1000, [&](int64_t task) { ++counts[static_cast<size_t>(task)]; });
    for (const auto& count : counts) EXPECT_EQ(count, 1);
  }
}

TEST(ParallelFor, RunsNothingForNoTasks) {
  parallel_for(with_threads(3), 0, [](int64_t) { FAIL(); });
}

TEST(ParallelFor, CarriesAnExceptionOut) {
  for (int threads : {1, 4}) {
    EXPECT_THROW(parallel_for(with_threads(threads), 100,
                              [](int64_t task) {
                                if (task == 50) fail("bad");
                              }),
                 Error);
  }
}

TEST(ParallelFor, StopsBetweenTasksWhenAsked) {
  for (int threads : {1, 3}) {
    CancellationToken token;
    Context context = with_threads(threads);
    context.cancellation = &token;
    std::atomic<int> ran{0};
    EXPECT_THROW(parallel_for(context, 100000,
                              [&](int64_t) {
                                if (++ran == 10) token.request();
                              }),
                 Cancelled);
    EXPECT_LT(ran, 100000);
  }
}

TEST(ParallelFor, GivesEachRunningTaskAWorkerOfItsOwn) {
  std::vector<std::atomic<int>> busy(4);
  parallel_for_workers(with_threads(4), 2000, [&](int worker, int64_t) {
    ASSERT_LT(worker, 4);
    EXPECT_EQ(busy[static_cast<size_t>(worker)]++, 0);
    --busy[static_cast<size_t>(worker)];
  });
}

TEST(ParallelFor, RunsNestedLoopsOnTheirThread) {
  std::atomic<int> inner{0};
  parallel_for(with_threads(2), 4, [&](int64_t) {
    parallel_for_workers(with_threads(2), 8, [&](int worker, int64_t) {
      EXPECT_EQ(worker, 0);
      ++inner;
    });
  });
  EXPECT_EQ(inner, 32);
}

// As a rule with workers, of which a machine may have fewer than are asked for.
TEST(AwakeWorkers, ChangeNothingInALoop) {
  for (int threads : {1, 2, 5}) {
    const Context context = with_threads(threads);
    const AwakeWorkers awake(context);
    for (int64_t num_tasks : {1, 2, 3, 1000}) {
      std::vector<std::atomic<int>> counts(static_cast<size_t>(num_tasks)),
          busy(static_cast<size_t>(threads));
      parallel_for_workers(context, num_tasks, [&](int worker, int64_t task) {
        EXPECT_EQ(busy[static_cast<size_t>(worker)]++, 0);
        ++counts[static_cast<size_t>(task)];
        --busy[static_cast<size_t>(worker)];
      });
      for (const auto& count : counts) EXPECT_EQ(count, 1);
    }
  }
}

TEST(AwakeWorkers, CarryAnExceptionOutAndGoOn) {
  const Context context = with_threads(2);
  const AwakeWorkers awake(context);
  for (int round = 0; round < 50; ++round) {
    EXPECT_THROW(parallel_for(context, 100,
                              [&](int64_t task) {
                                if (task == 2 * round) fail("bad");
                              }),
                 Error);
    std::atomic<int> ran{0};
    parallel_for(context, 100, [&](int64_t) { ++ran; });
    EXPECT_EQ(ran, 100);
  }
}

TEST(AwakeWorkers, StopBetweenTasksWhenAsked) {
  CancellationToken token;
  Context context = with_threads(2);
  context.cancellation = &token;
  const AwakeWorkers awake(context);
  std::atomic<int> ran{0};
  EXPECT_THROW(parallel_for(context, 100000,
                            [&](int64_t) {
                              if (++ran == 10) token.request();
                            }),
               Cancelled);
  EXPECT_LT(ran, 100000);
}

TEST(AwakeWorkers, RunNestedLoopsOnTheirThread) {
  const Context context = with_threads(2);
  const AwakeWorkers awake(context);
  std::atomic<int> inner{0};
  parallel_for(context, 4, [&](int64_t) {
    const AwakeWorkers nested(context);
    parallel_for_workers(context, 8, [&](int worker, int64_t) {
      EXPECT_EQ(worker, 0);
      ++inner;
    });
  });
  EXPECT_EQ(inner, 32);
}

TEST(AwakeWorkers, LeaveOtherLoopsOfTheThreadAsTheyAre) {
  const AwakeWorkers awake(with_threads(2));
  std::atomic<int64_t> total{0};
  for (int round = 0; round < 20; ++round) {
    for (int threads : {2, 3, 1}) {
      const AwakeWorkers another(with_threads(threads));
      parallel_for(with_threads(threads), 10, [&](int64_t task) { total += task; });
    }
  }
  EXPECT_EQ(total, 20 * 3 * 45);
}

TEST(AwakeWorkers, ServeManyCallersAtATime) {
  std::atomic<int64_t> total{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 5; ++caller) {
    callers.emplace_back([&] {
      const Context context = with_threads(2);
      for (int text = 0; text < 20; ++text) {
        const AwakeWorkers awake(context);
        for (int loop = 0; loop < 20; ++loop) parallel_for(context, 8, [&](int64_t task) { total += task; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 5 * 20 * 20 * 28);
}

TEST(OrderedReduce, GivesTheSameBitsAtAnyThreadCount) {
  std::vector<float> values(100003);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i)) * 1e3f;
  const auto sum = [&](int threads) {
    return ordered_reduce(
        with_threads(threads), static_cast<int64_t>(values.size()), 1024, 0.0f,
        [&](int64_t begin, int64_t end) {
          return std::accumulate(values.begin() + begin, values.begin() + end, 0.0f);
        },
        [](float a, float b) { return a + b; });
  };
  EXPECT_EQ(sum(1), sum(2));
  EXPECT_EQ(sum(1), sum(5));
}

TEST(ParallelBlocks, CoversTheRangeWithAShortLastBlock) {
  std::atomic<int64_t> total{0}, blocks{0};
  parallel_blocks(with_threads(2), 10, 4, [&](int64_t begin, int64_t end) {
    total += end - begin;
    ++blocks;
  });
  EXPECT_EQ(total, 10);
  EXPECT_EQ(blocks, 3);
}

#if !defined(__SANITIZE_THREAD__)
TEST(AwakeWorkers, AreNotAwaitedInAForkedChild) {
  const Context context = with_threads(2);
  const AwakeWorkers awake(context);
  std::atomic<int> sum{0};
  parallel_for(context, 100, [&](int64_t) { ++sum; });
  const pid_t child = fork();
  if (child == 0) {
    // Threads stay forbidden here: oneTBB's own locks may have been held by a worker at the fork.
    parallel_for(context, 100, [&](int64_t) { ++sum; });
    const AwakeWorkers again(context);
    parallel_for(context, 100, [&](int64_t) { ++sum; });
    _exit(sum == 300 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(ParallelFor, RunsInAForkedChild) {
  std::atomic<int> warm{0};
  parallel_for(with_threads(2), 8, [&](int64_t) { ++warm; });
  const pid_t child = fork();
  if (child == 0) {
    int sum = 0;  // serial in a child: no atomic is needed
    parallel_for(with_threads(4), 100, [&](int64_t task) { sum += static_cast<int>(task); });
    _exit(sum == 4950 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

}  // namespace
}  // namespace whitney
