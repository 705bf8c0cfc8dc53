#include "apps/whitney/progress_pipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace whitney::app {
namespace {

// A pipe whose writing end WHITNEY_PROGRESS_FD names.
class Pipe {
 public:
  Pipe() {
    EXPECT_EQ(pipe(ends_), 0);
    setenv("WHITNEY_PROGRESS_FD", std::to_string(ends_[1]).c_str(), 1);
  }
  ~Pipe() {
    unsetenv("WHITNEY_PROGRESS_FD");
    close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  std::string text() {
    close(ends_[1]);
    std::string text;
    char buffer[512];
    for (ssize_t n; (n = read(ends_[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<size_t>(n));
    return text;
  }

 private:
  int ends_[2];
};

TEST(ProgressPipe, WritesALineForTheEndsOfAStageAndEachNote) {
  Pipe pipe;
  ProgressPipe progress;
  for (int64_t done = 0; done <= 50; ++done) progress.advance("training", done, 50, "steps");
  progress.note("a \"word\"");
  const std::string text = pipe.text();
  EXPECT_THAT(text, ::testing::StartsWith(R"({"stage":"training","done":0,"total":50,"unit":"steps"})"
                                          "\n"));
  EXPECT_THAT(text, ::testing::EndsWith(R"({"stage":"training","done":50,"total":50,"unit":"steps"})"
                                        "\n{\"note\":\"a \\\"word\\\"\"}\n"));
  EXPECT_LT(text.size(), 1000u);  // not fifty
}

TEST(ProgressPipe, IsSilentWithoutAnOpenFile) {
  setenv("WHITNEY_PROGRESS_FD", "712", 1);
  ProgressPipe progress;
  progress.advance("training", 0, 1, "steps");
  unsetenv("WHITNEY_PROGRESS_FD");
}

}  // namespace
}  // namespace whitney::app
