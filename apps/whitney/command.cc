#include "apps/whitney/command.h"

#include <algorithm>

#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"

namespace whitney::app {
namespace {

const OptionSpec* find_spec(const std::vector<OptionSpec>& specs, std::string_view name) {
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& s) { return s.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

const std::vector<OptionSpec>& common_specs() {
  static const std::vector<OptionSpec> specs = option_specs<CommonOptions>();
  return specs;
}

bool is_bool(const OptionSpec* spec) {
  return spec != nullptr && spec->kind == OptionKind::kBool && !spec->is_list;
}

// `no_directed` -> `directed`, when that is a bool.
std::string_view without_no(std::string_view name) {
  return name.starts_with("no_") ? name.substr(3) : std::string_view();
}

// Puts typed and configured values where their declaration is.
class OptionFiller {
 public:
  explicit OptionFiller(Command& command) : command_(command) {}

  Value common = Value::object();
  Value own = Value::object();

  const OptionSpec* find(std::string_view name) const {
    if (const OptionSpec* spec = find_spec(common_specs(), name)) return spec;
    if (const OptionSpec* spec = find_spec(command_.verb->options, name)) return spec;
    if (command_.method == nullptr) return nullptr;
    return find_option(*command_.method, name, command_.method_options);
  }

  void typed(const TypedOption& option) {
    TypedOption plain = option;
    // `encode` has an --output of another meaning, so that its file goes by -o alone.
    if (plain.name == "o")
      plain.name = find_spec(command_.verb->options, "output_file") ? "output_file" : "output";
    const OptionSpec* spec = find(plain.name);
    if (spec == nullptr && is_bool(find(without_no(plain.name)))) {
      if (plain.value) throw UsageError(concat("option \"", dashed(plain.name), "\" takes no value"));
      plain = {std::string(without_no(plain.name)), "false"};
      spec = find(plain.name);
    }
    if (spec == nullptr) {
      if (!command_.verb->takes_open_options) refuse_option(command_, option, {});
      command_.open_options.push_back(option);
      return;
    }
    if (command_.was_typed(plain.name))
      throw UsageError(concat("option \"", dashed(plain.name), "\" is given twice"));
    command_.typed.push_back(plain.name);
    if (!plain.value) {
      if (!is_bool(spec)) {
        throw UsageError(
            concat("option \"", dashed(plain.name), "\" needs a value (expected: ", spec->type_text(), ")"));
      }
      plain.value = "true";
    }
    put(plain.name, parse_option_text(*spec, *plain.value));
  }

  void configured(const ConfigValue& option) {
    if (command_.was_typed(option.name)) return;
    const OptionSpec* spec = find(option.name);
    if (spec == nullptr && command_.verb->takes_open_options) {
      command_.open_options.push_back(
          {option.name, option.value.is_string() ? option.value.as_string() : option.value.to_json()});
      return;
    }
    try {
      if (spec == nullptr) refuse_option(command_, {option.name, {}}, {});
      put(option.name, check_option(*spec, option.value));
    } catch (const UsageError& error) {
      throw UsageError(option.where + ": " + error.what());
    }
  }

 private:
  void put(const std::string& name, Value value) {
    if (find_spec(common_specs(), name) != nullptr)
      common.set(name, std::move(value));
    else if (find_spec(command_.verb->options, name) != nullptr)
      own.set(name, std::move(value));
    else
      command_.method_options.set(name, std::move(value));
  }

  Command& command_;
};

// Options of parts ("base.dim") are known only once the part ("base") is chosen: fewer dots first.
template <class Named>
void choices_first(std::vector<Named>& options) {
  std::stable_sort(options.begin(), options.end(), [](const Named& a, const Named& b) {
    return std::count(a.name.begin(), a.name.end(), '.') < std::count(b.name.begin(), b.name.end(), '.');
  });
}

// Whether a name stands without a value, before the method is known: any declaration of the verb that has it
// decides.
bool is_flag(const VerbCommand& verb, std::string_view name) {
  if (name == "help") return true;
  for (const std::string_view candidate : {name, without_no(name)}) {
    if (candidate.empty()) continue;
    if (is_bool(find_spec(common_specs(), candidate)) || is_bool(find_spec(verb.options, candidate)))
      return true;
    if (!verb.methods_of) continue;
    const std::string_view last = candidate.substr(candidate.rfind('.') + 1);
    for (const Method* method : Registry::instance().all()) {
      if (method->verb == *verb.methods_of && is_bool(find_spec(method->options, candidate))) return true;
      // A part may be a method of another verb.
      if (method->verb != *verb.methods_of && last == candidate) continue;
      if (is_bool(find_spec(method->options, last))) return true;
    }
  }
  return false;
}

std::string method_list(Verb verb) {
  std::string list;
  for (const Method* method : Registry::instance().of(verb))
    list += (list.empty() ? "" : ", ") + method->info.name;
  return list;
}

// A word in the place of a method that is one of another verb, or an input; else the registry's sentence.
const Method& get_method(Verb verb, const std::string& word) {
  if (const Method* method = Registry::instance().find(verb, word)) return *method;
  for (const Method* method : Registry::instance().all()) {
    if (method->info.name != word) continue;
    throw UsageError(concat("\"", word, "\" is a method of ", name_of(method->verb), ", not of ",
                            name_of(verb), " (known: ", method_list(verb), ")"));
  }
  if (word == "-" || word.find_first_of("./") != word.npos) {
    throw UsageError(concat(name_of(verb), " needs a method before its input \"", word,
                            "\" (known: ", method_list(verb), ")"));
  }
  return Registry::instance().get(verb, word);  // throws with the nearest name
}

// Whether the words name no method, and an option tells which one is meant.
bool is_implied(const VerbCommand& verb, const Words& words) {
  if (verb.implied.option.empty()) return false;
  const bool is_typed = std::ranges::any_of(
      words.options, [&](const TypedOption& option) { return option.name == verb.implied.option; });
  if (!is_typed || words.positionals.size() > verb.max_inputs) return false;
  return words.positionals.empty() ||
         Registry::instance().find(*verb.methods_of, words.positionals.front()) == nullptr;
}

void take_method(Command& command, Words& words) {
  const Verb verb = *command.verb->methods_of;
  if (Registry::instance().of(verb).empty()) fail(no_method_yet(command.verb->name));
  if (is_implied(*command.verb, words)) {
    command.method = &Registry::instance().get(verb, command.verb->implied.method);
    return;
  }
  std::vector<std::string>& positionals = words.positionals;
  if (positionals.empty()) {
    throw UsageError(concat(command.verb->name, " needs a method (known: ", method_list(verb), ")"));
  }
  command.method = &get_method(verb, positionals.front());
  positionals.erase(positionals.begin());
}

std::string short_name(const std::string& option) { return option == "output" ? "-o" : dashed(option); }

void check_inputs(const Command& command) {
  const VerbCommand& verb = *command.verb;
  const size_t given = command.inputs.size();
  if (given >= verb.min_inputs && given <= verb.max_inputs) return;
  const std::string usage = concat(" (", usage_of(verb), ")");
  if (given < verb.min_inputs) {
    throw UsageError(concat(verb.name, given == 0 ? " needs an input" : " needs one word more", usage));
  }
  const std::string& spare = command.inputs[verb.max_inputs];
  const bool is_meant = !verb.spare_word.empty() && !command.was_typed(verb.spare_word);
  throw UsageError(
      concat("\"", spare, "\" is one word too many for ", verb.name,
             is_meant ? concat("; did you mean ", short_name(verb.spare_word), " ", spare, "?") : "", usage));
}

std::string words_of(const Command& command) {
  return command.method == nullptr ? command.verb->name
                                   : command.verb->name + " " + command.method->info.name;
}

}  // namespace

bool Command::was_typed(std::string_view name) const {
  return std::find(typed.begin(), typed.end(), name) != typed.end();
}

void refuse_option(const Command& command, const TypedOption& option,
                   const std::vector<OptionSpec>& more_known) {
  std::vector<std::string> names;
  if (command.method != nullptr) {
    const Value resolved = resolve_options(*command.method, command.method_options);
    for (const auto& [name, value] : resolved.as_object()) names.push_back(dashed(name));
  }
  for (const auto* specs : {&more_known, &command.verb->options, &common_specs()}) {
    for (const OptionSpec& spec : *specs) names.push_back(dashed(spec.name));
  }
  names.emplace_back("--help");
  const std::string typed = dashed(option.name);
  std::string hint = did_you_mean(typed, names);
  if (hint.empty()) {
    for (const std::string& name : names) hint += (hint.empty() ? " (known: " : ", ") + name;
    hint += ")";
  }
  throw UsageError(concat("unknown option \"", typed, "\" of ", words_of(command), hint));
}

std::string usage_of(const VerbCommand& verb) {
  return concat("whitney ", verb.name, verb.arguments.empty() ? "" : " ", verb.arguments);
}

std::string no_method_yet(std::string_view verb) {
  return concat("this version has no method of \"", verb, "\" yet (`whitney methods` lists what it has)");
}

std::string required_output(const Command& command, const std::optional<Path>& output) {
  if (!output) throw UsageError(concat(words_of(command), " needs -o OUTPUT"));
  if (output->value == "-" && command.common.json) {
    throw UsageError("--json and -o - would both write to standard output: leave one out");
  }
  return output->value;
}

Command parse_command(std::span<const std::string> words) {
  WHITNEY_CHECK(!words.empty(), "a command line without a verb");
  Command command;
  command.verb = find_verb(words[0]);
  if (command.verb == nullptr) {
    throw UsageError(concat("unknown verb \"", words[0], "\"", did_you_mean(words[0], verb_names())));
  }
  const VerbCommand& verb = *command.verb;
  if (verb.takes_command_line) {
    command.inputs.assign(words.begin() + 1, words.end());
    if (command.inputs.empty())
      throw UsageError(concat(verb.name, " needs a command line (", usage_of(verb), ")"));
    const Command other = parse_command(command.inputs);
    if (other.verb == command.verb) throw UsageError(concat(verb.name, " of ", verb.name, " makes no sense"));
    command.common = other.common;
    return command;
  }
  Words split = split_words(words.subspan(1), [&](std::string_view name) { return is_flag(verb, name); });
  if (verb.methods_of) take_method(command, split);
  command.inputs = std::move(split.positionals);

  OptionFiller filler(command);
  choices_first(split.options);
  for (const TypedOption& option : split.options) filler.typed(option);
  if (const Value* config = filler.common.find("config")) {
    std::vector<ConfigValue> configured = read_config(config->as_string(), verb.name, verb_names());
    choices_first(configured);
    for (const ConfigValue& option : configured) filler.configured(option);
  }
  command.common = options_from<CommonOptions>(filler.common);
  Method own;
  own.info.name = verb.name;
  own.options = verb.options;
  command.options = resolve_options(own, filler.own);
  if (command.method != nullptr) resolve_options(*command.method, command.method_options);
  check_inputs(command);
  return command;
}

}  // namespace whitney::app
