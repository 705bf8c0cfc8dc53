#include "whitney/data/bin_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
std::string file_of(uint32_t rows, uint32_t cols, const std::vector<T>& values) {
  const std::array<uint32_t, 2> shape = {rows, cols};
  std::string text(reinterpret_cast<const char*>(shape.data()), 8);
  return text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// The matrix shows the file's bytes in place, so that they must outlive it.
Matrix read(const std::string& file, DType dtype = DType::kF32) {
  const auto owner = std::make_shared<std::string>(file);
  return read_bin_matrix({owner, *owner}, dtype, "a.fbin");
}

TEST(ReadBinMatrix, ReadsRowsAndColumnsThenTheValues) {
  const Matrix matrix = read(file_of<float>(2, 3, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_THAT(matrix.row<float>(1), ElementsAre(4, 5, 6));
  EXPECT_THAT(read(file_of<uint8_t>(1, 3, {0, 128, 255}), DType::kU8).row<uint8_t>(0),
              ElementsAre(0, 128, 255));
  EXPECT_THAT(read(file_of<int32_t>(1, 1, {-7}), DType::kI32).row<int32_t>(0), ElementsAre(-7));
}

TEST(ReadBinMatrix, ReadsValuesAtAnOddAddress) {
  const std::string shifted = "x" + file_of<float>(1, 2, {1.5, -2});
  const Matrix matrix = read_bin_matrix({nullptr, std::string_view(shifted).substr(1)}, DType::kF32, "a");
  EXPECT_THAT(matrix.row<float>(0), ElementsAre(1.5, -2));
}

TEST(ReadBinMatrix, TrustsNoSizeBeyondTheFile) {
  const auto error = [](uint32_t rows, uint32_t cols) {
    return error_of([&] { read(file_of<float>(rows, cols, {1, 2})); });
  };
  EXPECT_THAT(error(3, 1), HasSubstr("a.fbin: the header tells of 3 x 1 values of float32"));
  EXPECT_THAT(error(3, 1), HasSubstr("cut short"));
  EXPECT_THAT(error(1, 1), HasSubstr("the 8 bytes behind it"));
  EXPECT_THAT(error(4294967295U, 4294967295U), HasSubstr("4294967295 x 4294967295"));
  EXPECT_THAT(error(4294967295U, 0), HasSubstr("width 0"));
  EXPECT_THAT(error_of([] { read("1234567"); }), HasSubstr("has 7 bytes, too few for its header"));
}

}  // namespace
}  // namespace whitney::data
