#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace whitney::app {

/// Tells another program how far a command is: a JSON object a line, {"stage", "done", "total", "unit"} or
/// {"note"}, to the open file whose number stands in WHITNEY_PROGRESS_FD. The Python package reads it while
/// it waits for a training.
class ProgressPipe {
 public:
  /// Without the variable, or with one that is no number of an open file, nothing is written.
  ProgressPipe();
  /// Written ten times a second at most, and at the beginning and end of a stage.
  void advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit);
  void note(std::string_view sentence);

 private:
  void write_line(const std::string& line);

  int fd_ = -1;
  std::string stage_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace whitney::app
