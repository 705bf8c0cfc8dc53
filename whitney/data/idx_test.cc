#include "whitney/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/data/readers.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string big_endian(std::initializer_list<uint32_t> words) {
  std::string text;
  for (const uint32_t word : words) {
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(word >> shift & 0xFF);
  }
  return text;
}

// The matrix shows the file's bytes in place, so that they must outlive it.
Matrix read(const std::string& file) {
  const auto owner = std::make_shared<std::string>(file);
  return read_idx({owner, *owner}, "a-ubyte");
}

TEST(ReadIdx, LaysImagesOutAsRows) {
  // Type 8 (bytes), 3 dimensions: 2 images of 2 x 3.
  const Matrix matrix = read(big_endian({0x00000803, 2, 2, 3}) + "abcdefghijkl");
  EXPECT_EQ(matrix.dtype(), DType::kU8);
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_THAT(matrix.row<uint8_t>(1), ElementsAre('g', 'h', 'i', 'j', 'k', 'l'));
}

TEST(ReadIdx, ReadsLabelsAsRowsOfOneValue) {
  const Matrix matrix = read(big_endian({0x00000801, 3}) + std::string("\x07\x02\x01", 3));
  EXPECT_EQ(matrix.rows(), 3);
  EXPECT_THAT(matrix.row<uint8_t>(0), ElementsAre(7));
}

TEST(ReadIdx, TurnsLargerTypesRound) {
  // 1.0 is 3f800000; type 13 is float.
  EXPECT_THAT(read(big_endian({0x00000D02, 1, 1, 0x3f800000})).row<float>(0), ElementsAre(1.0F));
  EXPECT_THAT(read(big_endian({0x00000C02, 1, 1, 0xFFFFFFFE})).row<int32_t>(0), ElementsAre(-2));
  EXPECT_THAT(read(big_endian({0x00000B02, 1, 2, 0x0001FFFF})).row<float>(0), ElementsAre(1.0F, -1.0F));
}

TEST(ReadIdx, TrustsNoSizeBeyondTheFile) {
  const auto error = [](const std::string& file) { return error_of([&] { read(file); }); };
  EXPECT_THAT(error(big_endian({0x00000802, 3, 2}) + "abcde"), HasSubstr("3 x 2 values of uint8"));
  EXPECT_THAT(error(big_endian({0x00000804, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}) + "a"),
              HasSubstr("dimension 2 tells of 4294967295"));
  EXPECT_THAT(error(big_endian({0x00000802, 0xFFFFFFFF, 0})), HasSubstr("width 0"));
  EXPECT_THAT(error(big_endian({0x000008FF, 1})), HasSubstr("inside its header of 255 dimensions"));
  EXPECT_THAT(error(big_endian({0x00000702, 1, 1}) + "a"), HasSubstr("the type of its values is 7"));
  EXPECT_THAT(error("\x89PNG"), HasSubstr("is no IDX file"));
}

TEST(ReadIdx, ReadsThePackedDigitsOfMnist) {
  const char* folder = std::getenv("WHITNEY_DATA");
  const std::string path =
      std::string(folder != nullptr ? folder : "../shared/data") + "/mnist/t10k-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << " (WHITNEY_DATA)";
  const Embeddings digits = read_vectors(path, {}, {});
  EXPECT_EQ(digits.size(), 10'000);
  EXPECT_EQ(digits.dim(), 784);
  EXPECT_EQ(digits.vectors.dtype(), DType::kU8);
}

}  // namespace
}  // namespace whitney::data
