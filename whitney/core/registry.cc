#include "whitney/core/registry.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/core/plug_in.h"

namespace whitney {
namespace {

const OptionSpec* find_own(const Method& method, std::string_view name) {
  for (const OptionSpec& spec : method.options) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

Verb verb_of(std::string_view name) {
  for (const Verb verb :
       {Verb::kLearn, Verb::kEncode, Verb::kCompress, Verb::kIndex, Verb::kEvaluate, Verb::kDiagnose}) {
    if (name_of(verb) == name) return verb;
  }
  WHITNEY_CHECK(false, "a declaration names the verb ", name);
  return Verb::kLearn;
}

// The method that a choice names in what was given, or by its default; null when there is none.
const Method* chosen_method(const OptionSpec& choice, const Value& given) {
  const Value* value = given.find(choice.name);
  const Value& name = value != nullptr ? *value : choice.default_value;
  if (!name.is_string() || name.as_string().empty()) return nullptr;
  return &Registry::instance().get(verb_of(choice.verb), name.as_string());
}

// The members of `given` under "prefix.", without it.
Value members_under(const Value& given, std::string_view prefix) {
  Value result = Value::object();
  const std::string start = std::string(prefix) + ".";
  for (const auto& [key, value] : given.as_object()) {
    if (key.starts_with(start)) result.set(key.substr(start.size()), value);
  }
  return result;
}

void collect_names(const Method& method, const Value& given, const std::string& prefix,
                   std::vector<std::string>& names) {
  for (const OptionSpec& spec : method.options) {
    names.push_back(prefix + spec.name);
    if (spec.kind != OptionKind::kMethod) continue;
    if (const Method* part = chosen_method(spec, given)) {
      collect_names(*part, members_under(given, spec.name), prefix + spec.name + ".", names);
    }
  }
}

void resolve_into(const Method& method, const Value& given, const std::string& prefix,
                  Value::Object& resolved) {
  for (const OptionSpec& spec : method.options) {
    const Value* value = given.find(spec.name);
    resolved.emplace_back(prefix + spec.name,
                          value != nullptr ? check_option(spec, *value) : spec.default_value);
    if (spec.kind != OptionKind::kMethod) continue;
    if (const Method* part = chosen_method(spec, given)) {
      resolve_into(*part, members_under(given, spec.name), prefix + spec.name + ".", resolved);
    }
  }
}

}  // namespace

std::string_view name_of(Verb verb) {
  static constexpr std::string_view kNames[] = {"learn", "encode",   "compress",
                                                "index", "evaluate", "diagnose"};
  return kNames[static_cast<size_t>(verb)];
}

Registry& Registry::instance() {
  static Registry registry;
  return registry;
}

void Registry::add(Method method) {
  WHITNEY_CHECK(find(method.verb, method.info.name) == nullptr, "the method ", method.info.name,
                " is declared twice");
  methods_.push_back(std::make_unique<Method>(std::move(method)));
  std::sort(methods_.begin(), methods_.end(), [](const auto& a, const auto& b) {
    return std::pair(a->verb, a->info.name) < std::pair(b->verb, b->info.name);
  });
}

const Method* Registry::find(Verb verb, std::string_view name) const {
  for (const auto& method : methods_) {
    if (method->verb == verb && method->info.name == name) return method.get();
  }
  return nullptr;
}

const Method& Registry::get(Verb verb, std::string_view name) const {
  if (const Method* method = find(verb, name)) return *method;
  std::vector<std::string> names;
  std::string list;
  for (const Method* method : of(verb)) {
    names.push_back(method->info.name);
    list += (list.empty() ? "" : ", ") + method->info.name;
  }
  if (names.empty()) throw UsageError(concat("no method of \"", name_of(verb), "\" is in this version"));
  const std::string hint = did_you_mean(name, names);
  throw UsageError(concat("unknown method \"", name, "\" of ", name_of(verb),
                          hint.empty() ? " (known: " + list + ")" : hint));
}

std::vector<const Method*> Registry::all() const {
  std::vector<const Method*> result;
  for (const auto& method : methods_) result.push_back(method.get());
  return result;
}

std::vector<const Method*> Registry::of(Verb verb) const {
  std::vector<const Method*> result;
  for (const auto& method : methods_) {
    if (method->verb == verb) result.push_back(method.get());
  }
  return result;
}

void require_part(const Method& method) {
  if (!method.info.part.empty()) require_plug_in(method.info.part, method.info.name);
}

Value resolve_options(const Method& method, const Value& given) {
  const Value& options = given.is_null() ? Value::object() : given;
  std::vector<std::string> names;
  collect_names(method, options, "", names);
  for (const auto& member : options.as_object()) {
    const std::string& key = member.first;
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    throw UsageError(concat("unknown option \"", key, "\" of ", method.info.name, did_you_mean(key, names)));
  }
  Value::Object resolved;
  resolve_into(method, options, "", resolved);
  return Value::object(std::move(resolved));
}

const OptionSpec* find_option(const Method& method, std::string_view dotted_name, const Value& given) {
  if (const OptionSpec* own = find_own(method, dotted_name)) return own;
  const size_t dot = dotted_name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const OptionSpec* choice = find_own(method, dotted_name.substr(0, dot));
  if (choice == nullptr || choice->kind != OptionKind::kMethod) return nullptr;
  const Method* part = chosen_method(*choice, given);
  return part == nullptr
             ? nullptr
             : find_option(*part, dotted_name.substr(dot + 1), members_under(given, choice->name));
}

}  // namespace whitney
