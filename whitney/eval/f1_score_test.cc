#include "whitney/eval/f1_score.h"

#include <gtest/gtest.h>

#include <vector>

namespace whitney::eval {
namespace {

using Codes = std::vector<uint32_t>;

/// Five rows over four labels, of which the last never occurs.
F1Counts worked_case() {
  F1Counts counts(4);
  counts.add(Codes{0, 2}, Codes{0, 1});
  counts.add(Codes{1}, Codes{1});
  counts.add(Codes{0, 1}, Codes{0, 2});
  counts.add(Codes{2}, Codes{2});
  counts.add(Codes{0}, Codes{1});
  return counts;
}

TEST(F1Counts, CountsAllDecisionsTogetherInMicro) {
  // tp 2 + 1 + 1, fp 0 + 2 + 1, fn 1 + 1 + 1: 2 * 4 / (8 + 3 + 3).
  EXPECT_DOUBLE_EQ(worked_case().micro(), 8.0 / 14);
}

TEST(F1Counts, GivesALabelThatNeverOccursZeroInMacro) {
  // Label 0: tp 2, fn 1: 4/5. Label 1: tp 1, fp 2, fn 1: 2/5. Label 2: tp 1, fp 1, fn 1: 2/4. Label 3: 0.
  // scikit-learn 1.9.1, f1_score(average="macro") of MultiLabelBinarizer(classes=range(4)): 0.425.
  EXPECT_DOUBLE_EQ(worked_case().macro(), (4.0 / 5 + 2.0 / 5 + 2.0 / 4) / 4);
  EXPECT_DOUBLE_EQ(worked_case().macro(), 0.425);
}

TEST(F1Counts, LeavesLabelsThatNeverOccurOutOfMacroOfSeen) {
  EXPECT_DOUBLE_EQ(worked_case().macro_of_seen(), (4.0 / 5 + 2.0 / 5 + 2.0 / 4) / 3);
}

TEST(F1Counts, GivesALabelThatIsTrueButNeverPredictedZero) {
  F1Counts counts(2);
  counts.add(Codes{0, 1}, Codes{0});
  EXPECT_DOUBLE_EQ(counts.macro(), 0.5);
  EXPECT_DOUBLE_EQ(counts.micro(), 2.0 / 3);
}

TEST(F1Counts, GivesZeroWithNothingToCount) {
  EXPECT_EQ(F1Counts(3).micro(), 0);
  EXPECT_EQ(F1Counts(3).macro(), 0);
  EXPECT_EQ(F1Counts(3).macro_of_seen(), 0);
  EXPECT_EQ(F1Counts(0).macro(), 0);
}

}  // namespace
}  // namespace whitney::eval
