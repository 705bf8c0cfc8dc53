#include "whitney/linalg/selected_rows.h"

#include <gmock/gmock.h>

#include <vector>

namespace whitney {
namespace {

TEST(SelectedRows, AreInTheirOrderAndPackedAlsoOfAWiderStride) {
  const std::vector<float> values = {0, 1, -1, 10, 11, -1, 20, 21, -1};
  const MatrixView view{values.data(), 3, 2, 3, DType::kF32};
  const std::vector<uint32_t> rows = {2, 0, 2};
  const Matrix selected = selected_rows<uint32_t>(view, rows);
  ASSERT_EQ(selected.rows(), 3);
  const auto* first = selected.row<float>(0).data();
  EXPECT_THAT(std::vector<float>(first, first + 6), testing::ElementsAre(20, 21, 0, 1, 20, 21));
}

}  // namespace
}  // namespace whitney
