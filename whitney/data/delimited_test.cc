#include "whitney/data/delimited.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Record = std::vector<std::string>;

std::vector<Record> records_of(std::string_view text, char separator = ',') {
  DelimitedReader reader(text, separator, "t.csv");
  std::vector<Record> records;
  for (std::vector<Cell> cells; reader.next(cells);) {
    Record& record = records.emplace_back();
    for (const Cell& cell : cells) record.emplace_back(cell.text);
  }
  return records;
}

TEST(DelimitedReader, CutsFieldsAndRecords) {
  EXPECT_THAT(records_of("a,b,c\n,, \n"), ElementsAre(Record{"a", "b", "c"}, Record{"", "", " "}));
  EXPECT_THAT(records_of("a,b\r\nc,d"), ElementsAre(Record{"a", "b"}, Record{"c", "d"}));
  EXPECT_THAT(records_of("a\tb,c\n", '\t'), ElementsAre(Record{"a", "b,c"}));
  EXPECT_THAT(records_of("\n\na\n\r\nb\n\n"), ElementsAre(Record{"a"}, Record{"b"}));
  EXPECT_THAT(records_of("a,"), ElementsAre(Record{"a", ""}));
  EXPECT_THAT(records_of(""), ElementsAre());
}

TEST(DelimitedReader, TakesSeparatorsLineEndsAndQuotesInsideQuotes) {
  EXPECT_THAT(records_of("\"a,b\",\"c\nd\",\"say \"\"e\"\"\"\r\n\"\",f\n"),
              ElementsAre(Record{"a,b", "c\nd", "say \"e\""}, Record{"", "f"}));
  EXPECT_THAT(records_of("a \"b\" c,d\"\n"), ElementsAre(Record{"a \"b\" c", "d\""}));
}

TEST(DelimitedReader, TellsQuotedFields) {
  DelimitedReader reader("\"a\",b,\"\"\n", ',', "t.csv");
  std::vector<Cell> cells;
  ASSERT_TRUE(reader.next(cells));
  EXPECT_TRUE(cells[0].quoted);
  EXPECT_FALSE(cells[1].quoted);
  EXPECT_TRUE(cells[2].quoted);
}

TEST(DelimitedReader, CountsLinesInsideQuotes) {
  DelimitedReader reader("a\n\"b\n\nc\"\n\nd\n", ',', "t.csv");
  std::vector<Cell> cells;
  reader.next(cells);
  reader.next(cells);
  EXPECT_EQ(reader.line(), 2);
  reader.next(cells);
  EXPECT_EQ(reader.line(), 6);
}

TEST(DelimitedReader, NamesTheLineOfABadQuote) {
  EXPECT_THAT([] { records_of("a,b\nc,\"d\n"); },
              ThrowsMessage<Error>(HasSubstr("t.csv:2: a quote is opened")));
  EXPECT_THAT(
      [] { records_of("a,b\n\"c\nd\"e,f\n"); },
      ThrowsMessage<Error>(AllOf(HasSubstr("t.csv:3: \"e,f\""), HasSubstr("follows a closed quote"))));
}

TEST(DelimitedReader, TakesAQuoteInTsvAsACharacterUnlessItEnclosesTheField) {
  EXPECT_THAT(records_of("\"Go,\" he said.\tx\n\"a\tb\"\ty\n\"open\tz\n", '\t'),
              ElementsAre(Record{"\"Go,\" he said.", "x"}, Record{"a\tb", "y"}, Record{"\"open", "z"}));
}

TEST(HeadedReader, GivesFieldsByName) {
  HeadedReader reader(" id ,\"the, text\"\n1,x\n", ',', "t.csv");
  EXPECT_THAT(reader.names(), ElementsAre("id", "the, text"));
  EXPECT_EQ(reader.place_of("the, text"), 1);
  EXPECT_EQ(reader.find("x"), std::nullopt);
}

TEST(HeadedReader, OffersTheNearestName) {
  HeadedReader reader("package,size\n", ',', "t.csv");
  EXPECT_THAT([&] { reader.place_of("pakage"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("t.csv: "), HasSubstr("did you mean \"package\"?"))));
}

TEST(HeadedReader, RefusesAHeadingThatIsMissingOrUnclear) {
  const auto read = [](const char* text) { HeadedReader(text, ',', "t.csv"); };
  EXPECT_THAT([&] { read(""); }, ThrowsMessage<Error>(HasSubstr("t.csv: the file is empty")));
  EXPECT_THAT([&] { read("\n1,2.5\n"); }, ThrowsMessage<Error>(HasSubstr("t.csv:2: the heading is missing")));
  EXPECT_THAT([&] { read("a,,b\n"); },
              ThrowsMessage<Error>(HasSubstr("t.csv:1: field 2 of the heading has no name")));
  EXPECT_THAT([&] { read("a,b,a\n"); },
              ThrowsMessage<Error>(HasSubstr("fields 1 and 3 of the heading are both named \"a\"")));
}

TEST(HeadedReader, NamesTheLineOfARaggedRecord) {
  HeadedReader reader("a,b\n1,2\n\"x\ny\",1\n3\n", ',', "t.csv");
  std::vector<Cell> cells;
  EXPECT_TRUE(reader.next(cells));
  EXPECT_TRUE(reader.next(cells));
  EXPECT_THAT([&] { reader.next(cells); },
              ThrowsMessage<Error>(HasSubstr("t.csv:5: 1 field, but the heading has 2")));
}

RC_GTEST_PROP(DelimitedReader, ReadsBackWhatWasAppended, ()) {
  const char separator = *rc::gen::element(',', '\t');
  const auto text = rc::gen::container<std::string>(rc::gen::element('a', '"', ',', '\t', '\n', '\r', ' '));
  const auto records =
      *rc::gen::container<std::vector<Record>>(rc::gen::nonEmpty(rc::gen::container<Record>(text)));
  std::string written;
  for (const Record& record : records) {
    for (size_t i = 0; i < record.size(); ++i) {
      if (i > 0) written += separator;
      append_cell(written, record[i], separator, record[i].empty());
    }
    written += '\n';
  }
  RC_ASSERT(records_of(written, separator) == records);
}

}  // namespace
}  // namespace whitney::data
