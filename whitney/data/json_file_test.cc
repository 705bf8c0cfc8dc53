#include "whitney/data/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::data {
namespace {

using ::testing::HasSubstr;

Value parse(const std::string& text) { return parse_json_with_big_integers(text, "a.json"); }

TEST(JsonFile, ReadsIntegersBeyond64BitsAsReals) {
  const Value value =
      parse(R"({"model_max_length": 1000000000000000019884624838656, "n":[-99999999999999999999]})");
  EXPECT_EQ(value.at("model_max_length").as_real(), 1e30);
  EXPECT_EQ(value.at("n").as_list()[0].as_real(), -1e20);
}

TEST(JsonFile, LeavesEverythingElseAlone) {
  const std::string digits = "1000000000000000019884624838656";
  EXPECT_EQ(parse("{\"" + digits + "\":\"\\\"" + digits + "\"}").to_json(),
            "{\"" + digits + "\":\"\\\"" + digits + "\"}");
  EXPECT_EQ(parse("9223372036854775807").as_int(), 9223372036854775807);
  EXPECT_EQ(parse("0.1000000000000000055511151231257827").as_real(), 0.1);
  EXPECT_EQ(parse("1000000000000000019884624838656e-30").as_real(), 1.0);
  EXPECT_EQ(parse("12345678901234567890.5").as_real(), 12345678901234567890.5);
}

TEST(JsonFile, NamesTheFileThatIsBroken) {
  TemporaryFolder folder;
  const auto error = [&](const std::string& text) {
    std::ofstream(folder.file("c.json"), std::ios::binary) << text;
    return error_of([&] { read_json_file(folder.file("c.json")); });
  };
  EXPECT_THAT(error(""), HasSubstr("c.json: is empty"));
  EXPECT_THAT(error("{\"a\":"), HasSubstr("c.json"));
  EXPECT_THAT(error("{\"a\":\"" + std::string(3, '\\')), HasSubstr("c.json"));
  EXPECT_THAT(error("\"" + std::string(40, '9')), HasSubstr("c.json"));
  EXPECT_THAT(error_of([&] { read_json_file(folder.file("none.json")); }),
              HasSubstr("none.json: cannot be read"));
}

}  // namespace
}  // namespace whitney::data
