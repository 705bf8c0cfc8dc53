#include "whitney/core/context.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

class Listener : public Progress {
 public:
  std::vector<std::string> heard;
  void advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) override {
    heard.push_back(concat(stage, " ", done, "/", total, " ", unit));
  }
  void note(std::string_view sentence) override { heard.emplace_back(sentence); }
};

TEST(Context, TakesTheThreadsItIsGiven) {
  Context context;
  context.threads = 5;
  EXPECT_EQ(context.num_threads(), 5);
}

TEST(Context, HonoursTheAffinityOfTheProcess) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  const int allowed = allowed_cpus();
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
  EXPECT_EQ(allowed, 1);
}

TEST(Context, KnowsItsMemory) {
  EXPECT_GT(allowed_memory_bytes(), int64_t{64} << 20);
  Context context;
  context.max_memory_bytes = 1000;
  EXPECT_EQ(context.memory_limit_bytes(), 1000);
}

TEST(Context, ThrowsOnceAStopIsRequested) {
  CancellationToken token;
  Context context;
  context.cancellation = &token;
  EXPECT_NO_THROW(context.check_cancelled());
  token.request();
  EXPECT_THROW(context.check_cancelled(), Cancelled);
}

TEST(Context, ReportsToItsListenerIfThereIsOne) {
  Listener listener;
  Context context;
  context.note("unheard");
  context.progress = &listener;
  context.advance("walks", 3, 10, "walks");
  context.note("two rows were empty");
  EXPECT_EQ(listener.heard, (std::vector<std::string>{"walks 3/10 walks", "two rows were empty"}));
}

}  // namespace
}  // namespace whitney
