#include "whitney/core/parallel_crew.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

// A crew whose members are threads of the test.
class CrewOfThreads {
 public:
  explicit CrewOfThreads(int size) : crew(size) { crew.open(); }
  ~CrewOfThreads() {
    crew.close();
    for (std::thread& thread : threads_) thread.join();
  }
  CrewOfThreads(const CrewOfThreads&) = delete;
  CrewOfThreads& operator=(const CrewOfThreads&) = delete;

  void send() {
    for (int count = crew.call_absent(); count > 0; --count) threads_.emplace_back([this] { crew.attend(); });
  }

  Crew crew;

 private:
  std::vector<std::thread> threads_;
};

TEST(Crew, RunsEachTaskOnceLoopAfterLoop) {
  for (int size : {1, 2, 5}) {
    CrewOfThreads members(size);
    std::vector<std::atomic<int>> counts(300);
    for (int loop = 1; loop <= 200; ++loop) {
      members.send();
      members.crew.run({}, 300, [&](int, int64_t task) { ++counts[static_cast<size_t>(task)]; });
      for (const auto& count : counts) ASSERT_EQ(count, loop);
    }
  }
}

TEST(Crew, RunsLoopsOfFewerTasksThanMembers) {
  CrewOfThreads members(5);
  members.send();
  for (int64_t num_tasks : {0, 1, 2, 3, 4}) {
    std::atomic<int64_t> ran{0};
    members.crew.run({}, num_tasks, [&](int, int64_t) { ++ran; });
    EXPECT_EQ(ran, num_tasks);
  }
}

TEST(Crew, NeedsNobodyButTheCaller) {
  Crew crew(4);
  crew.open();
  EXPECT_EQ(crew.call_absent(), 3);
  std::vector<int64_t> ran;
  crew.run({}, 10, [&](int member, int64_t task) {
    EXPECT_EQ(member, 0);
    ran.push_back(task);
  });
  EXPECT_EQ(ran, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(crew.call_absent(), 0);  // who was called may still come
}

TEST(Crew, GivesEachRunningTaskAMemberOfItsOwn) {
  CrewOfThreads members(4);
  std::vector<std::atomic<int>> busy(4);
  for (int loop = 0; loop < 50; ++loop) {
    members.send();
    members.crew.run({}, 100, [&](int member, int64_t) {
      ASSERT_LT(member, 4);
      EXPECT_EQ(busy[static_cast<size_t>(member)]++, 0);
      --busy[static_cast<size_t>(member)];
    });
  }
}

TEST(Crew, CarriesTheErrorOfAMemberOut) {
  CrewOfThreads members(3);
  for (int loop = 0; loop < 100; ++loop) {
    members.send();
    EXPECT_THROW(members.crew.run({}, 30,
                                  [&](int, int64_t task) {
                                    if (task % 10 == loop % 10) fail("bad");
                                  }),
                 Error);
  }
  std::atomic<int> ran{0};
  members.crew.run({}, 30, [&](int, int64_t) { ++ran; });
  EXPECT_EQ(ran, 30);
}

TEST(Crew, AwaitsATaskThatTakesLong) {
  CrewOfThreads members(2);
  members.send();
  for (int loop = 0; loop < 5; ++loop) {
    std::atomic<int> ran{0};
    members.crew.run({}, 2, [&](int, int64_t task) {
      const auto end = std::chrono::steady_clock::now() + task * std::chrono::milliseconds(2);
      while (std::chrono::steady_clock::now() < end) {
      }
      ++ran;
    });
    EXPECT_EQ(ran, 2);
  }
}

TEST(Crew, SendsMembersAwayWhenItIsClosedOrIdle) {
  Crew crew(2);
  EXPECT_EQ(crew.call_absent(), 1);
  crew.attend();  // closed: returns at once
  crew.open();
  EXPECT_EQ(crew.call_absent(), 1);
  crew.attend();  // idle: returns soon
  EXPECT_EQ(crew.call_absent(), 1);
}

}  // namespace
}  // namespace whitney
