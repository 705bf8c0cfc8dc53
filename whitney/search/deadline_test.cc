#include "whitney/search/deadline.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

TEST(DeadlineWatch, IsNeverOverWithoutADeadline) {
  DeadlineWatch watch;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(watch.is_over<8>());
  EXPECT_FALSE(watch.was_over());
}

TEST(DeadlineWatch, IsOverAtTheFirstQuestionAndStaysSo) {
  DeadlineWatch watch(Deadline::after(0));
  EXPECT_FALSE(watch.was_over());
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(watch.is_over<8>());
  EXPECT_TRUE(watch.was_over());
}

TEST(DeadlineWatch, IsNotOverInTime) {
  DeadlineWatch watch(Deadline::after(1e9));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(watch.is_over());
}

}  // namespace
}  // namespace whitney
