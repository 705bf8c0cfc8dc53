#include "whitney/search/built_once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::search {
namespace {

TEST(BuiltOnce, BuildsAtTheFirstUseOnly) {
  const BuiltOnce<int> part;
  int num_built = 0;
  const auto build = [&] { return std::make_unique<const int>(++num_built); };
  EXPECT_EQ(part.get(build), 1);
  EXPECT_EQ(part.get(build), 1);
  EXPECT_EQ(num_built, 1);
}

TEST(BuiltOnce, TriesAgainAfterBuildingThrew) {
  const BuiltOnce<int> part;
  EXPECT_THROW(part.get([]() -> std::unique_ptr<const int> { throw Cancelled(); }), Cancelled);
  EXPECT_EQ(part.get([] { return std::make_unique<const int>(7); }), 7);
}

TEST(BuiltOnce, OneOfManyThreadsBuilds) {
  const BuiltOnce<int> part;
  std::atomic<int> num_built = 0, sum = 0;
  Context context;
  context.threads = 4;
  parallel_for(context, 64,
               [&](int64_t) { sum += part.get([&] { return std::make_unique<const int>(++num_built); }); });
  EXPECT_EQ(num_built, 1);
  EXPECT_EQ(sum, 64);
}

}  // namespace
}  // namespace whitney::search
