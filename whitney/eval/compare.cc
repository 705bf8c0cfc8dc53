#include "whitney/eval/compare.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/learner.h"
#include "whitney/data/readers.h"
#include "whitney/eval/compare_table.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

using eval::Comparison;

/// Tells the place in the file of what is wrong with a part of it.
template <class Body>
auto at_place(const std::string& where, const Body& body) {
  try {
    return body();
  } catch (const UsageError& error) {
    throw UsageError(concat(where, ": ", error.what()));
  }
}

const Task& task_of(const Comparison::Task& task) {
  const auto* runner =
      dynamic_cast<const Task*>(Registry::instance().get(Verb::kEvaluate, task.task).runner.get());
  WHITNEY_CHECK(runner != nullptr, "evaluate ", task.task, " is registered without a Task");
  return *runner;
}

bool reads_vectors(const Comparison::Task& task) {
  return task_of(task).inputs().front().ends_with("embeddings");
}

const OptionSpec* option_of(const Comparison::Task& task, std::string_view name) {
  const auto& options = Registry::instance().get(Verb::kEvaluate, task.task).options;
  const auto found = std::ranges::find(options, name, &OptionSpec::name);
  return found == options.end() ? nullptr : &*found;
}

/// A comparison whose parts are known and fit together.
class CheckedComparison {
 public:
  explicit CheckedComparison(const Comparison& comparison) : comparison_(comparison) {
    for (const Comparison::Method& method : comparison.methods)
      at_place(method.where, [&] { check(method); });
    for (const Comparison::Task& task : comparison.tasks) at_place(task.where, [&] { check(task); });
  }

  /// The options of a task of one method on one graph.
  Value options_of(const Comparison::Task& task, const Comparison::Graph& graph,
                   const Comparison::Method& method) const {
    Value options = task.options;
    for (const auto& [name, value] : task.options.as_object()) {
      const OptionSpec* spec = option_of(task, name);
      if (spec != nullptr && spec->kind == OptionKind::kPath && value.is_string())
        options.set(name, beside(value.as_string()));
    }
    const auto fill = [&](const char* name, const Value& value) {
      if (option_of(task, name) != nullptr && is_filled(task, name)) options.set(name, value);
    };
    fill("directed", graph.directed);
    if (const Value* edges = graph.inputs.find("graph")) fill("graph", beside(edges->as_string()));
    if (!reads_vectors(task)) {
      options.set("learn", method.learner);
      for (const auto& [name, value] : method.options.as_object()) options.set("learn." + name, value);
    }
    return options;
  }

  /// A path of the file.
  std::string beside(const std::string& path) const {
    return (std::filesystem::path(comparison_.folder) / path).string();
  }

  std::vector<std::string> notes(const Context& context) const {
    std::vector<std::string> notes;
    for (const Comparison::Graph& graph : comparison_.graphs) {
      notes.push_back(
          concat("graph ", graph.name, ": ", graph.inputs.to_json(), graph.directed ? ", directed" : ""));
    }
    for (const Comparison::Method& method : comparison_.methods)
      notes.push_back(concat("method ", method.name, ": ", text_of(method)));
    for (const Comparison::Task& task : comparison_.tasks) {
      const Value resolved =
          resolve_options(Registry::instance().get(Verb::kEvaluate, task.task), task.options);
      Value options = Value::object();
      for (const auto& [name, value] : resolved.as_object()) {
        if (!is_filled(task, name)) options.set(name, value);
      }
      notes.push_back(concat("task ", task.name, ": ", task.task, " ", options.to_json()));
    }
    std::string seeds;
    for (const uint64_t seed : seeds_of(context)) seeds += (seeds.empty() ? "" : ", ") + std::to_string(seed);
    notes.push_back("seeds: " + seeds);
    return notes;
  }

  std::vector<uint64_t> seeds_of(const Context& context) const {
    return comparison_.seeds.empty() ? std::vector{context.seed} : comparison_.seeds;
  }

 private:
  /// Options that come from the graph and the method.
  static bool is_filled(const Comparison::Task& task, const std::string& name) {
    if (name == "learn" || name.starts_with("learn.")) return true;
    return (name == "graph" || name == "directed") && task.options.find(name) == nullptr;
  }

  static std::string text_of(const Comparison::Method& method) {
    if (!method.file.empty()) return method.file;
    const Value options =
        resolve_options(Registry::instance().get(Verb::kLearn, method.learner), method.options);
    return concat(method.learner, " ", options.to_json());
  }

  static void check(const Comparison::Method& method) {
    if (!method.file.empty()) return;
    const Method& declared = Registry::instance().get(Verb::kLearn, method.learner);
    const Learner& learner = learner_of(declared);
    if (learner.input() != DataKind::kGraph || learner.output() != LearnedKind::kEmbeddings)
      throw UsageError(concat(method.learner, " makes no embeddings of a graph, which are compared"));
    static_cast<void>(resolve_options(declared, method.options));
  }

  void check(const Comparison::Task& task) const {
    const Method& declared = Registry::instance().get(Verb::kEvaluate, task.task);
    const std::vector<std::string> inputs = task_of(task).inputs();
    if (!reads_vectors(task) && (inputs.front() != "graph" || option_of(task, "learn") == nullptr))
      throw UsageError(
          concat("the task ", task.task, " takes ", inputs.front(), ", and embeddings are compared"));
    static_cast<void>(resolve_options(declared, task.options));
    for (size_t i = reads_vectors(task) ? 1 : 0; i < inputs.size(); ++i) {
      const bool is_there = std::ranges::any_of(comparison_.graphs, [&](const Comparison::Graph& graph) {
        return graph.inputs.find(inputs[i]) != nullptr;
      });
      if (!is_there)
        throw UsageError(concat("the task ", task.name, " needs ", inputs[i],
                                ", which no graph has (expected: ", inputs[i],
                                " = \"FILE\" in [graphs.NAME])"));
    }
  }

  const Comparison& comparison_;
};

class Comparing {
 public:
  Comparing(const Comparison& comparison, const Context& context)
      : comparison_(comparison), checked_(comparison), context_(context), table_(names(comparison)) {}

  Compared run() {
    const std::vector<uint64_t> seeds = checked_.seeds_of(context_);
    total_ = std::ssize(comparison_.graphs) * std::ssize(comparison_.methods) * std::ssize(seeds) *
             std::ssize(comparison_.tasks);
    for (const Comparison::Graph& graph : comparison_.graphs) {
      for (const Comparison::Method& method : comparison_.methods) {
        for (const uint64_t seed : seeds) measure(graph, method, seed);
      }
    }
    context_.advance("comparison", total_, total_, "cells");
    Compared result;
    result.report.title = "Comparison";
    result.report.rows = table_.rows();
    result.report.notes = checked_.notes(context_);
    result.report.notes.insert(result.report.notes.end(), notes_.begin(), notes_.end());
    result.plot = table_.plot();
    return result;
  }

 private:
  static std::vector<std::string> names(const Comparison& comparison) {
    std::vector<std::string> result;
    for (const Comparison::Method& method : comparison.methods) result.push_back(method.name);
    return result;
  }

  void measure(const Comparison::Graph& graph, const Comparison::Method& method, uint64_t seed) {
    Context context = context_;
    context.seed = seed;
    std::string file;
    bool has_failed = false;  // to learn, which is told once
    for (const Comparison::Task& task : comparison_.tasks) {
      context_.advance("comparison", done_++, total_, "cells");
      const std::string cell = concat(method.name, " on ", graph.name);
      if (file.empty() && !has_failed && reads_vectors(task)) {
        has_failed = !attempt(cell, [&] { file = vectors_of(graph, method, context); });
      }
      if (has_failed && reads_vectors(task)) continue;
      attempt(concat(task.name, " of ", cell), [&] { run_task(graph, method, task, file, context); });
    }
    if (method.file.empty() && !file.empty()) std::filesystem::remove(file);
  }

  /// Notes what fails, and goes on.
  template <class Body>
  bool attempt(const std::string& what, const Body& body) {
    try {
      body();
      return true;
    } catch (const Error& error) {
      std::string note = concat(what, " failed: ", error.what());
      if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(std::move(note));
      return false;
    }
  }

  std::string input(const Comparison::Graph& graph, const std::string& name) const {
    const Value* path = graph.inputs.find(name);
    if (path == nullptr) {
      fail("the graph has no ", name, " (expected: ", name, " = \"FILE\" in [graphs.", graph.name, "])");
    }
    return checked_.beside(path->as_string());
  }

  std::string vectors_of(const Comparison::Graph& graph, const Comparison::Method& method,
                         const Context& context) const {
    if (!method.file.empty()) {
      std::string path = method.file;
      const std::string_view hole = "{graph}";
      for (size_t at = path.find(hole); at != path.npos; at = path.find(hole, at + graph.name.size()))
        path.replace(at, hole.size(), graph.name);
      return checked_.beside(path);
    }
    const Graph edges = read_edge_list(input(graph, "graph"), {graph.directed, {}}, context);
    std::string path = folder_.file("learned.safetensors");
    write_vectors(learn(method.learner, Dataset(edges), method.options, context), path, true, context);
    return path;
  }

  void run_task(const Comparison::Graph& graph, const Comparison::Method& method,
                const Comparison::Task& task, const std::string& vectors, const Context& context) {
    if (!reads_vectors(task) && !method.file.empty())
      fail("the task learns anew, and the method is a file (expected: a learner)");
    std::vector<std::string> paths;
    for (const std::string& name : task_of(task).inputs())
      paths.push_back(paths.empty() && reads_vectors(task) ? vectors : input(graph, name));
    const Report report =
        evaluate(Verb::kEvaluate, task.task, paths, checked_.options_of(task, graph, method), context);
    table_.add({graph.name, task.name, task.show}, method.name, context.seed, report);
    if (context.seed != checked_.seeds_of(context_).front()) return;
    for (const std::string& note : report.notes) {
      if (!told_.emplace(task.name, note).second) continue;
      notes_.push_back(concat(task.name, " of ", method.name, " on ", graph.name, ": ", note));
    }
  }

  const Comparison& comparison_;
  const CheckedComparison checked_;
  const Context& context_;
  const TemporaryFolder folder_;
  eval::ComparisonTable table_;
  std::vector<std::string> notes_;
  /// What tasks have noted: methods and graphs often have the same said of them.
  std::set<std::pair<std::string, std::string>> told_;
  int64_t done_ = 0, total_ = 0;
};

class Compare : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"comparison"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<CompareOptions>(resolved);
    if (options.plot) check_output(options.plot->value, options.force);
    Compared compared = compare(eval::read_comparison(paths[0]), context);
    if (options.plot) {
      AtomicFile file(options.plot->value, options.force);
      file.write(compared.plot);
      file.commit();
    }
    return std::move(compared.report);
  }
};

const bool registered = register_method(declare_method<CompareOptions>(
    Verb::kEvaluate,
    {.name = "compare",
     .class_name = "Compare",
     .summary = "Several methods by several tasks on several graphs, as one file says, in one table",
     .description =
         "A TOML file names graphs (with labels and other inputs of tasks), methods (learners and their "
         "options, or files of embeddings), tasks of `evaluate` and their options, and seeds. Each method "
         "learns each graph once a seed and is measured by each task: a line of the table for each figure, a "
         "column for each method, and for each baseline that a task measures beside it.\n"
         "Of several seeds the mean is told, with the lowest and the highest. The notes hold the resolved "
         "options of all methods and tasks, so that the report tells what was run; the same file gives the "
         "same bytes again. What fails is told in a note, and the rest goes on. A wrong name ends the run "
         "before anything is learned.\n"
         "Two methods by two tasks (paths are relative to the file's folder; "
         "`examples/comparison/comparison.toml` is a longer one):\n\n"
         "    seeds = [1, 2, 3]\n"
         "    [graphs.rings]\n"
         "    graph = \"edges.tsv\"\n"
         "    labels = \"labels.tsv\"\n"
         "    [methods.prone]\n"
         "    [methods.wide]\n"
         "    method = \"fastrp\"\n"
         "    dim = 512\n"
         "    [tasks.node-classification]\n"
         "    train_ratios = [0.1, 0.5]\n"
         "    show = [\"micro_f1\", \"macro_f1\"]\n"
         "    [tasks.hard-links]\n"
         "    task = \"link-prediction\"\n"
         "    negatives = \"degree\"\n\n"
         "Without `method` or `task` a table's name is that of the method or task. `show` keeps lines by the "
         "names of figures or the texts of labels; `file = \"{graph}.safetensors\"` in place of a method "
         "compares embeddings that are there.",
     .source = "Whitney",
     .example = "whitney evaluate compare comparison.toml --plot comparison.svg -o report.json"},
    std::make_shared<Compare>()));

}  // namespace

Compared compare(const Comparison& comparison, const Context& context) {
  return Comparing(comparison, context).run();
}

}  // namespace whitney
