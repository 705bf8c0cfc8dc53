#include "whitney/data/block_journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

std::span<const std::byte> block_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string text_of(const std::vector<std::byte>& block) {
  return {reinterpret_cast<const char*>(block.data()), block.size()};
}

TEST(BlockJournal, GoesOnWhereItWas) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.partial");
  {
    BlockJournal journal(path, "key");
    EXPECT_EQ(journal.num_blocks(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));  // nothing was done yet
    journal.append(block_of("first"));
    journal.append(block_of(""));
  }
  BlockJournal journal(path, "key");
  ASSERT_EQ(journal.num_blocks(), 2);
  EXPECT_EQ(text_of(journal.read(0)), "first");
  EXPECT_EQ(text_of(journal.read(1)), "");
  journal.append(block_of("third"));
  EXPECT_EQ(text_of(BlockJournal(path, "key").read(2)), "third");
  journal.remove();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(BlockJournal, DropsWhatWasHalfWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.partial");
  {
    BlockJournal journal(path, "key");
    journal.append(block_of("first"));
    journal.append(block_of("second"));
  }
  const auto whole = static_cast<int64_t>(std::filesystem::file_size(path));
  const int64_t one = whole - 16 - 6;  // without the head and the bytes of the second
  for (int64_t size = whole - 1; size >= one; --size) {
    std::filesystem::resize_file(path, static_cast<uintmax_t>(size));
    EXPECT_EQ(BlockJournal(path, "key").num_blocks(), 1) << size;
  }
  BlockJournal journal(path, "key");
  journal.append(block_of("again"));
  EXPECT_EQ(text_of(BlockJournal(path, "key").read(1)), "again");
}

TEST(BlockJournal, ForgetsBlocksFromOneOn) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.partial");
  BlockJournal journal(path, "key");
  for (const char* text : {"first", "other", "third"}) journal.append(block_of(text));
  journal.drop_from(1);
  EXPECT_EQ(BlockJournal(path, "key").num_blocks(), 1);
  journal.append(block_of("again"));  // as long as what it stands in place of
  const BlockJournal read(path, "key");
  ASSERT_EQ(read.num_blocks(), 2);
  EXPECT_EQ(text_of(read.read(1)), "again");
}

TEST(BlockJournal, DropsABlockThatChanged) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.partial");
  BlockJournal(path, "key").append(block_of("first"));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('x');
  file.close();
  EXPECT_EQ(BlockJournal(path, "key").num_blocks(), 0);
}

TEST(BlockJournal, StartsAnewForOtherWork) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.partial");
  BlockJournal(path, "one").append(block_of("first"));
  BlockJournal journal(path, "two");
  EXPECT_TRUE(journal.held_other_work());
  EXPECT_EQ(journal.num_blocks(), 0);
  journal.append(block_of("other"));
  EXPECT_EQ(text_of(BlockJournal(path, "two").read(0)), "other");
  EXPECT_EQ(BlockJournal(path, "one").num_blocks(), 0);
}

TEST(BlockJournal, LeavesAFileThatIsNoJournalAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.file("out.partial");
  std::ofstream(path) << "somebody's notes, longer than a heading of a journal";
  EXPECT_NE(error_of([&] { BlockJournal(path, "key"); }).find("out.partial: is in the way"),
            std::string::npos);
}

}  // namespace
}  // namespace whitney
