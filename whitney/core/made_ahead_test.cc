#include "whitney/core/made_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"

namespace whitney {
namespace {

TEST(MadeAhead, GivesItemsInTheirOrderWhoeverMakesThem) {
  for (const int producers : {0, 1, 3}) {
    for (const int depth : {1, 2, 5}) {
      MadeAhead<std::unique_ptr<int64_t>> items(
          200, producers, depth, [](int64_t item) { return std::make_unique<int64_t>(item * item); });
      for (int64_t i = 0; i < 200; ++i) EXPECT_EQ(*items.take(), i * i);
    }
  }
}

TEST(MadeAhead, IsNeverAheadByMoreThanItsDepth) {
  std::atomic<int64_t> taken = 0, furthest = 0;
  MadeAhead<int64_t> items(300, 3, 4, [&](int64_t item) {
    const int64_t ahead = item - taken;
    int64_t before = furthest;
    while (before < ahead && !furthest.compare_exchange_weak(before, ahead)) {
    }
    return item;
  });
  for (int64_t i = 0; i < 300; ++i) {
    EXPECT_EQ(items.take(), i);
    taken = i + 1;
  }
  // An item is begun when the one four before it has been taken, which is told a moment later.
  EXPECT_LE(furthest, 4);
}

TEST(MadeAhead, ThrowsWhatMakingAnItemThrewInItsTurn) {
  for (const int producers : {0, 2}) {
    MadeAhead<int> items(5, producers, 3, [](int64_t item) {
      if (item == 2) fail("no item 2");
      return static_cast<int>(item);
    });
    EXPECT_EQ(items.take(), 0);
    EXPECT_EQ(items.take(), 1);
    EXPECT_EQ(error_of([&] { items.take(); }), "no item 2");
  }
}

TEST(MadeAhead, EndsItsThreadsWhenNotAllIsTaken) {
  std::atomic<int> made = 0;
  {
    MadeAhead<int> items(1000, 2, 3, [&](int64_t) { return ++made; });
    items.take();
  }
  EXPECT_LE(made, 6);
}

}  // namespace
}  // namespace whitney
