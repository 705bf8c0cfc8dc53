#include "apps/whitney/progress_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>

#include "whitney/core/value.h"

namespace whitney::app {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);

}  // namespace

ProgressPipe::ProgressPipe() {
  const char* text = std::getenv("WHITNEY_PROGRESS_FD");
  if (text == nullptr) return;
  const std::string_view number(text);
  int fd = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), fd);
  if (error != std::errc() || end != number.data() + number.size() || fcntl(fd, F_GETFD) == -1) return;
  fd_ = fd;
  std::signal(SIGPIPE, SIG_IGN);  // whoever asked may be gone
}

void ProgressPipe::advance(std::string_view stage, int64_t done, int64_t total, std::string_view unit) {
  if (fd_ < 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (stage == stage_ && done != total && now - last_ < kInterval) return;
  stage_ = stage;
  last_ = now;
  write_line(Value::object({{"stage", stage}, {"done", done}, {"total", total}, {"unit", unit}}).to_json());
}

void ProgressPipe::note(std::string_view sentence) {
  if (fd_ >= 0) write_line(Value::object({{"note", sentence}}).to_json());
}

// A line is shorter than what a pipe takes at once, so that lines never mix.
void ProgressPipe::write_line(const std::string& line) {
  const std::string text = line + "\n";
  if (write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size())) return;
  fd_ = -1;
  if (errno == EPIPE) std::raise(SIGTERM);  // nobody waits for the result any more
}

}  // namespace whitney::app
