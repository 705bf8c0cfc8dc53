#include "whitney/graph/row_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RowFile, GivesRowsAsTheyWereWritten) {
  Matrix whole;
  {
    const TemporaryFolder folder;
    RowFile file(folder.file("rows"), 5, 3);
    const std::vector<float> wide = {1, 2, 3, 4, 5, 6, 7, 8, 9}, narrow = {10, 11};
    file.write(std::vector<uint32_t>{0, 1, 4}, wide.data(), 3, 0);
    file.write(std::vector<uint32_t>{1, 3}, narrow.data(), 1, 2);
    const Matrix some = file.read(std::vector<uint32_t>{1, 2, 4});
    EXPECT_THAT(some.row<float>(0), ElementsAre(4, 5, 10));
    EXPECT_THAT(some.row<float>(1), ElementsAre(0, 0, 0));
    EXPECT_THAT(some.row<float>(2), ElementsAre(7, 8, 9));
    whole = file.map();
  }
  // File and folder are gone, the mapping stays.
  EXPECT_THAT(whole.row<float>(0), ElementsAre(1, 2, 3));
  EXPECT_THAT(whole.row<float>(3), ElementsAre(0, 0, 11));
}

TEST(RowFile, NamesAFileThatCannotBeMade) {
  EXPECT_THAT(error_of([] { RowFile("/nowhere/rows", 1, 1); }),
              HasSubstr("/nowhere/rows: cannot be written"));
}

}  // namespace
}  // namespace whitney::graph
