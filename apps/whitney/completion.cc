#include "apps/whitney/completion.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "apps/whitney/command.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/registry.h"

namespace whitney::app {
namespace {

std::string starting_with(const std::set<std::string>& candidates, std::string_view start) {
  std::string text;
  for (const std::string& candidate : candidates) {
    if (candidate.starts_with(start)) text += candidate + "\n";
  }
  return text;
}

std::vector<OptionSpec> options_of(const VerbCommand& verb, const Method* method) {
  std::vector<OptionSpec> specs = verb.options;
  for (const OptionSpec& spec : option_specs<CommonOptions>()) specs.push_back(spec);
  if (method != nullptr) specs.insert(specs.end(), method->options.begin(), method->options.end());
  return specs;
}

std::set<std::string> values_of(const OptionSpec& spec) {
  std::set<std::string> values(spec.choices.begin(), spec.choices.end());
  if (spec.kind != OptionKind::kMethod) return values;
  for (const Method* method : Registry::instance().all()) {
    if (name_of(method->verb) == spec.verb) values.insert(method->info.name);
  }
  return values;
}

std::set<std::string> method_names(const VerbCommand& verb) {
  std::set<std::string> names;
  for (const Method* method : Registry::instance().all()) {
    if (verb.name == "methods" || (verb.methods_of && method->verb == *verb.methods_of))
      names.insert(method->info.name);
  }
  return names;
}

}  // namespace

std::string complete(std::span<const std::string> words) {
  if (words.size() > 1 && words[0] == "estimate") words = words.subspan(1);
  const std::string last = words.empty() ? "" : words.back();
  if (words.size() <= 1) {
    const std::vector<std::string> names = verb_names();
    std::set<std::string> candidates(names.begin(), names.end());
    if (last.starts_with('-')) candidates = {"--help", "--version"};
    return starting_with(candidates, last);
  }
  const VerbCommand* verb = find_verb(words[0]);
  if (verb == nullptr) return "";
  const bool names_method = verb->methods_of || verb->name == "methods";
  const Method* method = nullptr;
  if (verb->methods_of && words.size() > 2) method = Registry::instance().find(*verb->methods_of, words[1]);

  const std::vector<OptionSpec> specs = options_of(*verb, method);
  if (last.starts_with('-')) {
    std::set<std::string> candidates{"--help"};
    for (const OptionSpec& spec : specs) candidates.insert(dashed(spec.name));
    return starting_with(candidates, last);
  }
  for (const OptionSpec& spec : specs) {
    if (dashed(spec.name) == words[words.size() - 2]) return starting_with(values_of(spec), last);
  }
  return names_method && words.size() == 2 ? starting_with(method_names(*verb), last) : "";
}

}  // namespace whitney::app
