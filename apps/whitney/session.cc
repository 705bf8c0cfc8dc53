#include "apps/whitney/session.h"

#include <chrono>
#include <cmath>
#include <cstdio>

namespace whitney::app {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Stopwatch::Stopwatch() : start_ns_(now_ns()) {}

double Stopwatch::seconds() const { return static_cast<double>(now_ns() - start_ns_) * 1e-9; }

std::string seconds_text(double seconds) {
  char text[64];
  if (seconds < 60) {
    std::snprintf(text, sizeof(text), seconds < 10 ? "%.2f s" : "%.1f s", seconds);
    return text;
  }
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600)
    std::snprintf(text, sizeof(text), "%ld min %ld s", static_cast<long>(whole / 60),
                  static_cast<long>(whole % 60));
  else
    std::snprintf(text, sizeof(text), "%ld h %ld min", static_cast<long>(whole / 3600),
                  static_cast<long>(whole / 60 % 60));
  return text;
}

std::string count_text(int64_t count) {
  std::string text = std::to_string(count);
  const size_t first = text[0] == '-' ? 1 : 0;
  for (size_t i = text.size(); i > first + 3;) {
    i -= 3;
    text.insert(i, ",");
  }
  return text;
}

}  // namespace whitney::app
