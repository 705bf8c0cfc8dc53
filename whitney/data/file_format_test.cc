#include "whitney/data/file_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/core/error.h"

namespace whitney::data {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(FileFormat, IsToldByTheEndOfTheName) {
  EXPECT_EQ(file_format("a/b.jsonl", TxtMeaning::kText).format, FileFormat::kJsonLines);
  EXPECT_EQ(file_format("b.NDJSON", TxtMeaning::kText).format, FileFormat::kJsonLines);
  EXPECT_EQ(file_format("train-images-idx3-ubyte", TxtMeaning::kText).format, FileFormat::kIdx);
  EXPECT_EQ(file_format("b.u8bin", TxtMeaning::kText).format, FileFormat::kU8bin);
  EXPECT_EQ(file_format("b.bin", TxtMeaning::kText).format, FileFormat::kWord2vecBinary);
  EXPECT_EQ(file_format("csv", TxtMeaning::kText).format, FileFormat::kUnknown);
}

TEST(FileFormat, LooksThroughAPacking) {
  const FileName name = file_format("b.csv.zst", TxtMeaning::kText);
  EXPECT_EQ(name.format, FileFormat::kCsv);
  EXPECT_TRUE(name.is_packed);
  EXPECT_FALSE(file_format("b.csv", TxtMeaning::kText).is_packed);
  EXPECT_THAT([&] { check_not_packed("b.csv.zst", name); }, ThrowsMessage<Error>(HasSubstr("b.csv.zst: ")));
}

TEST(FileFormat, TakesTxtAsTheCallerDoes) {
  EXPECT_EQ(file_format("b.txt.gz", TxtMeaning::kText).format, FileFormat::kText);
  EXPECT_EQ(file_format("b.txt", TxtMeaning::kWord2vec).format, FileFormat::kWord2vecText);
}

}  // namespace
}  // namespace whitney::data
