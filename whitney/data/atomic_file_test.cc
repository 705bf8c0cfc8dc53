#include "whitney/data/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Lets this process write no file beyond a size, as a quota or a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size_bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{size_bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST(AtomicFile, AppearsAtCommitAndNotBefore) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder.file("a"), false);
    file.write("one ");
    file.write("two");
    EXPECT_FALSE(std::filesystem::exists(folder.file("a")));
    file.commit();
  }
  EXPECT_EQ(text_of(folder.file("a")), "one two");
  EXPECT_EQ(folder.num_entries(), 1);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder.file("a"), false);
    file.write(std::string(3 << 20, 'x'));
  }
  EXPECT_EQ(folder.num_entries(), 0);
}

TEST(AtomicFile, KeepsTheOldFileUntilTheNewOneIsWhole) {
  const TemporaryFolder folder;
  spill(folder.file("a"), "old");
  {
    AtomicFile file(folder.file("a"), true);
    file.write("new");
  }
  EXPECT_EQ(text_of(folder.file("a")), "old");
  AtomicFile file(folder.file("a"), true);
  file.write("new");
  file.commit();
  EXPECT_EQ(text_of(folder.file("a")), "new");
  EXPECT_EQ(folder.num_entries(), 1);
}

TEST(AtomicFile, RefusesAnExistingOutputUnlessForced) {
  const TemporaryFolder folder;
  spill(folder.file("a"), "old");
  EXPECT_THAT(error_of([&] { AtomicFile(folder.file("a"), false); }),
              HasSubstr(folder.file("a") + ": exists already; --force"));
  EXPECT_THAT(error_of([&] { check_output(folder.file("a"), false); }), HasSubstr("exists already"));
  EXPECT_NO_THROW(check_output(folder.file("a"), true));
}

TEST(AtomicFile, RefusesAnOutputThatAppearedMeanwhile) {
  const TemporaryFolder folder;
  AtomicFile file(folder.file("a"), false);
  file.write("mine");
  spill(folder.file("a"), "theirs");
  EXPECT_THAT(error_of([&] { file.commit(); }), HasSubstr("appeared while this ran"));
  EXPECT_EQ(text_of(folder.file("a")), "theirs");
}

TEST(AtomicFile, RefusesFoldersThatAreOneOrNone) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { AtomicFile(folder.path(), true); }), HasSubstr("is a folder"));
  EXPECT_THAT(error_of([&] { AtomicFile(folder.file("none/a"), true); }), HasSubstr("none does not exist"));
  EXPECT_THAT(error_of([] { AtomicFile("", true); }), HasSubstr("no name"));
}

TEST(AtomicFile, LeavesNothingBehindOnAFullDisk) {
  const TemporaryFolder folder;
  {
    const FileSizeLimit limit(1 << 20);
    AtomicFile file(folder.file("a"), false);
    EXPECT_THAT(error_of([&] {
                  for (int i = 0; i < 8; ++i) file.write(std::string(700'000, 'x'));
                  file.commit();
                }),
                HasSubstr(folder.file("a") + ": cannot be written"));
  }
  EXPECT_EQ(folder.num_entries(), 0);
}

TEST(AtomicFile, KeepsTheOldFileOnAFullDisk) {
  const TemporaryFolder folder;
  spill(folder.file("a"), "old");
  {
    const FileSizeLimit limit(1000);
    AtomicFile file(folder.file("a"), true);
    file.write(std::string(5000, 'x'));  // gathered: the disk is asked at commit
    EXPECT_THAT(error_of([&] { file.commit(); }), HasSubstr("cannot be written"));
  }
  EXPECT_EQ(text_of(folder.file("a")), "old");
  EXPECT_EQ(folder.num_entries(), 1);
}

TEST(AtomicFile, TellsOfAFullDevice) {
  AtomicFile file("/dev/full", false);
  file.write("x");
  EXPECT_THAT(error_of([&] { file.commit(); }), HasSubstr("/dev/full: cannot be written: No space left"));
}

TEST(AtomicFile, WritesAtPlacesOfTheirOwn) {
  const TemporaryFolder folder;
  AtomicFile file(folder.file("a"), false);
  file.write_at(4, "efgh", 4);
  file.write_at(0, "abcd", 4);
  file.commit();
  EXPECT_EQ(text_of(folder.file("a")), "abcdefgh");
}

TEST(AtomicFile, FollowsASymbolicLinkToItsTarget) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("far"));
  std::filesystem::create_symlink("far/target", folder.file("link"));
  AtomicFile file(folder.file("link"), false);
  file.write("x");
  file.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link")));
  EXPECT_EQ(text_of(folder.file("far/target")), "x");
}

TEST(AtomicFile, KeepsTwoWritersOfOneNameApart) {
  const TemporaryFolder folder;
  AtomicFile first(folder.file("a"), true), second(folder.file("a"), true);
  first.write("first");
  second.write("second");
  second.commit();
  first.commit();
  EXPECT_EQ(text_of(folder.file("a")), "first");
  EXPECT_EQ(folder.num_entries(), 1);
}

TEST(AtomicFile, CopiesToStandardOutputAtCommit) {
  const TemporaryFolder folder;
  std::fflush(stdout);
  const int kept = dup(STDOUT_FILENO);
  const int target = open(folder.file("out").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_GE(target, 0);
  dup2(target, STDOUT_FILENO);
  std::string before_commit;
  {
    AtomicFile file("-", false);
    file.write("whole");
    before_commit = text_of(folder.file("out"));
    file.commit();
    AtomicFile unfinished("-", false);
    unfinished.write("half");
  }
  dup2(kept, STDOUT_FILENO);
  close(kept);
  close(target);
  EXPECT_EQ(before_commit, "");
  EXPECT_EQ(text_of(folder.file("out")), "whole");
}

}  // namespace
}  // namespace whitney
