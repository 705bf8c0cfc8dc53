#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/whitney/terminal_progress.h"
#include "whitney/core/context.h"

namespace whitney::app {

/// What a run of a verb is given besides its options: the context, and where notes go.
class Session {
 public:
  explicit Session(bool quiet) : progress_(quiet) { context.progress = &progress_; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Context context;

  /// Says one sentence on standard error (and in the JSON result).
  void note(std::string_view sentence) { progress_.note(sentence); }
  /// All notes so far.
  const std::vector<std::string>& notes() const { return progress_.notes(); }
  /// Takes an unfinished bar off the screen.
  void clear_progress() { progress_.clear(); }

 private:
  TerminalProgress progress_;
};

/// Seconds since this was made, as people read them.
class Stopwatch {
 public:
  Stopwatch();
  double seconds() const;

 private:
  int64_t start_ns_;
};

/// Writes seconds for people: "0.42 s", "3 min 20 s".
std::string seconds_text(double seconds);
/// Writes a count with thousands separated: "63,000".
std::string count_text(int64_t count);

}  // namespace whitney::app
