#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "apps/whitney/command.h"
#include "apps/whitney/completion.h"
#include "apps/whitney/help.h"
#include "apps/whitney/signals.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"

namespace whitney::app {
namespace {

constexpr int kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 130;

// Throws when standard output does not take it (a full disk, /dev/full).
void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fail("cannot write to standard output: ", std::strerror(errno));
  }
}

// The words whose --help tells most about a command line: its verb, and its method when there is one.
std::string words_with_help(std::span<const std::string> words) {
  const VerbCommand* verb = words.empty() ? nullptr : find_verb(words[0]);
  if (verb == nullptr) return "";
  const bool has_method = verb->methods_of && words.size() > 1 &&
                          Registry::instance().find(*verb->methods_of, words[1]) != nullptr;
  return words[0] + (has_method ? " " + words[1] : "") + " ";
}

bool asks_for_help(std::span<const std::string> words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

// Says which common options do nothing for this verb, so that nobody waits for their effect.
void report_unused(const Command& command, Session& session) {
  for (const std::string_view name : {"threads", "seed", "force", "max_memory"}) {
    const auto& used = command.verb->common;
    if (command.was_typed(name) && std::find(used.begin(), used.end(), name) == used.end()) {
      session.note(concat("option \"", dashed(name), "\" has no effect on ", command.verb->name));
    }
  }
}

void set_context(const CommonOptions& options, Context& context) {
  context.threads = options.threads.value_or(0);
  context.seed = static_cast<uint64_t>(options.seed);
  context.cancellation = &interruption();
  if (options.max_memory) context.max_memory_bytes = parse_size(*options.max_memory, "--max-memory");
}

int run_command(std::span<const std::string> words) {
  const Command command = parse_command(words);
  Session session(command.common.quiet);
  set_context(command.common, session.context);
  report_unused(command, session);
  if (command.verb->run == nullptr) fail(no_method_yet(command.verb->name));
  Outcome outcome = command.verb->run(command, session);
  session.clear_progress();
  if (!command.common.json) {
    print(outcome.text);
    return kDone;
  }
  if (outcome.json.is_object() && outcome.json.find("notes") == nullptr) {
    outcome.json.set("notes", Value::List(session.notes().begin(), session.notes().end()));
  }
  print(outcome.json.to_json(2) + "\n");
  return kDone;
}

int run_words(std::span<const std::string> words) {
  if (words.empty()) {
    std::fputs(general_help().c_str(), stderr);
    return kUsage;
  }
  if (words[0] == "--complete") {
    print(complete(words.subspan(1)));
  } else if (words[0] == "--help" || words[0] == "-h" || (words[0] == "help" && words.size() == 1)) {
    print(general_help());
  } else if (words[0] == "--version" || words[0] == "-V") {
    print(concat("whitney ", kVersion, "\n"));
  } else if (words[0] == "help") {
    print(help_for(words.subspan(1)));
  } else if (asks_for_help(words)) {
    print(help_for(words));
  } else if (words[0].starts_with('-')) {
    const std::vector<std::string> known{"--help", "--version"};
    throw UsageError(concat("\"", words[0], "\" stands where a verb is due", did_you_mean(words[0], known)));
  } else {
    return run_command(words);
  }
  return kDone;
}

int say(int code, const std::string& sentence) {
  std::fprintf(stderr, "whitney: %s\n", sentence.c_str());
  return code;
}

}  // namespace

int run_program(std::span<const std::string> words) {
  try {
    return run_words(words);
  } catch (const UsageError& error) {
    say(kUsage, error.what());
    std::fprintf(stderr, "Try 'whitney %s--help'.\n", words_with_help(words).c_str());
    return kUsage;
  } catch (const Cancelled&) {
    return say(kInterrupted, "interrupted; no output was written");
  } catch (const Error& error) {
    // A read that a signal ended fails with a sentence of its own.
    if (interruption().requested()) return say(kInterrupted, "interrupted; no output was written");
    return say(kFailed, error.what());
  } catch (const std::bad_alloc&) {
    return say(kFailed, "out of memory (`whitney estimate ...` tells how much a run needs)");
  } catch (const std::exception& error) {
    return say(kFailed, error.what());
  }
}

}  // namespace whitney::app
