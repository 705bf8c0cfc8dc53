#include "whitney/data/interactions_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

InteractionsLayout layout(const std::vector<std::string_view>& lines,
                          const InteractionsOptions& options = {}) {
  return layout_of(lines, "events", options, {});
}

TEST(InteractionsLayout, CutsLinesAtSeparatorsAndAtWhiteSpace) {
  EXPECT_THAT(split_fields(" a  b\tc ", " "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_fields("a, b,,", ","), ElementsAre("a", "b", "", ""));
  EXPECT_THAT(split_fields("1::2", "::"), ElementsAre("1", "2"));
}

TEST(InteractionsLayout, FindsFieldsByTheHeadingOrByTheirOrder) {
  const InteractionsLayout named = layout({"timestamp,item_id,x,user_id", "1,2,3,4"});
  EXPECT_TRUE(named.has_heading);
  EXPECT_EQ(named.separator, ",");
  EXPECT_EQ(named.user, 3U);
  EXPECT_EQ(named.item, 1U);
  EXPECT_EQ(named.time, 0U);
  EXPECT_FALSE(named.value.has_value());
  const InteractionsLayout plain = layout({"1::2::5::99"});
  EXPECT_FALSE(plain.has_heading || plain.is_list);
  EXPECT_EQ(plain.separator, "::");
  EXPECT_EQ(plain.value, 2U);
  EXPECT_EQ(plain.time, 3U);
}

TEST(InteractionsLayout, TakesWordsForListsUnlessOneCanOnlyBeAValue) {
  EXPECT_TRUE(layout({"0 1 2", "1 4"}).is_list);
  EXPECT_TRUE(layout({"0 5 6", "1 1 4"}).is_ambiguous);
  EXPECT_FALSE(layout({"0 5 6", "1 1"}).is_ambiguous);
  for (const std::vector<std::string_view>& columns :
       {std::vector<std::string_view>{"0 5 6", "1 1 4.5"}, {"0 5 -6"}, {"ann tea 6", "bob ale 4"}}) {
    EXPECT_FALSE(layout(columns).is_list) << columns[0];
    EXPECT_EQ(layout(columns).value, 2U);
  }
}

TEST(InteractionsLayout, NotesOnlyWhatWasGuessed) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const std::vector<std::string_view> lines = {"0 5 6"};
  for (const EventsForm form : {EventsForm::kLists, EventsForm::kColumns}) {
    const InteractionsLayout asked = layout_of(lines, "events", {.events_form = form}, context);
    EXPECT_EQ(asked.is_list, form == EventsForm::kLists);
  }
  EXPECT_THAT(notes.sentences, ElementsAre());
  EXPECT_TRUE(layout_of(lines, "events", {}, context).is_list);
  EXPECT_THAT(notes.sentences, ElementsAre(HasSubstr("events: ")));
}

TEST(InteractionsLayout, NamesTheFieldThatTheHeadingLacks) {
  EXPECT_THAT(error_of([] { layout({"user_id,item_id"}, {.time_field = "when"}); }),
              HasSubstr("events: the heading has no field \"when\""));
}

}  // namespace
}  // namespace whitney::data
