#include "apps/whitney/terminal_progress.h"

#include <gtest/gtest.h>

#include "apps/whitney/session.h"

namespace whitney::app {
namespace {

TEST(ProgressText, TellsShareRateAndRemainingTime) {
  // 1,200 in 4 s are 300 a second; the other 3,600 take 12 s.
  EXPECT_EQ(progress_text("walks", 1200, 4800, "walks", 4),
            "walks: 1,200 of 4,800 walks (25 %), 300 walks/s, 12.0 s left");
}

TEST(ProgressText, CountsNoWorkOfBefore) {
  // A checkpoint had done 1,000: 200 in 4 s are 50 a second; the other 3,600 take 72 s.
  EXPECT_EQ(progress_text("walks", 1200, 4800, "walks", 4, 1000),
            "walks: 1,200 of 4,800 walks (25 %), 50 walks/s, 1 min 12 s left");
  EXPECT_EQ(progress_text("walks", 1000, 4800, "walks", 4, 1000), "walks: 1,000 of 4,800 walks (20 %)");
}

TEST(ProgressText, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(progress_text("read", 10, 0, "rows", 4), "read: 10 rows, 2.5 rows/s");
  EXPECT_EQ(progress_text("read", 0, 10, "rows", 4), "read: 0 of 10 rows (0 %)");
}

TEST(SecondsText, ChangesItsUnit) {
  EXPECT_EQ(seconds_text(0.424), "0.42 s");
  EXPECT_EQ(seconds_text(200), "3 min 20 s");
  EXPECT_EQ(seconds_text(7322), "2 h 2 min");
}

TEST(CountText, SeparatesThousands) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(-1234), "-1,234");
  EXPECT_EQ(count_text(123456), "123,456");
  EXPECT_EQ(count_text(1000000), "1,000,000");
}

TEST(TerminalProgress, KeepsNotesAlsoWhenQuiet) {
  TerminalProgress progress(true);
  progress.note("two rows were left out");
  EXPECT_EQ(progress.notes().size(), 1U);
}

}  // namespace
}  // namespace whitney::app
