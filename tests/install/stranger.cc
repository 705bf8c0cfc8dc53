// What somebody else's program looks like: it knows only what is installed.

#include <cstdio>

#include "whitney/core/registry.h"

int main() {
  const auto learners = whitney::Registry::instance().of(whitney::Verb::kLearn);
  for (const whitney::Method* method : learners) {
    std::printf("%s: %s\n", method->info.name.c_str(), method->info.summary.c_str());
  }
  return learners.empty() ? 1 : 0;
}
