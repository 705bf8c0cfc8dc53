#include "bench/bench_main.h"

#include <cstdio>
#include <exception>

namespace whitney::bench {

int bench_main(std::string_view name, const std::function<bool()>& body) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    return body() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(name.size()), name.data(), error.what());
    return 1;
  }
}

Context one_thread() {
  Context context;
  context.threads = 1;
  return context;
}

std::string digits(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace whitney::bench
