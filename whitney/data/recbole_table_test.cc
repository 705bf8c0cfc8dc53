// RecBole's atomic files of items and users, through read_table.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/data/table_cases_test.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecboleTable : public TableFiles {
 protected:
  std::string error_of_items(std::string_view text, const TableOptions& options = {}) const {
    return error_of_text("ml.item", text, options);
  }
};

TEST_F(RecboleTable, TakesTypesFromTheHeading) {
  const Table items = read("ml.item",
                           "item_id:token\tmovie_title:token_seq\trelease_year:token\tprice:float\n"
                           "7\tToy Story\t1995\t2\n"
                           "9\tHeat\t1995\t0.5\n"
                           "3\t\t\t\n");
  EXPECT_THAT(items.ids.integer_array().span(), ElementsAre(7, 9, 3));
  EXPECT_THAT(items.attributes.names(), ElementsAre("movie_title", "release_year", "price"));
  EXPECT_EQ(column_of(items, "movie_title"), R"(set [["Story","Toy"],["Heat"],null])");
  EXPECT_EQ(column_of(items, "release_year"), R"(string ["1995","1995",null])");
  EXPECT_EQ(column_of(items, "price"), "real [2.0,0.5,null]");
}

TEST_F(RecboleTable, FindsTheIds) {
  EXPECT_EQ(read("ml.user", "age:float\tuser_id:token\n31\tann\n").ids.text(0), "ann");
  EXPECT_EQ(read("x.item", "business:token\tstars:float\nb1\t4\n").ids.text(0), "b1");
  const Table named = read("x.item", "item_id:token\tasin:token\n1\tB00\n", {"asin"});
  EXPECT_EQ(named.ids.text(0), "B00");
  EXPECT_EQ(column_of(named, "item_id"), R"(string ["1"])");
}

TEST_F(RecboleTable, LeavesListsOfNumbersOutAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Table items =
      read_table(write("ml.item", "item_id:token\tpicture:float_seq\n1\t0.5 0.25\n"), {}, context);
  EXPECT_TRUE(items.attributes.empty());
  EXPECT_THAT(notes.text(),
              HasSubstr("ml.item: left out, as no attribute can hold it: \"picture\" (float_seq)"));
}

TEST_F(RecboleTable, NamesLineAndFieldOfWhatIsWrong) {
  EXPECT_THAT(
      error_of_items("item_id:token\tprice:float\n1\t2\n2\tcheap\n"),
      HasSubstr("ml.item:3: field \"price\" holds \"cheap\", which is no number (its type is float)"));
  EXPECT_THAT(error_of_items("item_id:token\tprice\n1\t2\n"),
              AllOf(HasSubstr("ml.item:1: the field \"price\""), HasSubstr("name:float")));
  EXPECT_THAT(error_of_items("item_id:token\tprice:int\n1\t2\n"), HasSubstr("\"price:int\""));
  EXPECT_THAT(error_of_items("item_id:token\tprice:float\tprice:token\n1\t2\t3\n"),
              HasSubstr("two fields of the heading are named \"price\""));
  EXPECT_THAT(error_of_items("item_id:float\n1\n"),
              HasSubstr("\"item_id\" (the id) is a float (expected: a token)"));
  EXPECT_THAT(error_of_items("item_id:token\tn:float\n1\n"),
              HasSubstr("ml.item:2: 1 field, but the heading has 2"));
  EXPECT_THAT(error_of_items("item_id:token\n1\n1\n"),
              HasSubstr("ml.item:3: the id \"1\" stands already in line 2"));
  EXPECT_THAT(error_of_items("item_id:token\tn:float\n\t1\n"),
              HasSubstr("ml.item:2: field \"item_id:token\" (the id) is empty"));
  EXPECT_THAT(error_of_items("item_id:token\n"), HasSubstr("no rows"));
  EXPECT_THAT(error_of_items("item_id:token\tasin:token\n1\tB\n", {"asinn"}),
              HasSubstr("did you mean \"asin\"?"));
}

// The quote of the first title would else be closed in the third row.
TEST_F(RecboleTable, TakesQuotesAsCharacters) {
  const Table items = read("ml.item",
                           "item_id:token\ttitle:token\tyear:float\n"
                           "1\t\"Best of\t2000\n2\tfoo\t1\n3\tbar\"\t7\n4\t\"all\"\t3\n");
  EXPECT_EQ(column_of(items, "title"), R"(string ["\"Best of","foo","bar\"","\"all\""])");
  EXPECT_EQ(column_of(items, "year"), "real [2000.0,1.0,7.0,3.0]");
}

TEST_F(RecboleTable, IsNoFileOfVectors) {
  const std::string path = write("ml.item", "item_id:token\tn:float\n1\t2\n");
  EXPECT_THROW(read_vectors(path, {}, {}), Error);
}

}  // namespace
}  // namespace whitney
