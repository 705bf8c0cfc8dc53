#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney {

/// What a method does: the verb of the command line that runs it.
enum class Verb : uint8_t { kLearn, kEncode, kCompress, kIndex, kEvaluate, kDiagnose };

WHITNEY_API std::string_view name_of(Verb verb);

/// What a run will cost, told before it runs.
struct CostEstimate {
  int64_t peak_bytes = 0;
  /// An idea of the time with the context's threads; 0 when there is none.
  double seconds = 0;
};

/// What people read about a method.
struct MethodInfo {
  /// As typed: "fastrp", "node-classification".
  std::string name;
  /// The Python class, named as in the paper: "FastRP".
  std::string class_name;
  /// One line.
  std::string summary;
  /// A paragraph or more: inputs, outputs, when to pick it, what differs from the paper.
  std::string description;
  /// Paper, arXiv id.
  std::string source;
  /// A command line that works on the inputs named in docs/: "whitney learn fastrp edges.tsv -o
  /// nodes.safetensors".
  std::string example;
  /// The part whose library runs it ("train": libwhitney_train.so); empty: the main library does.
  std::string part = {};
};

/// What runs a method; each verb derives its own (Learner in data/, IndexBuilder in search/, Task in eval/).
class WHITNEY_API MethodRunner {
 public:
  virtual ~MethodRunner() = default;
};

/// A declared method: everything that the command line, Python, the record and the manual know of it.
struct Method {
  Verb verb = Verb::kLearn;
  MethodInfo info;
  std::vector<OptionSpec> options;
  /// Gives sentences about options that have no effect in this combination.
  std::function<std::vector<std::string>(const Value& resolved)> ineffective;
  std::shared_ptr<const MethodRunner> runner;
  /// Options that say how a run is watched and kept (a checkpoint's place), not what comes of it: a record
  /// leaves them out.
  std::vector<std::string> about_the_run = {};
};

/// All methods of this program; filled by registration lines before main, read-only afterwards.
class WHITNEY_API Registry {
 public:
  static Registry& instance();
  /// Throws InternalError when the verb has a method of this name already.
  void add(Method method);
  /// Null when there is none.
  const Method* find(Verb verb, std::string_view name) const;
  /// Throws UsageError that names the nearest known method of the verb.
  const Method& get(Verb verb, std::string_view name) const;
  /// Sorted by verb, then name.
  std::vector<const Method*> all() const;
  std::vector<const Method*> of(Verb verb) const;

 private:
  std::vector<std::unique_ptr<Method>> methods_;
};

/// Throws Error, before any work, when the library of the method's part is not there.
WHITNEY_API void require_part(const Method& method);

/// Checks what a user gave (an object; nested options with dots, "base.dim") against the declaration and
/// fills in the defaults. The result has every option in the order of the declaration, nested ones after
/// their choice. Throws UsageError for unknown names, with the nearest known one, and for wrong values.
WHITNEY_API Value resolve_options(const Method& method, const Value& given);

/// Finds the declaration of an option, nested ones by dots under the choices in `given`; null when unknown.
WHITNEY_API const OptionSpec* find_option(const Method& method, std::string_view dotted_name,
                                          const Value& given);

/// Makes the declaration of a method whose options are `Options`; an optional member
/// `std::vector<std::string> ineffective() const` names options without effect, and an optional static one,
/// `about_the_run()`, those that records leave out.
template <class Options>
Method declare_method(Verb verb, MethodInfo info, std::shared_ptr<const MethodRunner> runner) {
  Method method{verb, std::move(info), option_specs<Options>(), {}, std::move(runner)};
  if constexpr (requires(const Options& options) { options.ineffective(); }) {
    method.ineffective = [](const Value& resolved) { return options_from<Options>(resolved).ineffective(); };
  }
  if constexpr (requires { Options::about_the_run(); }) method.about_the_run = Options::about_the_run();
  return method;
}

/// Adds to the registry; the value lets a namespace-scope constant run it before main.
inline bool register_method(Method method) {
  Registry::instance().add(std::move(method));
  return true;
}

}  // namespace whitney
