#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/core/report.h"

namespace whitney {

/// Runs a method of the verb `evaluate` (or `diagnose`): files in, figures out.
class WHITNEY_API Task : public MethodRunner {
 public:
  /// Names of the input files, in the order of the command line: {"embeddings", "labels"}.
  virtual std::vector<std::string> inputs() const = 0;
  /// Names of the inputs of a task's other form, told by their number: data that the task learns from by
  /// itself instead of what has been learned. None: there is no other form.
  virtual std::vector<std::string> inputs_to_learn_from() const { return {}; }
  /// True when the first input may be given several times, before the others: methods to compare.
  virtual bool repeats_first() const { return false; }
  /// Tells what a run on these files needs, before it reads them; absent: the task cannot tell.
  virtual std::optional<CostEstimate> estimate(const std::vector<std::string>&, const Value&,
                                               const Context&) const {
    return std::nullopt;
  }
  /// `paths` as many as inputs() or inputs_to_learn_from(), or more where the first one repeats; options
  /// resolved.
  virtual Report run(const std::vector<std::string>& paths, const Value& options,
                     const Context& context) const = 0;
};

/// Names of so many inputs of a task, one each. Throws UsageError, which tells the forms, where the task
/// takes fewer or more.
WHITNEY_API std::vector<std::string> names_of_inputs(Verb verb, std::string_view task, size_t count);

/// Runs a task the same way from every door: resolves options, says which have no effect, checks the number
/// of inputs, and refuses what cannot fit into memory where the task can tell.
WHITNEY_API Report evaluate(Verb verb, std::string_view task, const std::vector<std::string>& paths,
                            const Value& given_options, const Context& context);

}  // namespace whitney
