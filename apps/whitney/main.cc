#include <string>
#include <vector>

#include "apps/whitney/command.h"
#include "apps/whitney/signals.h"

int main(int argc, char** argv) {
  whitney::app::catch_interruptions();
  const std::vector<std::string> words(argv + 1, argv + argc);
  return whitney::app::run_program(words);
}
