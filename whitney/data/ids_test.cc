#include "whitney/data/ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

Ids text_ids() { return Ids::strings({"b", "", "añb", "a"}); }

TEST(Ids, FindsIntegersByTheirText) {
  const Ids ids = Ids::integers({7, 0, std::numeric_limits<uint64_t>::max()});
  EXPECT_EQ(ids.find("7"), 0);
  EXPECT_EQ(ids.find("0"), 1);
  EXPECT_EQ(ids.find("18446744073709551615"), 2);
  EXPECT_EQ(ids.find("8"), std::nullopt);
}

TEST(Ids, TakesOnlyTheOneSpellingOfAnInteger) {
  const Ids ids = Ids::integers({7, 0});
  for (const char* spelling : {"07", "+7", " 7", "7 ", "00", "-0", "7.0", "", "18446744073709551623"}) {
    EXPECT_EQ(ids.find(spelling), std::nullopt) << spelling;
  }
}

TEST(Ids, FindsStringsTheEmptyOneToo) {
  const Ids ids = text_ids();
  EXPECT_EQ(ids.find("añb"), 2);
  EXPECT_EQ(ids.find(""), 1);
  EXPECT_EQ(ids.find("ab"), std::nullopt);
  EXPECT_EQ(ids.text(3), "a");
  EXPECT_EQ(ids.find_integer(0), std::nullopt);
}

TEST(Ids, OfNoRowsFindNothing) {
  EXPECT_EQ(Ids().find("a"), std::nullopt);
  EXPECT_EQ(Ids::strings(std::vector<std::string>{}).find("a"), std::nullopt);
  EXPECT_EQ(Ids::row_numbers(0).first_duplicate(), std::nullopt);
}

TEST(Ids, NumberTheRowsWhenThereAreNone) {
  const Ids ids = Ids::row_numbers(3);
  EXPECT_EQ(ids.integer(2), 2U);
  EXPECT_EQ(ids.find("2"), 2);
}

TEST(Ids, NameTheFirstRowThatRepeatsAnId) {
  using Rows = std::pair<int64_t, int64_t>;
  EXPECT_EQ(Ids::integers({5, 6, 7, 6, 5}).first_duplicate(), Rows(1, 3));
  EXPECT_EQ(Ids::strings({"x", "y", "x"}).first_duplicate(), Rows(0, 2));
  EXPECT_EQ(text_ids().first_duplicate(), std::nullopt);
}

TEST(Ids, FindTheFirstOfEqualIds) { EXPECT_EQ(Ids::integers({5, 6, 5}).find("5"), 0); }

TEST(Ids, RefuseOffsetsThatDoNotFit) {
  const Array<char> bytes{'a', 'b', 'c'};
  EXPECT_THROW(Ids::strings(Array<uint64_t>{}, bytes), Error);
  EXPECT_THROW(Ids::strings(Array<uint64_t>{0, 2}, bytes), Error);
  EXPECT_THROW(Ids::strings(Array<uint64_t>{1, 3}, bytes), Error);
  EXPECT_THROW(Ids::strings(Array<uint64_t>{0, 2, 1, 3}, bytes), Error);
  EXPECT_THROW(Ids::strings(Array<uint64_t>{0, 4, 3}, bytes), Error);
}

TEST(Ids, OverAMappedFileNameTheRowWhoseOffsetsAreWrong) {
  const Ids ids = Ids::mapped_strings({0, 2, 1, 3}, {'a', 'b', 'c'});
  EXPECT_EQ(ids.string(0), "ab");
  EXPECT_EQ(ids.string(2), "bc");
  try {
    ids.string(1);
    FAIL() << "offsets that run backwards were followed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("row 1"));
  }
  EXPECT_THROW(ids.find("ab"), Error);
}

TEST(Ids, SelectRowsInTheirOrder) {
  const std::vector<int64_t> rows = {2, 0, 2};
  EXPECT_EQ(text_ids().select(rows), Ids::strings({"añb", "b", "añb"}));
  EXPECT_EQ(Ids::integers({5, 6, 7}).select(rows), Ids::integers({7, 5, 7}));
}

TEST(Ids, CompareByContent) {
  EXPECT_EQ(Ids::integers({1, 2}), Ids::integers({1, 2}));
  EXPECT_FALSE(Ids::integers({1, 2}) == Ids::integers({2, 1}));
  EXPECT_FALSE(Ids::integers({1}) == Ids::strings({"1"}));
  EXPECT_FALSE(Ids::strings({"ab", "c"}) == Ids::strings({"a", "bc"}));
}

TEST(Ids, OfferTheNearestName) {
  EXPECT_THAT(Ids::strings({"python3-numpy", "python3-scipy"}).did_you_mean("python3-nunpy"),
              HasSubstr("python3-numpy"));
}

RC_GTEST_PROP(IdsProperty, EveryIdIsFoundAtItsFirstRow, (const std::vector<std::string>& names)) {
  const Ids ids = Ids::strings(names);
  std::map<std::string, int64_t> first;
  for (size_t row = 0; row < names.size(); ++row) first.emplace(names[row], static_cast<int64_t>(row));
  for (const auto& [name, row] : first) RC_ASSERT(ids.find(name) == row);
  RC_ASSERT(ids.first_duplicate().has_value() == (first.size() < names.size()));
}

RC_GTEST_PROP(IdsProperty, IntegersNearbyAndFarAreFound, (std::vector<uint64_t> values)) {
  for (uint64_t i = 0; i < 100; ++i) values.push_back(i << 32);  // low halves all equal
  Array<uint64_t> copy = Array<uint64_t>::copy_of(values);
  const Ids ids = Ids::integers(copy);
  std::map<uint64_t, int64_t> first;
  for (size_t row = 0; row < values.size(); ++row) first.emplace(values[row], static_cast<int64_t>(row));
  for (const auto& [value, row] : first) RC_ASSERT(ids.find_integer(value) == row);
}

}  // namespace
}  // namespace whitney
