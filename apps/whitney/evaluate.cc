#include <algorithm>

#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_size.h"
#include "whitney/eval/task.h"
#include "whitney/eval/text_source.h"

namespace whitney::app {
namespace {

struct EvaluateOptions {
  std::optional<Path> output;
  void fields(auto&& field) { field("output", output, "Also write the report to this file, as JSON"); }
};

// A task that writes files of its own declares the option too.
Value task_options(const Command& command) {
  Value options = command.method_options;
  const auto& specs = command.method->options;
  if (command.common.force && std::ranges::find(specs, "force", &OptionSpec::name) != specs.end())
    options.set("force", true);
  return options;
}

Outcome run_evaluate(const Command& command, Session& session) {
  const auto options = options_from<EvaluateOptions>(command.options);
  if (options.output) {
    required_output(command, options.output);
    check_output(options.output->value, command.common.force);
  }
  const Report report = evaluate(Verb::kEvaluate, command.method->info.name, command.inputs,
                                 task_options(command), session.context);
  Outcome outcome{report.to_text(), report.to_value()};
  if (options.output) {
    const std::string text = outcome.json.to_json(2) + "\n";
    AtomicFile file(options.output->value, command.common.force);
    file.write(text.data(), static_cast<int64_t>(text.size()));
    file.commit();
    if (options.output->value == "-") outcome.text.clear();
  }
  return outcome;
}

Outcome estimate_evaluate(const Command& command, Session& session) {
  if (eval::TextSource::is_model(command.inputs.at(0))) {
    fail("a task on a model takes what encoding its texts takes: whitney estimate encode ", command.inputs[0],
         " TEXTS");
  }
  const auto* task = dynamic_cast<const Task*>(command.method->runner.get());
  WHITNEY_CHECK(task != nullptr, "the method ", command.method->info.name, " of evaluate is no task");
  if (const std::string first = task->inputs().front(); first == "graph" || first == "comparison") {
    fail("evaluate ", command.method->info.name, " reads a ", first,
         " and learns: whitney estimate learn METHOD GRAPH tells what that takes");
  }
  if (const auto others = task->inputs_to_learn_from(); command.inputs.size() == others.size()) {
    fail("evaluate ", command.method->info.name, " learns from ", others.front(),
         " given alone: whitney estimate learn METHOD ", command.inputs[0], " tells what that takes");
  }
  if (const auto cost = task->estimate(
          command.inputs, resolve_options(*command.method, command.method_options), session.context)) {
    return estimate_outcome(*cost, session.context, Value::object());
  }
  // Tasks hold their embeddings once as they are and once as float32 at most.
  const VectorsSize size = estimate_vectors_size(command.inputs.at(0));
  const CostEstimate cost{2 * size.rows * size.dim * 4, 0};
  Outcome outcome =
      estimate_outcome(cost, session.context, Value::object({{"rows", size.rows}, {"dim", size.dim}}));
  outcome.text = concat("input: ", size.exact ? "" : "about ", count_text(size.rows), " x ", size.dim, "\n") +
                 outcome.text;
  return outcome;
}

}  // namespace

VerbCommand evaluate_verb() {
  VerbCommand verb;
  verb.name = "evaluate";
  verb.arguments = "TASK INPUTS [-o REPORT] [--option value ...]";
  verb.summary = "embeddings x truth -> report, one task a method";
  verb.description =
      "Measures embeddings or an index against known truth. 'whitney evaluate TASK --help' names the inputs "
      "of a task.";
  verb.examples = {
      "whitney evaluate node-classification nodes.safetensors labels.tsv --train-ratios 0.1,0.5,0.9"};
  verb.methods_of = Verb::kEvaluate;
  verb.min_inputs = 1;
  verb.max_inputs = 64;
  verb.options = option_specs<EvaluateOptions>();
  verb.common = {"threads", "seed", "force", "max_memory"};
  verb.run = run_evaluate;
  verb.estimate = estimate_evaluate;
  return verb;
}

}  // namespace whitney::app
