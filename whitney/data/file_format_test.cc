#include "whitney/data/file_format.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"

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
  EXPECT_EQ(file_format("ml-100k.item", TxtMeaning::kText).format, FileFormat::kRecbole);
  EXPECT_EQ(file_format("csv", TxtMeaning::kText).format, FileFormat::kUnknown);
}

TEST(FileFormat, LooksThroughAPacking) {
  const FileName name = file_format("b.csv.zst", TxtMeaning::kText);
  EXPECT_EQ(name.format, FileFormat::kCsv);
  EXPECT_TRUE(name.is_packed);
  EXPECT_FALSE(file_format("b.csv", TxtMeaning::kText).is_packed);
  EXPECT_THAT([&] { check_not_packed("b.csv.zst", name); }, ThrowsMessage<Error>(HasSubstr("b.csv.zst: ")));
}

TEST(FileFormat, KnowsSafetensorsByTheirFirstBytes) {
  const TemporaryFolder folder;
  const auto begins = [&](std::string_view bytes) {
    std::ofstream(folder.file("a.ck"), std::ios::binary) << bytes;
    return begins_as_safetensors(folder.file("a.ck"));
  };
  const std::string_view header("\x0a\0\0\0\0\0\0\0{\"a\": {}} ", 18);
  EXPECT_TRUE(begins(header));
  EXPECT_FALSE(begins(header.substr(0, 10)));
  EXPECT_FALSE(begins("{\"id\": 1, \"a\": 2}\n"));  // JSON lines
  // A vector of integers: the width 10, then 0 and the number of the brace.
  EXPECT_FALSE(begins(std::string_view("\x0a\0\0\0\0\0\0\0{\0\0\0\1\0\0\0", 16)));
  EXPECT_FALSE(begins_as_safetensors(folder.file("none")));
}

// Bytes that are looked at in a pipe would be missing to who reads it.
TEST(FileFormat, LeavesAPipeUnread) {
  const TemporaryFolder folder;
  const std::string path = folder.file("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const int pipe = open(path.c_str(), O_RDWR);  // both ends, so that nobody waits for another
  const std::string_view header("\x0a\0\0\0\0\0\0\0{\"a\": {}} ", 18);
  ASSERT_EQ(write(pipe, header.data(), header.size()), 18);
  EXPECT_FALSE(begins_as_safetensors(path));
  std::array<char, 32> bytes{};
  EXPECT_EQ(read(pipe, bytes.data(), bytes.size()), 18);
  close(pipe);
}

TEST(FileFormat, TakesTxtAsTheCallerDoes) {
  EXPECT_EQ(file_format("b.txt.gz", TxtMeaning::kText).format, FileFormat::kText);
  EXPECT_EQ(file_format("b.txt", TxtMeaning::kWord2vec).format, FileFormat::kWord2vecText);
}

}  // namespace
}  // namespace whitney::data
