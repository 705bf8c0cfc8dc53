#include "bench/child_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "whitney/core/error.h"

extern char** environ;

namespace whitney::bench {

void run_to_end(const std::vector<std::string>& words, int output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t process = 0;
  const int error = posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(words[0], ": cannot be started");
  int status = 0;
  if (waitpid(process, &status, 0) != process || status != 0) fail(words[0], ": failed");
}

std::string answer_of(const std::vector<std::string>& words) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("no pipe can be made");
  run_to_end(words, ends[1]);
  close(ends[1]);
  std::string answer(1 << 16, '\0');
  answer.resize(static_cast<size_t>(std::max<ssize_t>(0, read(ends[0], answer.data(), answer.size()))));
  close(ends[0]);
  return answer;
}

}  // namespace whitney::bench
