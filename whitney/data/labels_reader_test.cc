// Labels as read_labels finds them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LabelsTest : public testing::Test {
 protected:
  Labels read(std::string_view text) const {
    std::ofstream(folder_.file("labels.txt"), std::ios::binary) << text;
    return read_labels(folder_.file("labels.txt"), {});
  }
  // Each row as "id: label, label".
  std::vector<std::string> rows_of(std::string_view text) const {
    const Labels labels = read(text);
    std::vector<std::string> rows;
    for (int64_t row = 0; row < labels.num_rows(); ++row) {
      const auto i = static_cast<size_t>(row);
      std::string shown = labels.ids.text(row) + ":";
      for (auto c = labels.starts[i]; c < labels.starts[i + 1]; ++c) {
        shown += " " + labels.names[labels.codes[static_cast<size_t>(c)]];
      }
      rows.push_back(shown);
    }
    return rows;
  }
  std::string error_of(std::string_view text) const {
    try {
      read(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

TEST_F(LabelsTest, ReadsOneOrSeveralLabelsALine) {
  const Labels labels = read("5 b\n3 c a\n4 b\n");
  EXPECT_EQ(labels.ids, Ids::integers({5, 3, 4}));
  EXPECT_THAT(labels.names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(labels.starts, ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(labels.codes, ElementsAre(1, 0, 2, 1));
}

TEST_F(LabelsTest, TakesTabsCommasAndSpaces) {
  EXPECT_THAT(rows_of("a\tNew York\tPlace\nb\tPlace\n"), ElementsAre("a: New York Place", "b: Place"));
  EXPECT_THAT(rows_of("a,\"x, y\",z\nb,z,\n"), ElementsAre("a: x, y z", "b: z"));
  EXPECT_THAT(rows_of("a  x\ty \nb x\r\n"), ElementsAre("a: x y", "b: x"));
}

TEST_F(LabelsTest, TakesAnySeparatorBetweenNumbers) {
  EXPECT_THAT(rows_of("0\t3,5\n1\t4\n2\t3 4\n"), ElementsAre("0: 3 5", "1: 4", "2: 3 4"));
}

TEST_F(LabelsTest, SkipsCommentsBlankLinesAndAHeading) {
  EXPECT_THAT(rows_of("# Rock\tPop\nnode label\n\n1 0\n2 1\n"), ElementsAre("1: 0", "2: 1"));
  EXPECT_THAT(rows_of("paper,topic\n1,7\n"), ElementsAre("1: 7"));
  EXPECT_THAT(rows_of("anna,red\nbert,blue\n"), ElementsAre("anna: red", "bert: blue"));
}

TEST_F(LabelsTest, JoinsTheLinesOfOneId) {
  EXPECT_THAT(rows_of("1 b\n2 b\n1 a\n1 b\n"), ElementsAre("1: a b", "2: b"));
}

TEST_F(LabelsTest, KeepsTextIds) {
  EXPECT_FALSE(read("n1 a\n2 b\n").ids.is_integer());
  EXPECT_FALSE(read("01 a\n2 b\n").ids.is_integer());
}

TEST_F(LabelsTest, ReadsJsonLines) {
  EXPECT_THAT(rows_of("{\"id\":\"x\",\"label\":\"a\"}\n{\"id\":7,\"labels\":[\"c\",\"b\"],\"other\":{}}\n{"
                      "\"id\":8,\"label\":3}\n"),
              ElementsAre("x: a", "7: b c", "8: 3"));
}

TEST_F(LabelsTest, NamesTheLineOfABadLabel) {
  EXPECT_THAT(error_of("1 a\n2\n"), HasSubstr("labels.txt:2: no label behind the id \"2\""));
  EXPECT_THAT(error_of("x\ta\ny\t\tb\n"), HasSubstr("labels.txt:2: field 2 (a label) is empty"));
  EXPECT_THAT(error_of("x\ta\n\tb\n"), HasSubstr("labels.txt:2: field 1 (the id) is empty"));
  EXPECT_THAT(error_of("{\"id\":1,\"label\":1.5}\n"), HasSubstr("labels.txt:1: field \"label\" holds 1.5"));
  EXPECT_THAT(error_of("{\"id\":1,\"labels\":[]}\n"), HasSubstr("labels.txt:1: no label"));
  EXPECT_THAT(error_of("{\"label\":\"a\"}\n"), HasSubstr("labels.txt:1: field \"id\" (the id) is missing"));
}

TEST_F(LabelsTest, SaysThatThereIsNoLabel) {
  EXPECT_THAT(error_of(""), HasSubstr("labels.txt: no label in this file"));
  EXPECT_THAT(error_of("# nothing\n"), HasSubstr("no label in this file"));
  EXPECT_THAT(error_of("id\tlabel\n"), HasSubstr("no label in this file"));
  EXPECT_THAT(error_of("a\n"), HasSubstr("labels.txt:1: no label behind the id"));
}

TEST_F(LabelsTest, ReadsBlogCatalogAsItsAuthorsCountedIt) {
  const char* const data = std::getenv("WHITNEY_DATA");
  const std::string path =
      std::string(data != nullptr ? data : "../shared/data") + "/blogcatalog/labels.txt.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << " (set WHITNEY_DATA)";
  const Labels labels = read_labels(path, {});
  EXPECT_EQ(labels.num_rows(), 10'312);
  EXPECT_EQ(labels.codes.size(), 14'476);
  EXPECT_EQ(labels.names.size(), 39);
}

}  // namespace
}  // namespace whitney
