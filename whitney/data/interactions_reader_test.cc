#include "whitney/data/interactions_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InteractionsReader : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    return folder_.file(name);
  }
  Interactions read(const std::string& text, const InteractionsOptions& options = {}) const {
    return read_interactions({write("events", text)}, options, {})[0];
  }
  std::string notes_of(const std::string& text, const InteractionsOptions& options = {}) const {
    Notes notes;
    Context context;
    context.progress = &notes;
    read_interactions({write("events", text)}, options, context);
    return notes.text();
  }
  std::string error_of(const std::string& text, const InteractionsOptions& options = {}) const {
    try {
      read(text, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  TemporaryFolder folder_;
};

TEST_F(InteractionsReader, ReadsListsOfAUsersItems) {
  const Interactions events = read("0 5 10 2\n1\n# a comment\n10 2\n");
  EXPECT_THAT(events.users.integer_array().span(), ElementsAre(0, 1, 10));
  EXPECT_THAT(events.items.integer_array().span(), ElementsAre(2, 5, 10));
  EXPECT_THAT(events.items_of(0), ElementsAre(0, 1, 2));
  EXPECT_THAT(events.items_of(1), IsEmpty());
  EXPECT_THAT(events.items_of(2), ElementsAre(0));
  EXPECT_TRUE(events.values.empty());
}

// Users with two items each; as columns three events of value 6, 4 and 3.
TEST_F(InteractionsReader, ReadsNumbersBetweenSpacesAsListsAndSaysSo) {
  const std::string lists = "0 5 6\n1 1 4\n2 2 3\n";
  const Interactions events = read(lists);
  EXPECT_EQ(events.size(), 6);
  EXPECT_TRUE(events.values.empty());
  EXPECT_THAT(events.items.integer_array().span(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(notes_of(lists), AllOf(HasSubstr("events: the first lines have three numbers between spaces"),
                                     HasSubstr("--events-form columns")));
  EXPECT_EQ(read("0 5 6 7\n1 1 4 2\n").size(), 6);
  EXPECT_THAT(notes_of("0 5 6 7\n1 1 4 2\n"), HasSubstr("user item value time"));
  EXPECT_EQ(notes_of(lists, {.events_form = EventsForm::kLists}), "");
  EXPECT_EQ(notes_of("0 5 6\n1 1 4 7\n"), "");
  EXPECT_EQ(notes_of("a b c\nd e f\n"), "");
}

TEST_F(InteractionsReader, ReadsWordsBetweenSpacesAsColumnsWhereTheyCanOnlyBeThese) {
  EXPECT_THAT(read("7 3 25 100\n8 1 4 99\n", {.events_form = EventsForm::kColumns}).times.span(),
              ElementsAre(100, 99));
  EXPECT_THAT(read("7 3 5\n7 1 4.5\n").values.span(), ElementsAre(4.5, 5));
  EXPECT_THAT(read("7 3 5\n7 1 -4\n").values.span(), ElementsAre(-4, 5));
  EXPECT_THAT(read("ann tea 5\nann ale 3\n").values.span(), ElementsAre(3, 5));
  EXPECT_EQ(notes_of("7 3 5\n7 1 4.5\n"), "");
  EXPECT_EQ(notes_of("ann tea 5\nann ale 3\n"), "");
  EXPECT_EQ(read("ann tea 5\nann ale rum\n").size(), 4);
}

TEST_F(InteractionsReader, ReadsTheFormThatIsAskedFor) {
  EXPECT_EQ(read("7\t3\t2\n8\t1\n", {.events_form = EventsForm::kLists}).size(), 3);
  EXPECT_EQ(read("7\n7,3,2\n8,1\n", {.events_form = EventsForm::kLists}).size(), 3);
  EXPECT_EQ(read("7 3\n8 1\n", {.events_form = EventsForm::kColumns}).size(), 2);
  EXPECT_THAT(error_of("7,3,2\n8,,1\n", {.events_form = EventsForm::kLists}),
              HasSubstr(":2: field 2 is empty"));
  EXPECT_THAT(error_of("# a user alone\n7\n", {.events_form = EventsForm::kColumns}),
              HasSubstr(":2: 1 field where a user and an item are expected"));
  EXPECT_THAT(error_of("1 2\n", {.user_field = "who", .events_form = EventsForm::kLists}),
              HasSubstr("lists have no heading, which would name the field \"who\""));
  EXPECT_THAT(error_of("1 2 3 4\n", {.needs_times = true}), HasSubstr("between spaces, events_form columns"));
}

TEST_F(InteractionsReader, RefusesAValueOutsideTheRange) {
  const InteractionsOptions stars{.value_range = {1, 5}};
  EXPECT_EQ(read("1,2,1\n1,3,5\n", stars).size(), 2);
  EXPECT_THAT(error_of("1,2,5\n1,3,-7\n", stars), HasSubstr("events:2: the value -7 is outside 1 to 5"));
  EXPECT_THAT(error_of("user,item,rating\n1,2,300\n", stars),
              HasSubstr("events:2: the value 300 is outside 1 to 5 (value_range)"));
  // A range says what is right, min_value what counts.
  EXPECT_THAT(error_of("1,2,0\n", {.min_value = 4, .value_range = {1, 5}}),
              HasSubstr("the value 0 is outside"));
  EXPECT_THAT(error_of("1,2,3\n", {.value_range = {5, 1}}), HasSubstr("two numbers, the lower first"));
  EXPECT_THAT(error_of("1,2,3\n", {.value_range = {5}}), HasSubstr("two numbers, the lower first"));
  EXPECT_THAT(notes_of("1,2\n", stars), HasSubstr("events: option \"value_range\" has no effect"));
  EXPECT_THAT(notes_of("1 2\n", {.min_value = 4}), HasSubstr("option \"min_value\" has no effect"));
}

// Without values every event would be worth as much: none is left out.
TEST_F(InteractionsReader, KeepsEventsWithoutValuesAndSaysThatOptionsAboutThemDoNothing) {
  const std::string timed = "user_id\titem_id\ttimestamp\n1\t2\t7\n1\t3\t8\n";
  const InteractionsOptions options{.min_value = 3, .value_range = {3, 5}};
  EXPECT_EQ(read(timed, options).size(), 2);
  EXPECT_THAT(notes_of(timed, options), AllOf(HasSubstr("events: option \"min_value\" has no effect"),
                                              HasSubstr("events: option \"value_range\" has no effect")));
}

TEST_F(InteractionsReader, ComparesValuesAsTheyAreKept) {
  EXPECT_EQ(read("a\tx\t0.7\nb\ty\t0.9\n", {.min_value = 0.7, .value_range = {0.7, 0.9}}).size(), 2);
  // The nearest double above 0.7 is the same float32.
  EXPECT_EQ(read("a\tx\t0.7\nb\ty\t0.9\n", {.min_value = 0.7000000000000001}).size(), 2);
}

TEST_F(InteractionsReader, NamesTheLineThatIsNoUtf8) {
  EXPECT_THAT(error_of("a\ti1\nu\xff\ti1\n"), HasSubstr("events:2: \"u\\xff\\ti1\" is not UTF-8"));
  EXPECT_THAT(error_of(std::string("a i1\nb\0 i2\n", 11)), HasSubstr("events:2: a zero byte"));
  // Beyond the first piece of a file.
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "u\titem\n";
  EXPECT_THAT(error_of(many + "u\t\xff\n"), HasSubstr("events:200001: "));
}

TEST_F(InteractionsReader, RefusesFieldsOfAHeadingThatIsNotThere) {
  EXPECT_THAT(
      error_of("1\t2\t3\n", {.value_field = "stars"}),
      HasSubstr("events: the first line names no fields of a user and an item, and so none \"stars\""));
  EXPECT_THAT(error_of("1,2,3,4\n", {.time_field = "when"}), HasSubstr("and so none \"when\""));
  EXPECT_THAT(error_of("1 2 3 4 5\n", {.time_field = "when"}), HasSubstr("and so none \"when\""));
  EXPECT_THAT(error_of("1\t2\t3\n", {.user_field = "who"}), HasSubstr("no field \"who\""));
}

TEST_F(InteractionsReader, KeepsTheNameOfTheFileForWhatIsSaidLater) {
  EXPECT_THAT(read("1,2\n").where(), HasSubstr("events: "));
  EXPECT_THAT(notes_of("1,2\n1,2\n"), HasSubstr("events: 1 event repeats a pair of user and item"));
}

TEST_F(InteractionsReader, ReadsColumnsWithoutAHeading) {
  const Interactions events = read("7\t3\t2.5e1\n7\t1\t4\n");
  EXPECT_THAT(events.items_of(0), ElementsAre(0, 1));
  EXPECT_THAT(events.values.span(), ElementsAre(4, 25));
  EXPECT_THAT(read("a,x\nb,x\nb,y\n").items_of(1), ElementsAre(0, 1));
}

TEST_F(InteractionsReader, ReadsColumnsByTheirNames) {
  const Interactions recbole = read(
      "item_id:token\tuser_id:token\ttimestamp:float\trating:"
      "float\n9\t1\t881250949\t3\n8\t1\t881250950\t4\n");
  EXPECT_THAT(recbole.items.integer_array().span(), ElementsAre(8, 9));
  EXPECT_THAT(recbole.values.span(), ElementsAre(4, 3));
  EXPECT_THAT(recbole.times.span(), ElementsAre(881250950, 881250949));
  const Interactions movies = read("userId,movieId,rating,timestamp\n1,2,0.5,7\n1,3,5,8\n", {.min_value = 4});
  EXPECT_THAT(movies.items.integer_array().span(), ElementsAre(3));
  const Interactions named =
      read("who,what,x\nann,tea,1\nbob,ale,2\n", {.user_field = "who", .item_field = "what"});
  EXPECT_EQ(named.users.text(1), "bob");
  EXPECT_EQ(named.items.text(0), "ale");
  EXPECT_TRUE(named.values.empty());
}

TEST_F(InteractionsReader, GivesFilesThatBelongTogetherTheSameRows) {
  const auto both = read_interactions({write("train", "0 1 2\n1 1\n"), write("test", "1 7\n5 0\n")}, {}, {});
  EXPECT_EQ(both[0].num_users(), 3);
  EXPECT_EQ(both[1].num_items(), 4);
  EXPECT_THAT(both[1].items_of(1), ElementsAre(3));
  EXPECT_THAT(both[1].items_of(2), ElementsAre(0));
}

TEST_F(InteractionsReader, NamesTheLineThatCannotBeRead) {
  EXPECT_THAT(error_of("1\t2\t3\n1\t4\n"), HasSubstr(":2: 2 fields where 3 are expected"));
  EXPECT_THAT(error_of("1\t2\t3\n1\n"), HasSubstr(":2: 1 field where 3 are expected"));
  EXPECT_THAT(error_of("1\t2\t3\n1\t4\tgood\n"), HasSubstr(":2: the value \"good\" is no finite number"));
  EXPECT_THAT(error_of("1\t2\t3\n1\t4\tnan\n"), HasSubstr("is no finite number"));
  EXPECT_THAT(error_of("a,b\n,c\n"), HasSubstr(":2: field 1 is empty"));
  EXPECT_THAT(error_of(""), HasSubstr("the file is empty"));
  EXPECT_THAT(error_of("user,item\n1,2\n", {.user_field = "person"}), HasSubstr("no field \"person\""));
  // Far from float32's, and none at all.
  EXPECT_THAT(error_of("1\t2\t3\n1\t4\t1e19\n"), HasSubstr(":2: the value \"1e19\" is no finite number"));
  EXPECT_THAT(error_of("1,2,\n"), HasSubstr(":1: the value \"\" is no finite number"));
}

TEST_F(InteractionsReader, NamesTheLineThatLacksATimeWhereTimesAreNeeded) {
  const InteractionsOptions timed{.needs_times = true};
  EXPECT_THAT(error_of("1,2,3,100\n1,4,5,\n", timed), HasSubstr(":2: the time is missing"));
  EXPECT_THAT(error_of("1\t2\t3\t100\n1\t4\t5\t\n", timed), HasSubstr(":2: the time is missing"));
  EXPECT_THAT(error_of("# no heading\n\n1\t2\t3\n", timed), HasSubstr(":3: there is no field of the time"));
  EXPECT_THAT(error_of("user_id,item_id,rating\n1,2,3\n", timed),
              HasSubstr(":1: there is no field of the time"));
  EXPECT_THAT(error_of("1 2 3 4 5\n", timed), HasSubstr(":1: there is no field of the time"));
}

TEST_F(InteractionsReader, ReadsEventsWithoutTimesWhereOneIsMissingAndNothingNeedsThem) {
  for (const char* text : {"1,2,3,100\n1,4,5,\n1,5,5,7\n", "1\t2\t3\t100\n1\t4\t5\t\n1\t5\t5\t7\r\n",
                           "user_id\titem_id\trating\ttime\n1\t2\t3\t\n1\t4\t5\t1\n1\t5\t5\t1\n"}) {
    const Interactions events = read(text);
    EXPECT_EQ(events.size(), 3) << text;
    EXPECT_TRUE(events.times.empty());
    EXPECT_THAT(events.values.span(), ElementsAre(3, 5, 5));
  }
  EXPECT_EQ(read("a\tx\t\nb\ty\n", {}).size(), 2);  // more tabs than fields
}

TEST_F(InteractionsReader, ReadsMovieLensWithColonsAndNamesAHeadingsFieldThatIsUnknown) {
  const Interactions colons = read("1::1193::5::978300760\n2::661::3::978302109\n");
  EXPECT_THAT(colons.items.integer_array().span(), ElementsAre(661, 1193));
  EXPECT_THAT(colons.values.span(), ElementsAre(5, 3));
  EXPECT_THAT(colons.times.span(), ElementsAre(978300760, 978302109));
  EXPECT_THAT(read("userId,Id,rating,timestamp\n1,7,4.0,964982703\n").items.integer_array().span(),
              ElementsAre(7));
  EXPECT_THAT(error_of("userId,film,rating\n1,7,4.0\n"),
              HasSubstr("names no field of the item that is known (it names userId, film, rating); say which "
                        "by item_field"));
  EXPECT_EQ(read("user\tfilm\t4\n").size(), 1);  // an event
}

}  // namespace
}  // namespace whitney
