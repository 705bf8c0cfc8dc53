#include "whitney/data/json_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Each row as one text: line, id, fields by name, vector.
std::vector<std::string> rows_of(std::string_view text, const JsonLinesOptions& options = {},
                                 int threads = 1) {
  Context context;
  context.threads = threads;
  auto input = InputStream::over(text, "t.jsonl");
  std::vector<std::string> rows;
  read_json_lines(input, options, context, [&](JsonRow& row, const std::vector<std::string>& names) {
    std::string shown = std::to_string(row.line) + ":";
    if (const auto* integer = std::get_if<uint64_t>(&row.id)) shown += " id " + std::to_string(*integer);
    if (const auto* id = std::get_if<std::string>(&row.id)) shown += " id \"" + *id + "\"";
    for (const auto& [number, value] : row.fields) shown += " " + names[number] + "=" + value.to_json();
    for (const float value : row.vector) shown += concat(" ", value);
    rows.push_back(shown);
  });
  return rows;
}

std::string error_of(std::string_view text, const JsonLinesOptions& options = {}) {
  try {
    rows_of(text, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(JsonLines, GivesAnObjectALine) {
  EXPECT_THAT(rows_of("{\"id\":7,\"a\":1}\n\n{\"a\":2.5,\"b\":[\"x\",\"y\"],\"id\":\"k\"}\r\n{\"id\":-3,"
                      "\"b\":null,\"c\":true}"),
              ElementsAre("1: id 7 a=1", "3: id \"k\" a=2.5 b=[\"x\",\"y\"]", "4: id \"-3\" b=null c=true"));
}

TEST(JsonLines, GivesOnlyTheFieldsAskedFor) {
  JsonLinesOptions options;
  options.id_field = "key";
  options.only = {"b"};
  EXPECT_THAT(rows_of("{\"key\":1,\"a\":{\"deep\":[1]},\"b\":2}\n", options), ElementsAre("1: id 1 b=2"));
}

TEST(JsonLines, ReadsVectorsAsFloat32) {
  JsonLinesOptions options;
  options.vector_fields = {"vector", "embedding"};
  EXPECT_THAT(rows_of("{\"vector\":[1,2.5,-3e2]}\n{\"embedding\":[]}\n", options),
              ElementsAre("1: 1 2.5 -300", "2:"));
  EXPECT_THAT(error_of("{\"vector\":[1,\"x\"]}\n", options),
              HasSubstr("t.jsonl:1: field \"vector\": value 1 is a string"));
  EXPECT_THAT(error_of("{\"vector\":1}\n", options), HasSubstr("must be a list of numbers, not a number"));
  EXPECT_THAT(error_of("{\"vector\":[1e39]}\n", options), HasSubstr("beyond float32"));
  EXPECT_THAT(error_of("{\"vector\":[1],\"embedding\":[1]}\n", options), HasSubstr("second vector"));
}

TEST(JsonLines, ShowsWhatNoAttributeCanHoldAsAnObject) {
  EXPECT_THAT(rows_of("{\"a\":{\"b\":1},\"c\":[1,[2]]}\n"), ElementsAre("1: a={} c=[1,[]]"));
}

TEST(JsonLines, NamesTheLineOfBadJson) {
  EXPECT_THAT(error_of("{\"a\":1}\n{\"a\":}\n"), HasSubstr("t.jsonl:2: not valid JSON"));
  EXPECT_THAT(error_of("{\"a\":1} {\"a\":2}\n"), HasSubstr("t.jsonl:1: not valid JSON"));
  EXPECT_THAT(error_of("{\"a\":1}\n\n[1]\n"), HasSubstr("t.jsonl:3: expected a JSON object, found a list"));
  EXPECT_THAT(error_of("{\"a\":\"\xFF\"}\n"), HasSubstr("t.jsonl:1: not valid JSON"));
  EXPECT_THAT(error_of("{\"a\":1"), HasSubstr("t.jsonl:1: not valid JSON"));
}

TEST(JsonLines, NamesTheFieldOfABadValue) {
  EXPECT_THAT(error_of("{\"a\":1,\"a\":2}\n"), HasSubstr("t.jsonl:1: field \"a\" stands twice"));
  EXPECT_THAT(error_of("{\"a\":9223372036854775808}\n"),
              HasSubstr("field \"a\": 9223372036854775808 is above"));
  EXPECT_THAT(error_of("{\"id\":1.5}\n"), HasSubstr("field \"id\" is the id"));
  EXPECT_THAT(error_of("{\"id\":null}\n"), HasSubstr("not null"));
}

TEST(JsonLines, NamesTheLineWithoutARequiredId) {
  JsonLinesOptions options;
  options.id_field = "key";
  options.id_required = true;
  EXPECT_THAT(error_of("{\"key\":1}\n{\"kye\":2}\n", options),
              HasSubstr("t.jsonl:2: field \"key\" (the id) is missing"));
}

TEST(JsonLines, GivesTheSameRowsAtAnyThreadCount) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) {
    text += "{\"id\":" + std::to_string(i) + ",\"" + (i % 7 == 0 ? "odd" : "a") + std::to_string(i / 20'000) +
            "\":" + std::to_string(i % 13) + ",\"text\":\"some text that fills the line\"}\n";
  }
  const auto one = rows_of(text);
  EXPECT_EQ(one.size(), 60'000);
  EXPECT_EQ(one[40'001], "40002: id 40001 a2=0 text=\"some text that fills the line\"");
  EXPECT_EQ(rows_of(text, {}, 2), one);
  EXPECT_EQ(rows_of(text, {}, 5), one);
}

}  // namespace
}  // namespace whitney::data
