#include "whitney/data/fvecs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
std::string vector_of(const std::vector<T>& values, int32_t width) {
  std::string text(reinterpret_cast<const char*>(&width), 4);
  return text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

Matrix read(const std::string& file, DType dtype = DType::kF32) {
  return read_fvecs({nullptr, file}, dtype, "a.fvecs", {});
}

TEST(ReadFvecs, ReadsEachVectorBehindItsWidth) {
  const Matrix matrix = read(vector_of<float>({1, 2, 3}, 3) + vector_of<float>({-4, 5, 0.5}, 3));
  EXPECT_EQ(matrix.rows(), 2);
  EXPECT_THAT(matrix.row<float>(1), ElementsAre(-4, 5, 0.5));
}

TEST(ReadFvecs, ReadsIntegersAndBytesToo) {
  EXPECT_THAT(read(vector_of<int32_t>({-1, 1 << 30}, 2), DType::kI32).row<int32_t>(0),
              ElementsAre(-1, 1 << 30));
  const Matrix bytes =
      read(vector_of<uint8_t>({7, 8, 255}, 3) + vector_of<uint8_t>({0, 1, 2}, 3), DType::kU8);
  EXPECT_THAT(bytes.row<uint8_t>(0), ElementsAre(7, 8, 255));
  EXPECT_THAT(bytes.row<uint8_t>(1), ElementsAre(0, 1, 2));
}

TEST(ReadFvecs, NamesTheVectorOfAnotherWidth) {
  const std::string file =
      vector_of<float>({1, 2}, 2) + vector_of<float>({1, 2}, 2) + vector_of<float>({3, 4}, 3);
  EXPECT_THAT(error_of([&] { read(file); }), HasSubstr("a.fvecs: vector 2 tells the width 3"));
}

TEST(ReadFvecs, NamesAWidthThatTheFileCannotHold) {
  EXPECT_THAT(error_of([] { read(vector_of<float>({1, 2}, 2'000'000'000)); }),
              HasSubstr("vector 0 tells the width 2000000000, which needs 8000000004 bytes"));
  EXPECT_THAT(error_of([] { read(vector_of<float>({1}, 0)); }), HasSubstr("the width 0"));
  EXPECT_THAT(error_of([] { read(vector_of<float>({1}, -1)); }), HasSubstr("the width -1"));
}

TEST(ReadFvecs, ThrowsErrorWhereverTheLastVectorIsCut) {
  const std::string file = vector_of<float>({1, 2}, 2) + vector_of<float>({3, 4}, 2);
  for (size_t size = 0; size < file.size(); ++size) {
    if (size == 12) continue;  // the first vector alone is a file
    EXPECT_NE(error_of([&] { read(file.substr(0, size)); }), "no error") << size;
  }
  EXPECT_THAT(error_of([&] { read(file.substr(0, 17)); }), HasSubstr("inside vector 1 (5 of its 12 bytes"));
}

}  // namespace
}  // namespace whitney::data
