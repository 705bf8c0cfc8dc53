#include "whitney/text/code_point_set.h"

#include <gtest/gtest.h>

namespace whitney::text {
namespace {

using Range = CodePointSet::Range;
using Ranges = std::vector<Range>;

TEST(CodePointSet, JoinsRangesThatTouch) {
  CodePointSet set = CodePointSet::of('d', 'f');
  set.add(CodePointSet::of('a', 'c'));
  set.add(CodePointSet::of('x'));
  set.add(CodePointSet::of('e', 'g'));
  EXPECT_EQ(set.ranges(), (Ranges{{'a', 'g'}, {'x', 'x'}}));
}

TEST(CodePointSet, IsItsComplementsComplement) {
  CodePointSet set = CodePointSet::of('a', 'c');
  set.add(CodePointSet::of(0x10FFFF));
  EXPECT_EQ(set.complement().ranges(), (Ranges{{0, 'a' - 1}, {'d', 0x10FFFE}}));
  EXPECT_EQ(set.complement().complement(), set);
  EXPECT_TRUE(set.intersected(set.complement()).empty());
  EXPECT_EQ(CodePointSet().complement().ranges(), (Ranges{{0, 0x10FFFF}}));
}

TEST(CodePointSet, KeepsWhatTwoHaveInCommon) {
  CodePointSet vowels = CodePointSet::of('a');
  vowels.add(CodePointSet::of('e'));
  vowels.add(CodePointSet::of('o'));
  EXPECT_EQ(vowels.intersected(CodePointSet::of('b', 'n')).ranges(), (Ranges{{'e', 'e'}}));
}

TEST(CodePointSet, KnowsCategoriesByShortAndLongNames) {
  const auto lower = CodePointSet::named("Ll");
  ASSERT_TRUE(lower);
  EXPECT_EQ(CodePointSet::named("lowercase_letter"), lower);
  EXPECT_EQ(CodePointSet::named("Lowercase-Letter"), lower);
  EXPECT_TRUE(lower->contains(0xE9));
  EXPECT_FALSE(lower->contains('A'));
  EXPECT_FALSE(CodePointSet::named("Klingon"));
}

// k, K and the sign of kelvin are one letter in three cases; the long s is an s.
TEST(CodePointSet, TakesOtherCasesOfItsMembers) {
  const CodePointSet letter = CodePointSet::of('k').with_other_cases();
  EXPECT_EQ(letter.ranges(), (Ranges{{'K', 'K'}, {'k', 'k'}, {0x212A, 0x212A}}));
  EXPECT_TRUE(CodePointSet::of('S').with_other_cases().contains(0x17F));
  EXPECT_EQ(CodePointSet::of('1').with_other_cases(), CodePointSet::of('1'));
}

}  // namespace
}  // namespace whitney::text
