#include "whitney/data/id_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

uint32_t add(StringIdTable& table, std::string_view text) {
  return table.add(text, StringIdTable::tag_of(text), "f");
}

TEST(IntegerIdTable, FindsSmallAndLargeIds) {
  IntegerIdTable table;
  EXPECT_EQ(table.add(5, "f"), 0);
  EXPECT_EQ(table.add(UINT64_MAX, "f"), 1);
  EXPECT_EQ(table.add(5, "f"), 0);
  EXPECT_EQ(table.add(0, "f"), 2);
  EXPECT_EQ(table.find(UINT64_MAX), 1);
  EXPECT_EQ(table.find(6), kNoRow);
  EXPECT_EQ(table.find(UINT64_MAX - 1), kNoRow);
  EXPECT_THAT(table.ids(), ElementsAre(5, UINT64_MAX, 0));
}

TEST(IntegerIdTable, KnowsItsIdsAfterItAdapted) {
  IntegerIdTable table;
  std::vector<uint64_t> ids;
  for (uint64_t i = 0; i < 200'000; ++i) ids.push_back(i % 3 == 0 ? i << 30 : i);
  for (size_t i = 0; i < ids.size(); ++i) {
    table.add(ids[i], "f");
    if (i % 10'000 == 0) table.adapt();
  }
  table.adapt();
  for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(table.find(ids[i]), i);
  EXPECT_EQ(table.find(200'001), kNoRow);
}

RC_GTEST_PROP(IntegerIdTable, NumbersAsAMapDoes, (const std::vector<uint64_t>& ids)) {
  IntegerIdTable table;
  std::map<uint64_t, uint32_t> plain;
  for (const uint64_t id : ids) {
    const auto expected = plain.try_emplace(id, static_cast<uint32_t>(plain.size())).first->second;
    RC_ASSERT(table.add(id, "f") == expected);
    table.adapt();
  }
}

TEST(StringIdTable, KeepsEachTextOnce) {
  StringIdTable table;
  EXPECT_EQ(add(table, "b"), 0);
  EXPECT_EQ(add(table, ""), 1);
  EXPECT_EQ(add(table, "b"), 0);
  EXPECT_EQ(table.find("c", StringIdTable::tag_of("c")), kNoRow);
  const Ids ids = table.to_ids();
  EXPECT_EQ(ids.size(), 2);
  EXPECT_EQ(ids.string(0), "b");
  EXPECT_EQ(ids.string(1), "");
}

TEST(StringIdTable, KnowsItsIdsAfterItGrew) {
  StringIdTable table;
  for (uint32_t i = 0; i < 20'000; ++i) ASSERT_EQ(add(table, "id" + std::to_string(i)), i);
  for (uint32_t i = 0; i < 20'000; ++i) ASSERT_EQ(add(table, "id" + std::to_string(i)), i);
}

TEST(StringIdTable, TellsTextsOfTheSameTagApart) {
  StringIdTable table;
  EXPECT_EQ(table.add("a", 7, "f"), 0);
  EXPECT_EQ(table.add("b", 7, "f"), 1);
  EXPECT_EQ(table.find("b", 7), 1);
}

TEST(IdTables, RefuseMoreIdsThanRowNumbers) {
  IntegerIdTable integers(2);
  integers.add(1, "g.tsv");
  integers.add(2, "g.tsv");
  EXPECT_EQ(integers.add(1, "g.tsv"), 0);
  EXPECT_THAT([&] { integers.add(3, "g.tsv"); },
              ThrowsMessage<Error>(HasSubstr("g.tsv: 3 ids are more than the 2")));
  StringIdTable texts(1);
  texts.add("a", 1, "g.tsv");
  EXPECT_THAT([&] { texts.add("b", 2, "g.tsv"); },
              ThrowsMessage<Error>(HasSubstr("2 ids are more than the 1")));
  EXPECT_NO_THROW(check_num_rows((int64_t{1} << 32) - 1, "g.tsv", "ids"));
  EXPECT_THAT([] { check_num_rows(int64_t{1} << 32, "g.tsv", "ids"); },
              ThrowsMessage<Error>(HasSubstr("4294967296 ids are more than the 4294967295")));
}

TEST(IdCollector, KeepsIntegersAsLongAsAllAre) {
  IdCollector integers;
  integers.add(uint64_t{7}, 2);
  integers.add(uint64_t{3}, 3);
  EXPECT_EQ(integers.finish("t"), Ids::integers({7, 3}));
  IdCollector mixed;
  mixed.add(uint64_t{7}, 2);
  mixed.add("x", 3);
  mixed.add(uint64_t{8}, 4);
  EXPECT_EQ(mixed.finish("t"), Ids::strings({"7", "x", "8"}));
}

TEST(IdCollector, NamesBothLinesOfAnIdThatStandsTwice) {
  IdCollector ids;
  ids.add("x", 2);
  ids.add("y", 3);
  ids.add("x", 9);
  EXPECT_THAT([&] { ids.finish("t.csv"); },
              ThrowsMessage<Error>(HasSubstr("t.csv:9: the id \"x\" stands already in line 2")));
}

}  // namespace
}  // namespace whitney::data
