#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/eval/task.h"

namespace whitney::app {
namespace {

struct DiagnoseOptions {
  std::vector<std::string> only;
  void fields(auto&& field) { field("only", only, "Names of the checks to run; empty: all of them"); }
};

Outcome run_diagnose(const Command& command, Session& session) {
  const auto options = options_from<DiagnoseOptions>(command.options);
  const auto methods = Registry::instance().of(Verb::kDiagnose);
  if (methods.empty()) fail(no_method_yet("diagnose"));
  std::vector<std::string> names = options.only;
  if (names.empty()) {
    for (const Method* method : methods) names.push_back(method->info.name);
  }
  for (const std::string& name : names) Registry::instance().get(Verb::kDiagnose, name);
  Outcome outcome;
  Value::List reports;
  for (const std::string& name : names) {
    const Report report = evaluate(Verb::kDiagnose, name, command.inputs, Value::object(), session.context);
    outcome.text += (outcome.text.empty() ? "" : "\n") + report.to_text();
    reports.push_back(report.to_value());
  }
  outcome.json.set("reports", std::move(reports));
  return outcome;
}

}  // namespace

VerbCommand diagnose_verb() {
  VerbCommand verb;
  verb.name = "diagnose";
  verb.arguments = "EMBEDDINGS";
  verb.summary = "embeddings -> how far they may be trusted";
  verb.description =
      "Runs every check that needs nothing but the embeddings, and says how far they may be trusted.";
  verb.examples = {"whitney diagnose texts.safetensors"};
  verb.max_inputs = 1;
  verb.options = option_specs<DiagnoseOptions>();
  verb.common = {"threads", "seed", "max_memory"};
  verb.is_ready = !Registry::instance().of(Verb::kDiagnose).empty();
  verb.run = run_diagnose;
  return verb;
}

}  // namespace whitney::app
