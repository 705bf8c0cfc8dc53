#include "apps/whitney/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "whitney/core/error.h"

namespace whitney::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Words split(const std::vector<std::string>& words) {
  return split_words(words, [](std::string_view name) { return name == "json" || name == "no_json"; });
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(SplitWords, TellsPositionalsFromOptions) {
  const Words words = split({"a", "--walk-length", "40", "b", "-k5", "-o", "x", "--dim=3", "-"});
  EXPECT_THAT(words.positionals, ElementsAre("a", "b", "-"));
  ASSERT_EQ(words.options.size(), 4U);
  EXPECT_EQ(words.options[0].name, "walk_length");
  EXPECT_EQ(words.options[0].value, "40");
  EXPECT_EQ(words.options[1].name, "k");
  EXPECT_EQ(words.options[1].value, "5");
  EXPECT_EQ(words.options[2].name, "o");
  EXPECT_EQ(words.options[3].name, "dim");
  EXPECT_EQ(words.options[3].value, "3");
}

TEST(SplitWords, LetsAFlagStandBeforeAPositional) {
  const Words words = split({"--json", "file", "--no-json", "true", "--json=false"});
  EXPECT_THAT(words.positionals, ElementsAre("file"));
  EXPECT_FALSE(words.options[0].value);
  EXPECT_EQ(words.options[1].value, "true");
  EXPECT_EQ(words.options[2].value, "false");
}

TEST(SplitWords, TakesNegativeNumbersAsValuesAndOptionsNot) {
  const Words words = split({"--vector", "-0.5,1", "--p", "-.5", "--q", "--r"});
  EXPECT_EQ(words.options[0].value, "-0.5,1");
  EXPECT_EQ(words.options[1].value, "-.5");
  EXPECT_FALSE(words.options[2].value);
  EXPECT_EQ(words.options[3].name, "r");
}

TEST(SplitWords, EndsOptionsAtTwoDashes) {
  const Words words = split({"--", "--json", "-k"});
  EXPECT_THAT(words.positionals, ElementsAre("--json", "-k"));
  EXPECT_TRUE(words.options.empty());
}

TEST(ParseSize, KnowsPowersOf1000And1024) {
  EXPECT_EQ(parse_size("4GB", "--max-memory"), 4'000'000'000);
  EXPECT_EQ(parse_size("1.5 KiB", "--max-memory"), 1536);
  EXPECT_EQ(parse_size("17", "--max-memory"), 17);
}

TEST(ParseSize, NamesTheOptionAndTheTextSeen) {
  for (const char* wrong : {"", "GB", "-3GB", "4XB", "0", "1e30GB"}) {
    const std::string message = message_of([&] { parse_size(wrong, "--max-memory"); });
    EXPECT_THAT(message, HasSubstr("--max-memory")) << wrong;
    EXPECT_THAT(message, HasSubstr(std::string("\"") + wrong + "\"")) << wrong;
  }
}

class ConfigTest : public testing::Test {
 protected:
  std::string write(const std::string& text) const {
    const std::string path = testing::TempDir() + "/config_" +
                             testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml";
    std::ofstream(path) << text;
    return path;
  }
  const std::vector<std::string> verbs_{"learn", "index"};
};

TEST_F(ConfigTest, ReadsGeneralKeysAndThoseOfTheVerb) {
  const std::string path = write(
      "seed = 7\nwalk-length = 40\n\n[learn]\nseed = 8\n[index]\nm = 16\n[base]\nmethod = \"fastrp\"\ndim = "
      "3\n");
  std::vector<std::string> seen;
  for (const ConfigValue& value : read_config(path, "learn", verbs_)) {
    seen.push_back(value.name + "=" + value.value.to_json() + value.where.substr(path.size()));
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAre("walk_length=40:2", "base=\"fastrp\":9", "base.dim=3:10",
                                                  "seed=8:5"));
}

TEST_F(ConfigTest, ReadsListsRealsAndBools) {
  const std::string path = write("ratios = [0.5, 1]\nquiet = true\n");
  const std::vector<ConfigValue> values = read_config(path, "learn", verbs_);
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].value.to_json() + values[1].value.to_json(), "[0.5,1]true");
}

TEST_F(ConfigTest, NamesFileAndLineOfWhatIsNoToml) {
  const std::string path = write("seed = 7\nwalk length = 40\n");
  EXPECT_THAT(message_of([&] { read_config(path, "learn", verbs_); }), HasSubstr(path + ":2: "));
}

TEST_F(ConfigTest, NamesFileAndLineOfADate) {
  const std::string path = write("\nseed = 2026-11-24\n");
  EXPECT_THAT(message_of([&] { read_config(path, "learn", verbs_); }), HasSubstr(path + ":2: "));
}

TEST_F(ConfigTest, NamesAFileThatIsMissing) {
  EXPECT_THAT(message_of([&] { read_config("/nowhere/whitney.toml", "learn", verbs_); }),
              HasSubstr("/nowhere/whitney.toml"));
}

}  // namespace
}  // namespace whitney::app
