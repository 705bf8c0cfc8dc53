#include "whitney/data/run_identity.h"

#include "whitney/core/error.h"

namespace whitney {
namespace {

constexpr std::string_view kKind = "checkpoint";

Value member(const Value& object, std::string_view name) {
  const Value* found = object.find(name);
  return found == nullptr ? Value() : *found;
}

void require(const std::string& path, std::string_view what, const Value& found, const Value& wanted) {
  const std::string there = found.to_json(), here = wanted.to_json();
  if (there == here) return;
  fail(path, " holds a training with ", what, " ", there, ", and this run has ", here,
       ": give the same, or name another file");
}

}  // namespace

Value record_of_checkpoint(const RunIdentity& identity) {
  return Value::object({{"method", identity.method},
                        {"options", identity.options},
                        {"seed", std::to_string(identity.seed)},
                        {"input", identity.input}});
}

Artifact open_checkpoint(const std::string& path, const Context& context) {
  Artifact artifact = Artifact::open(path);
  if (artifact.kind() != kKind) {
    fail(path, " is ",
         artifact.kind().empty() ? "no file of Whitney's" : "of kind \"" + artifact.kind() + "\"",
         ", and a checkpoint of a training is asked for");
  }
  artifact.verify(context);
  return artifact;
}

void require_same_run(const Artifact& checkpoint, const RunIdentity& identity) {
  const Value& record = checkpoint.record();
  const std::string& path = checkpoint.path();
  const Value method = member(record, "method");
  if (method.is_string() && method.as_string() != identity.method) {
    fail(path, " is a checkpoint of ", method.as_string(), ", not of ", identity.method,
         "; name another file");
  }
  require(path, "version", member(record, "program_version"), kVersion);
  require(path, "method", method, identity.method);  // that of an early build names none
  const Value options = member(record, "options");
  for (const auto& [name, value] : identity.options.as_object()) {
    require(path, "the option " + name, member(options, name), value);
  }
  require(path, "seed", member(record, "seed"), std::to_string(identity.seed));
  require(path, "input", member(record, "input"), identity.input);
}

}  // namespace whitney
