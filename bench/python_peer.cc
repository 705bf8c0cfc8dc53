#include "bench/python_peer.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>

#include "whitney/core/error.h"

extern char** environ;

namespace whitney::bench {
namespace {

std::string_view name_of(std::string_view setting) { return setting.substr(0, setting.find('=')); }

// This process's environment, but for what the settings name.
std::vector<std::string> changed_environment(const std::vector<std::string>& settings) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const auto is_same = [&](const std::string& setting) { return name_of(setting) == name_of(*entry); };
    if (std::ranges::none_of(settings, is_same)) result.emplace_back(*entry);
  }
  std::ranges::copy_if(settings, std::back_inserter(result),
                       [](const std::string& setting) { return setting.find('=') != setting.npos; });
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

PythonPeer::PythonPeer(const std::string& script, const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment) {
  const char* given = std::getenv("WHITNEY_BENCH_PYTHON");
  const std::filesystem::path here = WHITNEY_BENCH_FOLDER;
  std::vector<std::string> words = {given != nullptr ? given : (here / "peers/.venv/bin/python").string(),
                                    (here / script).string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> settings = changed_environment(environment);

  std::signal(SIGPIPE, SIG_IGN);  // a peer that ended is told by its answer
  int down[2], up[2];
  if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) fail("no pipe can be made");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, down[0], 0);
  posix_spawn_file_actions_adddup2(&actions, up[1], 1);
  const int error = posix_spawnp(&process_, words[0].c_str(), &actions, nullptr, pointers(words).data(),
                                 pointers(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  close(down[0]);
  close(up[1]);
  questions_ = fdopen(down[1], "w");
  answers_ = fdopen(up[0], "r");
  try {
    if (error != 0) fail(words[0], " cannot be run");
    versions_ = ask(Value::object({{"question", "hello"}})).at("versions").as_string();
  } catch (const Error& problem) {
    std::fprintf(stderr, "left out: %s of %s: %s (bench/fetch_peers brings the peers)\n", script.c_str(),
                 words[0].c_str(), problem.what());
    std::fclose(answers_);
    answers_ = nullptr;
  }
}

PythonPeer::~PythonPeer() {
  if (questions_ != nullptr) std::fclose(questions_);
  if (answers_ != nullptr) std::fclose(answers_);
  if (process_ > 0) waitpid(process_, nullptr, 0);
}

Value PythonPeer::ask(const Value& question) {
  std::fprintf(questions_, "%s\n", question.to_json().c_str());
  std::fflush(questions_);
  std::string answer;
  for (int c = std::fgetc(answers_); c != EOF && c != '\n'; c = std::fgetc(answers_))
    answer += static_cast<char>(c);
  if (answer.empty()) fail("no answer");
  return Value::parse_json(answer, "the peer's answer");
}

}  // namespace whitney::bench
