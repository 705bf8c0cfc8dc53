#include "whitney/eval/compare_file.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/toml_file.h"

namespace whitney::eval {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    result_.folder = std::filesystem::path(path).parent_path().string();
  }

  Comparison read() {
    for (const TomlEntry& entry : read_toml(path_)) take(entry);
    require(!result_.graphs.empty(), "[graphs.NAME]");
    require(!result_.methods.empty(), "[methods.NAME]");
    require(!result_.tasks.empty(), "[tasks.NAME]");
    for (const Comparison::Method& method : result_.methods) {
      if (method.file.empty() || (method.options.as_object().empty() && method.learner == method.name))
        continue;
      fail(method.where, ": ", method.name,
           " has a file, which takes no method and no options (expected: either)");
    }
    return std::move(result_);
  }

 private:
  void require(bool is_there, const char* heading) const {
    if (!is_there) fail(path_, ": no ", heading, " stands in this file (expected: at least one)");
  }

  void take(const TomlEntry& entry) {
    const std::string& kind = entry.keys[0];
    const size_t depth = entry.keys.size();
    if (kind == "seeds" && depth == 1) return take_seeds(entry);
    if (kind != "graphs" && kind != "methods" && kind != "tasks")
      fail(entry.where, ": \"", kind, "\" is unknown (expected: seeds, graphs, methods or tasks)");
    if (depth == 1) return check_table(entry);
    const std::string& name = entry.keys[1];
    if (depth == 2) check_table(entry);
    if (kind == "graphs") {
      take_graph(part(result_.graphs, name, entry), entry);
    } else if (kind == "methods") {
      Comparison::Method& method = part(result_.methods, name, entry);
      if (method.learner.empty()) method.learner = name;
      take_method(method, entry);
    } else {
      Comparison::Task& task = part(result_.tasks, name, entry);
      if (task.task.empty()) task.task = name;
      take_task(task, entry);
    }
  }

  static void check_table(const TomlEntry& entry) {
    if (!entry.value.is_null())
      fail(entry.where, ": \"", entry.keys.back(), "\" is no table (expected: [", entry.keys[0], ".NAME])");
  }

  template <class Part>
  static Part& part(std::vector<Part>& parts, const std::string& name, const TomlEntry& entry) {
    const auto found = std::ranges::find(parts, name, &Part::name);
    if (found != parts.end()) return *found;
    Part& added = parts.emplace_back();
    added.name = name, added.where = entry.where;
    return added;
  }

  void take_seeds(const TomlEntry& entry) {
    const auto take_one = [&](const Value& value) {
      if (!value.is_int() || value.as_int() < 0)
        fail(entry.where, ": the seed ", value.to_json(), " is no integer of 0 or more");
      const auto seed = static_cast<uint64_t>(value.as_int());
      if (std::ranges::find(result_.seeds, seed) != result_.seeds.end())
        fail(entry.where, ": the seed ", seed, " stands twice (expected: different ones)");
      result_.seeds.push_back(seed);
    };
    if (!entry.value.is_list()) return take_one(entry.value);
    for (const Value& value : entry.value.as_list()) take_one(value);
  }

  void take_graph(Comparison::Graph& graph, const TomlEntry& entry) const {
    if (entry.keys.size() == 2) return;
    if (entry.keys.back() == "directed" && entry.value.is_bool())
      graph.directed = entry.value.as_bool();
    else
      graph.inputs.set(entry.keys.back(), text_of(entry));
  }

  void take_method(Comparison::Method& method, const TomlEntry& entry) const {
    if (entry.value.is_null()) return;
    const std::string name = option_name(entry, 2);
    if (name == "method")
      method.learner = text_of(entry);
    else if (name == "file")
      method.file = text_of(entry);
    else
      method.options.set(name, entry.value);
  }

  static void take_task(Comparison::Task& task, const TomlEntry& entry) {
    if (entry.value.is_null()) return;
    const std::string name = option_name(entry, 2);
    if (name == "task") {
      task.task = text_of(entry);
    } else if (name == "show") {
      const Value::List texts = entry.value.is_list() ? entry.value.as_list() : Value::List{entry.value};
      for (const Value& text : texts) task.show.push_back(text_of({entry.keys, text, entry.where}));
    } else {
      task.options.set(name, entry.value);
    }
  }

  static std::string text_of(const TomlEntry& entry) {
    if (!entry.value.is_string() || entry.value.as_string().empty())
      fail(entry.where, ": \"", entry.keys.back(), "\" is ", entry.value.to_json(), " (expected: a text)");
    return entry.value.as_string();
  }

  const std::string& path_;
  Comparison result_;
};

}  // namespace

Comparison read_comparison(const std::string& path) { return Reader(path).read(); }

}  // namespace whitney::eval
