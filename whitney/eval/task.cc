#include "whitney/eval/task.h"

#include <string>

#include "whitney/core/error.h"

namespace whitney {
namespace {

// "2 inputs (embeddings, labels)"
std::string inputs_text(const std::vector<std::string>& inputs, bool repeats_first) {
  std::string text =
      concat(repeats_first ? "at least " : "", inputs.size(), inputs.size() == 1 ? " input (" : " inputs (");
  for (size_t i = 0; i < inputs.size(); ++i)
    text += (i > 0 ? ", " : "") + inputs[i] + (i == 0 && repeats_first ? " ..." : "");
  return text + ")";
}

}  // namespace

Report evaluate(Verb verb, std::string_view task, const std::vector<std::string>& paths,
                const Value& given_options, const Context& context) {
  const Method& method = Registry::instance().get(verb, task);
  const auto* runner = dynamic_cast<const Task*>(method.runner.get());
  WHITNEY_CHECK(runner != nullptr, name_of(verb), " ", task, " is registered without a Task");
  const std::vector<std::string> inputs = runner->inputs();
  const bool more = runner->repeats_first() && paths.size() > inputs.size();
  if (paths.size() != inputs.size() && !more) {
    throw UsageError(concat(name_of(verb), " ", task, " takes ", inputs_text(inputs, runner->repeats_first()),
                            ", but ", paths.size(), paths.size() == 1 ? " was given" : " were given"));
  }
  const Value options = resolve_options(method, given_options);
  if (method.ineffective) {
    for (const std::string& sentence : method.ineffective(options)) context.note(sentence);
  }
  return runner->run(paths, options, context);
}

}  // namespace whitney
