#include "whitney/core/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <numeric>
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
