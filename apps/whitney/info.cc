#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/core/plug_in.h"
#include "whitney/core/prepare_run.h"
#include "whitney/linalg/simd.h"

namespace whitney::app {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Outcome run_info(const Command&, Session& session) {
  const std::string level = simd_level();
  const std::vector<std::string> levels = simd_levels();
  const bool server = has_plug_in("server"), training = has_plug_in("train");
  const Context& context = session.context;
  Outcome outcome;
  outcome.text =
      concat("version: ", kVersion, "\nSIMD level: ", level, " (this machine has ", joined(levels),
             ")\nthreads: ", context.num_threads(), "\ncores allowed: ", allowed_cpus(),
             "\nmemory allowed: ", size_text(allowed_memory_bytes()),
             "\nmethods: ", Registry::instance().all().size(), "\nserver: ", server ? "built" : "not built",
             "\ntraining: ", training ? "built" : "not built", "\n");
  outcome.json = Value::object({{"version", kVersion},
                                {"simd_level", level},
                                {"simd_levels", Value::List(levels.begin(), levels.end())},
                                {"threads", context.num_threads()},
                                {"cores_allowed", allowed_cpus()},
                                {"memory_allowed_bytes", allowed_memory_bytes()},
                                {"methods", static_cast<int64_t>(Registry::instance().all().size())},
                                {"parts", Value::object({{"server", server}, {"training", training}})}});
  return outcome;
}

}  // namespace

VerbCommand info_verb() {
  VerbCommand verb;
  verb.name = "info";
  verb.summary = "version, SIMD level, cores and memory allowed, optional parts";
  verb.description = "Tells what this program is and what the machine and its container allow it.";
  verb.examples = {"whitney info", "whitney info --json"};
  verb.common = {"threads"};
  verb.run = run_info;
  return verb;
}

}  // namespace whitney::app
