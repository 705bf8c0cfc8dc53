#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "apps/whitney/progress_pipe.h"
#include "whitney/core/context.h"

namespace whitney::app {

/// Draws progress on standard error: a bar on a terminal, a line every few seconds in a log, nothing when
/// quiet. Another program may hear of it too (ProgressPipe).
class TerminalProgress : public Progress {
 public:
  explicit TerminalProgress(bool quiet);
  ~TerminalProgress() override;

  void advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) override;
  void note(std::string_view sentence) override;
  /// Takes the bar off the screen.
  void clear();
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  using Clock = std::chrono::steady_clock;
  /// A stage as it was first heard of: work that a checkpoint had done counts for no rate.
  struct Stage {
    Clock::time_point start;
    int64_t done_at_start = 0, last_done = 0;
  };
  /// Gives the stage's entry, begun now if it is new or if its count began again.
  const Stage& entered(std::string_view stage, int64_t done, Clock::time_point now);

  std::mutex mutex_;
  const bool quiet_;
  const bool is_terminal_;
  bool drawn_ = false;
  std::string stage_;
  /// By name: a training comes back to its steps after each validation.
  std::map<std::string, Stage, std::less<>> stages_;
  Clock::time_point last_shown_;
  std::vector<std::string> notes_;
  ProgressPipe pipe_;
};

/// Writes one state of work: "learning: 1,200 of 5,000 walks (24 %), 310 walks/s, 12 s left". The rate is
/// that of the `seconds` in which `done_at_start` became `done`.
std::string progress_text(std::string_view stage, int64_t done, int64_t total, std::string_view unit,
                          double seconds, int64_t done_at_start = 0);

}  // namespace whitney::app
