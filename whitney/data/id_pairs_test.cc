#include "whitney/data/id_pairs.h"

#include <gtest/gtest.h>

#include <fstream>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

class IdPairsFile : public testing::Test {
 protected:
  IdPairs read(const std::string& text) {
    std::ofstream(path_) << text;
    return read_id_pairs(path_, {});
  }
  std::string refusal(const std::string& text) {
    return error_of([&] { read(text); });
  }
  TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/pairs.tsv";
};

TEST_F(IdPairsFile, KeepsOrderRepetitionsBlanksInIdsAndLines) {
  const IdPairs pairs = read("c++ 11\tc#\n\n#sales\tc++ 11\r\nc++ 11\tc#\nplain words\n");
  EXPECT_EQ(pairs.first, (std::vector<std::string>{"c++ 11", "#sales", "c++ 11", "plain"}));
  EXPECT_EQ(pairs.second, (std::vector<std::string>{"c#", "c++ 11", "c#", "words"}));
  EXPECT_EQ(pairs.lines, (std::vector<int64_t>{1, 3, 4, 5}));
}

TEST_F(IdPairsFile, NamesTheLineThatIsNoPair) {
  EXPECT_EQ(refusal("a\tb\na\tb\tc\n"), path_ + ":2: 3 fields (expected: two ids between a tab)");
  EXPECT_EQ(refusal("alone\n"), path_ + ":1: 1 field (expected: two ids between a tab)");
  EXPECT_EQ(refusal("a\t\n"), path_ + ":1: the second id is empty");
  EXPECT_EQ(refusal("\n"), path_ + ": there is no pair in this file (expected: two ids a line)");
}

}  // namespace
}  // namespace whitney
