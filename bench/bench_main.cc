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

}  // namespace whitney::bench
