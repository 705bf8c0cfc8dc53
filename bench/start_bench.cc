// Claim: `whitney --help` is answered in less than 20 ms, from the start of the process to its end. Beside
// it, the floor (a program that does nothing) and what a program in Python takes before it does anything.
// Fails when the median is above, or when the program does not answer as it should.
//
//   start_bench [--program FILE] [--runs 51]     (default: the program of the build that the bench belongs
//   to)

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/child_program.h"
#include "bench/pairs.h"
#include "whitney/core/error.h"

namespace whitney::bench {
namespace {

constexpr double kMostMilliseconds = 20;

struct Program {
  std::string name;
  std::vector<std::string> words;
  std::vector<double> milliseconds;
};

// build/bin/bench/start_bench -> build/bin/whitney
std::string program_of_this_build() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "whitney").string();
}

bool run(const std::string& program, int64_t num_runs) {
  std::vector<Program> programs = {{"whitney --help", {program, "--help"}, {}},
                                   {"whitney methods hnsw", {program, "methods", "hnsw"}, {}},
                                   {"true (the floor)", {"true"}, {}},
                                   {"python3 -c pass", {"python3", "-c", "pass"}, {}}};
  if (!answer_of(programs[0].words).starts_with("Usage: whitney ")) fail(program, ": --help gives no help");
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) fail("/dev/null: cannot be opened");
  for (int64_t round = -1; round < num_runs; ++round) {
    for (Program& one : programs) {
      const double seconds = seconds_of([&] { run_to_end(one.words, nowhere); });
      if (round >= 0) one.milliseconds.push_back(1000 * seconds);  // the first one warms up
    }
  }
  close(nowhere);
#ifdef NDEBUG
  constexpr std::string_view kBuild = "optimised, without assertions";
#else
  constexpr std::string_view kBuild = "NOT a release build";
#endif
  std::printf("%s (the bench beside it: %s), %lld runs in turns\n", program.c_str(), kBuild.data(),
              static_cast<long long>(num_runs));
  const double floor = median(programs[2].milliseconds);
  for (const Program& one : programs) {
    const double middle = median(one.milliseconds);
    std::printf("%-22s median %6.2f ms (least %.2f, most %.2f), %5.1f times the floor\n", one.name.c_str(),
                middle, *std::ranges::min_element(one.milliseconds),
                *std::ranges::max_element(one.milliseconds), middle / floor);
  }
  const bool holds = median(programs[0].milliseconds) < kMostMilliseconds;
  std::printf("%s\n", holds ? "below 20 ms" : "NOT below 20 ms");
  return holds;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  try {
    std::string program = whitney::bench::program_of_this_build();
    int64_t num_runs = 51;
    const std::span<char*> words(argv, static_cast<size_t>(argc));
    for (size_t i = 1; i + 1 < words.size(); i += 2) {
      if (std::string_view(words[i]) == "--program") program = words[i + 1];
      if (std::string_view(words[i]) == "--runs") num_runs = std::max(30, std::stoi(words[i + 1]));
    }
    return whitney::bench::run(program, num_runs) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "start_bench: %s\n", error.what());
    return 1;
  }
}
