#include "whitney/data/node_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NodeTypesReader : public ::testing::Test {
 protected:
  NodeTypes read(const std::string& text) {
    std::ofstream(path_) << text;
    return read_node_types(path_, Context());
  }
  std::string error(const std::string& text) {
    return error_of([&] { read(text); });
  }

 private:
  TemporaryFolder folder_;
  std::string path_ = folder_.file("types.tsv");
};

TEST_F(NodeTypesReader, ReadsATypeForEachNode) {
  const NodeTypes types = read("# nodes\nann\tauthor\np 1\tpaper\r\n\nbob\tauthor\nann\tauthor\n7\tvenue");
  EXPECT_EQ(types.ids.size(), 4);
  EXPECT_EQ(types.ids.text(1), "p 1");
  EXPECT_EQ(types.ids.text(3), "7");
  EXPECT_THAT(types.names, ElementsAre("author", "paper", "venue"));
  EXPECT_THAT(types.types, ElementsAre(0, 1, 0, 2));
}

TEST_F(NodeTypesReader, NamesTheLineOfWhatIsNoType) {
  EXPECT_THAT(error("a\tx\n\nb\n"), HasSubstr("types.tsv:3: \"b\" has no type"));
  EXPECT_THAT(error("a\tx\nb\t\n"), HasSubstr("types.tsv:2: field 2 (the type) is empty"));
  EXPECT_THAT(error("\tx\n"), HasSubstr("types.tsv:1: field 1 (the node) is empty"));
  EXPECT_THAT(error("a\tx\ty\n"), HasSubstr("types.tsv:1: more than two fields"));
}

TEST_F(NodeTypesReader, NamesTheLineOfASecondTypeOfANode) {
  EXPECT_THAT(error("a\tx\nb\ty\na\ty\n"),
              HasSubstr("types.tsv:3: node \"a\" is of type \"y\", and was of \"x\" before"));
}

TEST_F(NodeTypesReader, RefusesAFileWithoutTypes) {
  EXPECT_THAT(error("# nothing\n"), HasSubstr("no type in this file"));
}

}  // namespace
}  // namespace whitney
