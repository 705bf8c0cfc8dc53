// Tables as read_table finds them and write_table leaves them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/data/readers.h"
#include "whitney/data/table_cases_test.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class TableTest : public TableFiles {
 protected:
  std::string text_of(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_.file(name), std::ios::binary).rdbuf();
    return text.str();
  }
};

std::vector<std::string> ids_of(const Table& table) {
  std::vector<std::string> ids;
  for (int64_t row = 0; row < table.ids.size(); ++row) ids.push_back(table.ids.text(row));
  return ids;
}

const Column& column(const Table& table, std::string_view name) { return *table.attributes.find(name); }

TEST_F(TableTest, FindsTheTypesOfJsonLines) {
  const Table table =
      read("t.jsonl",
           "{\"id\":\"a\",\"size\":1,\"score\":1,\"free\":true,\"name\":\"x\",\"tags\":[\"q\",\"p\",\"q\"],"
           "\"day\":\"2026-11-24\"}\n"
           "{\"id\":\"b\",\"size\":-2,\"score\":0.5,\"free\":false,\"name\":\"\",\"tags\":[],"
           "\"day\":\"2026-11-25\"}\n");
  EXPECT_THAT(ids_of(table), ElementsAre("a", "b"));
  EXPECT_EQ(column_of(table, "size"), "int [1,-2]");
  EXPECT_EQ(column_of(table, "score"), "real [1.0,0.5]");
  EXPECT_EQ(column_of(table, "free"), "bool [true,false]");
  EXPECT_EQ(column_of(table, "name"), "string [\"x\",\"\"]");
  EXPECT_EQ(column_of(table, "tags"), "set [[\"p\",\"q\"],[]]");
  EXPECT_EQ(column_of(table, "day"), "string [\"2026-11-24\",\"2026-11-25\"]");
}

TEST_F(TableTest, TakesNullAndAnAbsentFieldAsNoValue) {
  const Table table = read("t.jsonl", "{\"a\":1}\n{\"b\":\"x\"}\n{\"a\":null,\"b\":\"y\"}\n{\"c\":null}\n");
  EXPECT_EQ(column_of(table, "a"), "int [1,null,null,null]");
  EXPECT_EQ(column_of(table, "b"), "string [null,\"x\",\"y\",null]");
  EXPECT_EQ(column_of(table, "c"), "string [null,null,null,null]");
}

TEST_F(TableTest, NumbersRowsWhereThereIsNoIdField) {
  EXPECT_THAT(ids_of(read("t.jsonl", "{\"a\":1}\n{\"a\":2}\n")), ElementsAre("0", "1"));
  EXPECT_THAT(ids_of(read("t.csv", "a,b\n5,6\n7,8\n")), ElementsAre("0", "1"));
}

TEST_F(TableTest, TakesTheIdsFromTheFieldAskedFor) {
  const Table json = read("t.jsonl", "{\"id\":1,\"key\":\"x\"}\n{\"id\":2,\"key\":\"y\"}\n", {"key"});
  EXPECT_THAT(ids_of(json), ElementsAre("x", "y"));
  EXPECT_EQ(column_of(json, "id"), "int [1,2]");
  const Table csv = read("t.csv", "a,key\n5,17\n6,9\n", {"key"});
  EXPECT_TRUE(csv.ids.is_integer());
  EXPECT_THAT(ids_of(csv), ElementsAre("17", "9"));
  EXPECT_EQ(column_of(csv, "key"), "none");
}

TEST_F(TableTest, SaysThatTheIdFieldIsAbsent) {
  EXPECT_THAT(error_of_text("t.jsonl", "{\"key\":1}\n{\"a\":2}\n", {"key"}),
              HasSubstr("t.jsonl:2: field \"key\" (the id) is missing"));
  EXPECT_THAT(error_of_text("t.jsonl", "{\"id\":1}\n{\"a\":2}\n"),
              HasSubstr("t.jsonl:2: field \"id\" (the id) is missing"));
  EXPECT_THAT(error_of_text("t.jsonl", "{\"a\":1}\n{\"id\":2}\n"),
              HasSubstr("t.jsonl:2: field \"id\" (the id) stands here"));
  EXPECT_THAT(error_of_text("t.csv", "packge,b\n1,2\n", {"package"}), HasSubstr("did you mean \"packge\"?"));
  EXPECT_THAT(error_of_text("t.csv", "id,b\n1,2\n,3\n"),
              HasSubstr("t.csv:3: field \"id\" (the id) is empty"));
}

TEST_F(TableTest, NamesBothLinesOfAnIdThatStandsTwice) {
  EXPECT_THAT(error_of_text("t.jsonl", "{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n{\"id\":\"a\"}\n"),
              HasSubstr("t.jsonl:4: the id \"a\" stands already in line 1"));
  EXPECT_THAT(error_of_text("t.csv", "id\n7\n8\n7\n"),
              HasSubstr("t.csv:4: the id \"7\" stands already in line 2"));
}

TEST_F(TableTest, LeavesOutFieldsThatNoAttributeCanHold) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const std::string path = write("t.jsonl", R"({"id":1,"n":7,"deep":1,"list":[]}
{"id":2,"n":8,"deep":{"a":1},"list":["a"],"lists":[["a"]]}
{"id":3,"n":9,"deep":"never looked at","list":["a",3]}
)");
  const Table table = read_table(path, {}, context);
  EXPECT_THAT(table.attributes.names(), ElementsAre("n"));
  EXPECT_EQ(column_of(table, "n"), "int [7,8,9]");
  EXPECT_EQ(notes.text(), path +
                              ": left out, as no attribute can hold it: \"deep\" (line 2 holds an object), "
                              "\"list\" (line 3 holds a list with 3 in it), "
                              "\"lists\" (line 2 holds a list with a list in it)\n");
}

TEST_F(TableTest, NamesTheLineOfWhatIsNoJson) {
  EXPECT_THAT(error_of_text("t.jsonl", "{\"a\":}\n"), HasSubstr("t.jsonl:1: not valid JSON"));
}

TEST_F(TableTest, NamesBothPlacesOfMixedTypes) {
  EXPECT_THAT(error_of_text("t.jsonl", "{\"a\":1}\n{\"a\":2}\n{\"a\":\"x\"}\n"),
              AllOf(HasSubstr("t.jsonl:3: column \"a\" holds \"x\", which is text"), HasSubstr("as at"),
                    HasSubstr("t.jsonl:1")));
}

TEST_F(TableTest, FindsTheTypesOfCsv) {
  const Table table = read("t.csv",
                           "id,size,score,free,name,tags,zip,day,big\n"
                           "a,1,1,true,1,\"[\"\"q\"\",\"\"p\"\"]\",007,2026-11-24,12345678901234567890\n"
                           "b, -2 ,5e-1,False,x,[],123,2026-11-25,1\n");
  EXPECT_EQ(column_of(table, "size"), "int [1,-2]");
  EXPECT_EQ(column_of(table, "score"), "real [1.0,0.5]");
  EXPECT_EQ(column_of(table, "free"), "bool [true,false]");
  EXPECT_EQ(column_of(table, "name"), "string [\"1\",\"x\"]");
  EXPECT_EQ(column_of(table, "tags"), "set [[\"p\",\"q\"],[]]");
  EXPECT_EQ(column_of(table, "zip"), "string [\"007\",\"123\"]");
  EXPECT_EQ(column_of(table, "day"), "string [\"2026-11-24\",\"2026-11-25\"]");
  EXPECT_EQ(column_of(table, "big"), "string [\"12345678901234567890\",\"1\"]");
}

TEST_F(TableTest, TakesNothingBetweenSeparatorsAsNoValue) {
  const Table table = read("t.tsv", "id\tn\ts\tnone\tr\n1\t\t\"\"\t\tnan\n2\t5\t\t\t-inf\n3\t6\tx\t\t2\n");
  EXPECT_EQ(column_of(table, "n"), "int [null,5,6]");
  EXPECT_EQ(column_of(table, "s"), "string [\"\",null,\"x\"]");
  EXPECT_EQ(column_of(table, "none"), "string [null,null,null]");
  EXPECT_EQ(column(table, "r").type, ColumnType::kReal);
  EXPECT_FALSE(column(table, "r").has(0));
  EXPECT_EQ(column(table, "r").reals[1], -std::numeric_limits<double>::infinity());
}

TEST_F(TableTest, TakesQuotedNumbersAsTextUnlessEverythingIsQuoted) {
  EXPECT_EQ(column_of(read("t.csv", "id,n\na,\"1\"\nb,2\n"), "n"), "string [\"1\",\"2\"]");
  EXPECT_EQ(column_of(read("t.csv", "\"id\",\"n\"\n\"a\",\"1\"\n\"b\",\"2\"\n"), "n"), "int [1,2]");
  EXPECT_FALSE(read("t.csv", "id,n\n\"1\",5\n").ids.is_integer());
}

TEST_F(TableTest, ReadsTextWithLineEndsInQuotes) {
  const Table table =
      read("t.csv", "\xEF\xBB\xBFid,text,n\r\n1,\"two\r\nlines, \"\"one\"\" cell\",5\r\n2,plain,6\r\n");
  EXPECT_EQ(column_of(table, "text"), "string [\"two\\r\\nlines, \\\"one\\\" cell\",\"plain\"]");
  EXPECT_EQ(column_of(table, "n"), "int [5,6]");
}

TEST_F(TableTest, NamesWhereCsvIsWrong) {
  EXPECT_THAT(error_of_text("t.csv", "id,n\n1,2\n3\n"), HasSubstr("t.csv:3: 1 field, but the heading has 2"));
  EXPECT_THAT(error_of_text("t.csv", "1,2\n3,4\n"), HasSubstr("t.csv:1: the heading is missing"));
  EXPECT_THAT(error_of_text("t.csv", "id,n\n"), HasSubstr("no rows"));
  EXPECT_THAT(error_of_text("t.csv", ""), HasSubstr("the file is empty"));
  EXPECT_THAT(error_of_text("t.jsonl", ""), HasSubstr("no row"));
  EXPECT_THAT(error_of_text("t.csv", std::string_view("id,n\n1,\0\n", 9)), HasSubstr("t.csv:2: a zero byte"));
  EXPECT_THAT(error_of_text("t.csv", "id,n\n1,0.5\n2,9007199254740993\n"),
              AllOf(HasSubstr("t.csv:3: "), HasSubstr("\"n\"")));
}

TEST_F(TableTest, NamesAnExtensionThatIsNoTable) {
  EXPECT_THAT(error_of_text("t.npy", "x"), AllOf(HasSubstr("t.npy: "), HasSubstr(".jsonl")));
  EXPECT_THAT([&] { write_table({}, folder_.file("t.xlsx"), false, {}); },
              ThrowsMessage<Error>(HasSubstr(".csv")));
  EXPECT_THAT([&] { write_table({}, folder_.file("t.csv.gz"), false, {}); },
              ThrowsMessage<Error>(HasSubstr("leave out .gz")));
}

TEST_F(TableTest, ReadsWhatIsPackedByItsSecondExtension) {
  const Table table = read("t.csv", "id,n\n1,2\n");
  save_table(table, folder_.file("t.safetensors"), false, {});
  ASSERT_EQ(std::system(("gzip -k " + folder_.file("t.csv") + " " + folder_.file("t.safetensors")).c_str()),
            0);
  EXPECT_EQ(column_of(read_table(folder_.file("t.csv.gz"), {}, {}), "n"), "int [2]");
  EXPECT_EQ(column_of(read_table(folder_.file("t.safetensors.gz"), {}, {}), "n"), "int [2]");
  EXPECT_EQ(Artifact::read(folder_.file("t.safetensors.gz"), {}).kind(), "table");
  EXPECT_THAT([&] { Artifact::open(folder_.file("t.safetensors.gz")); },
              ThrowsMessage<Error>(HasSubstr("t.safetensors.gz: is packed by gzip")));
}

Column build(const std::string& name, const std::vector<Value>& values,
             std::optional<ColumnType> type = std::nullopt) {
  ColumnBuilder builder(name, type);
  for (const Value& value : values) builder.add(value, "here");
  return builder.finish();
}

Table sample() {
  Table table;
  table.ids = Ids::strings({"a", "17", "c, \"d\""});
  table.attributes.num_rows = 3;
  table.attributes.columns = {build("n", {1, Value(), -3}),
                              build("r", {1.0, 0.1, Value()}),
                              build("b", {true, false, Value()}),
                              build("s", {"tab\tand\nline", "", Value()}),
                              build("numbers", {"1", "2.5", "true"}),
                              build("t", {Value::List{"x", "y, z"}, Value::List{}, Value()}),
                              build("none", {Value(), Value(), Value()})};
  return table;
}

TEST_F(TableTest, WritesWhatItReads) {
  for (const char* name : {"t.jsonl", "t.csv", "t.tsv", "t.safetensors"}) {
    write_table(sample(), folder_.file(name), false, {});
    EXPECT_EQ(fingerprint(read_table(folder_.file(name), {}, {})), fingerprint(sample())) << name << "\n"
                                                                                          << text_of(name);
  }
}

TEST_F(TableTest, WritesJsonLinesAsPeopleWouldTypeThem) {
  write_table(sample(), folder_.file("t.jsonl"), false, {});
  EXPECT_THAT(text_of("t.jsonl"),
              HasSubstr("{\"id\":\"17\",\"n\":null,\"r\":0.1,\"b\":false,\"s\":\"\",\"numbers\":\"2.5\","
                        "\"t\":[],\"none\":null}\n"));
}

TEST_F(TableTest, WritesCsvAsPeopleWouldTypeIt) {
  write_table(sample(), folder_.file("t.csv"), false, {});
  EXPECT_THAT(text_of("t.csv"), HasSubstr("id,n,r,b,s,numbers,t,none\n"));
  EXPECT_THAT(text_of("t.csv"), HasSubstr("\n\"17\",,0.1,false,\"\",\"2.5\",[],\n"));
}

TEST_F(TableTest, WritesDatesAsText) {
  Table table;
  table.ids = Ids::row_numbers(2);
  table.attributes.num_rows = 2;
  table.attributes.columns = {build("day", {"2026-11-24", "2026-11-24T10:00:00Z"}, ColumnType::kDate)};
  write_table(table, folder_.file("t.csv"), false, {});
  EXPECT_EQ(text_of("t.csv"), "id,day\n0,2026-11-24\n1,2026-11-24T10:00:00Z\n");
}

TEST_F(TableTest, RefusesToLoseAnythingInWriting) {
  Table table;
  table.ids = Ids::row_numbers(1);
  table.attributes.num_rows = 1;
  table.attributes.columns = {build("r", {std::numeric_limits<double>::infinity()})};
  EXPECT_THAT([&] { write_table(table, folder_.file("t.jsonl"), false, {}); },
              ThrowsMessage<Error>(HasSubstr("\"r\"")));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("t.jsonl")));
  table.attributes.columns = {build("id", {1})};
  EXPECT_THAT([&] { write_table(table, folder_.file("t.csv"), false, {}); },
              ThrowsMessage<Error>(HasSubstr("\"id\"")));
}

TEST_F(TableTest, OverwritesOnlyWhenForced) {
  write("t.csv", "mine");
  EXPECT_THROW(write_table(sample(), folder_.file("t.csv"), false, {}), Error);
  EXPECT_EQ(text_of("t.csv"), "mine");
  write_table(sample(), folder_.file("t.csv"), true, {});
  EXPECT_NE(text_of("t.csv"), "mine");
  EXPECT_EQ(folder_.num_entries(), 1);
}

TEST_F(TableTest, WritesTheSameBytesAtAnyThreadCount) {
  ColumnBuilder squares("square");
  for (int64_t i = 0; i < 40'000; ++i) squares.add_int(i * i, "here");
  Table table;
  table.ids = Ids::row_numbers(40'000);
  table.attributes.num_rows = 40'000;
  table.attributes.columns.push_back(squares.finish());
  for (const int threads : {1, 5}) {
    Context context;
    context.threads = threads;
    write_table(table, folder_.file(concat("t", threads, ".csv")), false, context);
  }
  EXPECT_EQ(text_of("t1.csv"), text_of("t5.csv"));
  EXPECT_EQ(fingerprint(read_table(folder_.file("t5.csv"), {}, {})), fingerprint(table));
}

RC_GTEST_FIXTURE_PROP(TableTest, ReadsBackEveryTextItWrote, ()) {
  const auto text = rc::gen::container<std::string>(
      rc::gen::element('a', '1', '.', '-', '"', ',', '\t', '\n', '\r', ' ', '[', '{'));
  const auto texts = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(text));
  Table table;
  table.ids = Ids::row_numbers(std::ssize(texts));
  table.attributes.num_rows = std::ssize(texts);
  table.attributes.columns = {build("s", std::vector<Value>(texts.begin(), texts.end()))};
  const std::string name = *rc::gen::element<std::string>("t.csv", "t.tsv", "t.jsonl");
  write_table(table, folder_.file(name), true, {});
  RC_ASSERT(fingerprint(read_table(folder_.file(name), {}, {})) == fingerprint(table));
}

}  // namespace
}  // namespace whitney
