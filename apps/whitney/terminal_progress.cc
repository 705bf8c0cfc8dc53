#include "apps/whitney/terminal_progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "apps/whitney/session.h"
#include "whitney/core/error.h"

namespace whitney::app {
namespace {

constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(5);
constexpr int kBarWidth = 24;

}  // namespace

std::string progress_text(std::string_view stage, int64_t done, int64_t total, std::string_view unit,
                          double seconds, int64_t done_at_start) {
  std::string text = concat(stage, ": ", count_text(done));
  if (total > 0) {
    text += concat(" of ", count_text(total), " ", unit, " (", 100 * done / total, " %)");
  } else {
    text += concat(" ", unit);
  }
  if (seconds <= 0 || done <= done_at_start) return text;
  const double rate = static_cast<double>(done - done_at_start) / seconds;
  text += concat(", ", rate >= 10 ? count_text(std::llround(rate)) : concat(std::round(rate * 100) / 100),
                 " ", unit, "/s");
  if (total > done) text += ", " + seconds_text(static_cast<double>(total - done) / rate) + " left";
  return text;
}

TerminalProgress::TerminalProgress(bool quiet) : quiet_(quiet), is_terminal_(isatty(STDERR_FILENO) == 1) {}

TerminalProgress::~TerminalProgress() { clear(); }

void TerminalProgress::clear() {
  const std::lock_guard lock(mutex_);
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

const TerminalProgress::Stage& TerminalProgress::entered(std::string_view stage, int64_t done,
                                                         Clock::time_point now) {
  auto found = stages_.find(stage);
  if (found == stages_.end()) found = stages_.emplace(stage, Stage{now, done, done}).first;
  Stage& entry = found->second;
  if (done < entry.last_done) entry = {now, done, done};
  entry.last_done = done;
  return entry;
}

void TerminalProgress::advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) {
  const std::lock_guard lock(mutex_);
  pipe_.advance(stage, done, total, unit);
  if (quiet_) return;
  const Clock::time_point now = Clock::now();
  const Stage& entry = entered(stage, done, now);
  if (stage != stage_) {
    stage_ = stage;
    last_shown_ = now;
    return;
  }
  if (now - last_shown_ < (is_terminal_ ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval)))
    return;
  last_shown_ = now;
  const double seconds = std::chrono::duration<double>(now - entry.start).count();
  const std::string text = progress_text(stage, done, total, unit, seconds, entry.done_at_start);
  if (!is_terminal_) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return;
  }
  std::string bar;
  if (total > 0) {
    const auto filled = static_cast<size_t>(kBarWidth * done / total);
    bar = "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "] ";
  }
  std::fprintf(stderr, "\r\033[K%s%s", bar.c_str(), text.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void TerminalProgress::note(std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  notes_.emplace_back(sentence);
  pipe_.note(sentence);
  if (quiet_) return;
  std::fprintf(stderr, "%snote: %s\n", drawn_ ? "\r\033[K" : "", notes_.back().c_str());
  drawn_ = false;
}

}  // namespace whitney::app
