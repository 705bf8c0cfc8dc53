#include "whitney/eval/task.h"

#include <string>

#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"

namespace whitney {
namespace {

const Task& task_of(const Method& method) {
  const auto* runner = dynamic_cast<const Task*>(method.runner.get());
  WHITNEY_CHECK(runner != nullptr, name_of(method.verb), " ", method.info.name,
                " is registered without a Task");
  return *runner;
}

// "2 inputs (embeddings, labels)"
std::string inputs_text(const std::vector<std::string>& inputs, bool repeats_first) {
  std::string text =
      concat(repeats_first ? "at least " : "", inputs.size(), inputs.size() == 1 ? " input (" : " inputs (");
  for (size_t i = 0; i < inputs.size(); ++i)
    text += (i > 0 ? ", " : "") + inputs[i] + (i == 0 && repeats_first ? " ..." : "");
  return text + ")";
}

}  // namespace

std::vector<std::string> names_of_inputs(Verb verb, std::string_view task, size_t count) {
  const Task& runner = task_of(Registry::instance().get(verb, task));
  std::vector<std::string> names = runner.inputs();
  std::vector<std::string> others = runner.inputs_to_learn_from();
  if (!others.empty() && count == others.size()) return others;
  if (count == names.size()) return names;
  if (runner.repeats_first() && count > names.size()) {
    names.insert(names.begin(), count - names.size(), names.front());
    return names;
  }
  throw UsageError(concat(name_of(verb), " ", task, " takes ", inputs_text(names, runner.repeats_first()),
                          others.empty() ? "" : ", or " + inputs_text(others, false) + " to learn from",
                          ", but ", count, count == 1 ? " was given" : " were given"));
}

Report evaluate(Verb verb, std::string_view task, const std::vector<std::string>& paths,
                const Value& given_options, const Context& context) {
  names_of_inputs(verb, task, paths.size());
  const Method& method = Registry::instance().get(verb, task);
  const Value options = prepare_options(method, given_options, context);
  const Task& runner = task_of(method);
  if (const auto cost = runner.estimate(paths, options, context)) refuse_if_too_large(method, *cost, context);
  return runner.run(paths, options, context);
}

}  // namespace whitney
