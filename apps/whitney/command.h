#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/whitney/command_line.h"
#include "apps/whitney/session.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/core/value.h"

namespace whitney::app {

/// Options that every verb takes.
struct CommonOptions {
  std::optional<int> threads;
  int64_t seed = 42;
  bool json = false;
  bool quiet = false;
  std::optional<Path> config;
  bool force = false;
  std::optional<std::string> max_memory;

  void fields(auto&& field) {
    field("threads", threads, Range{1, 4096}, "Threads to use; absent: what the container allows");
    field("seed", seed, Range{0, 9007199254740992.0},
          "Seed of all random numbers: equal seeds give equal bytes");
    field("json", json, "Print the result as JSON on standard output");
    field("quiet", quiet, "Show no progress and no notes on standard error");
    field("config", config, "TOML file of options; the command line wins");
    field("force", force, "Overwrite an output that exists");
    field("max_memory", max_memory,
          "Memory that a run may plan to use, such as 4GB; absent: what the container allows");
  }
};

struct VerbCommand;

/// A command line, understood: every option is known and has a right value.
struct Command {
  const VerbCommand* verb = nullptr;
  /// Null for a verb without methods.
  const Method* method = nullptr;
  /// Positional words after the method.
  std::vector<std::string> inputs;
  CommonOptions common;
  /// Resolved options of the verb's own declaration.
  Value options = Value::object();
  /// As given, of the method's declaration.
  Value method_options = Value::object();
  /// What the verb will know only later (options of an index that is yet to be opened), as typed.
  std::vector<TypedOption> open_options;
  /// Names of the options that were typed (not those of the config file or by default).
  std::vector<std::string> typed;

  bool was_typed(std::string_view name) const;
};

/// What a verb leaves: text for people or, with --json, a value.
struct Outcome {
  std::string text;
  Value json = Value::object();
};

/// One verb of the command line; one file each.
struct VerbCommand {
  std::string name;
  /// Such as "METHOD INPUT -o OUTPUT".
  std::string arguments;
  std::string summary;
  std::string description;
  std::vector<std::string> examples;
  /// The verb whose methods the first positional names.
  std::optional<Verb> methods_of;
  /// The method of a line that names none and types this option of it: `compress X --budget 64MB` is by
  /// `auto`. Empty: a method is always named.
  struct ImpliedMethod {
    std::string option, method;
  } implied;
  size_t min_inputs = 0;
  size_t max_inputs = 0;
  std::vector<OptionSpec> options;
  /// Common options that do something here, besides json, quiet and config.
  std::vector<std::string> common;
  /// Among the verb's options, the one that a spare word was probably meant for, such as output.
  std::string spare_word;
  /// False for a verb that this version only names.
  bool is_ready = true;
  /// Keeps unknown options for the verb instead of refusing them.
  bool takes_open_options = false;
  /// Takes the rest of the line as it is ("estimate").
  bool takes_command_line = false;
  Outcome (*run)(const Command&, Session&) = nullptr;
  /// Null: there is nothing to estimate.
  Outcome (*estimate)(const Command&, Session&) = nullptr;
};

/// Understands the words after the program's name. Throws UsageError; Error for a verb that has no method
/// yet.
Command parse_command(std::span<const std::string> words);

/// Throws UsageError for the options that nobody knew, with the nearest known name.
[[noreturn]] void refuse_option(const Command& command, const TypedOption& option,
                                const std::vector<OptionSpec>& more_known);

/// "whitney index METHOD EMBEDDINGS -o OUTPUT ..."
std::string usage_of(const VerbCommand& verb);

/// Gives the sentence of a verb that has no method in this version.
std::string no_method_yet(std::string_view verb);

/// Gives the output that the verb needs. Throws UsageError when it is missing.
std::string required_output(const Command& command, const std::optional<Path>& output);

/// Runs a whole command line and returns the exit code: 0 done, 1 failed, 2 usage, 130 interrupted.
int run_program(std::span<const std::string> words);

}  // namespace whitney::app
