#include <filesystem>
#include <map>

#include "apps/whitney/help.h"
#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/core/report.h"
#include "whitney/data/atomic_file.h"

namespace whitney::app {
namespace {

struct MethodsOptions {
  std::optional<Path> markdown;
  void fields(auto&& field) {
    field("markdown", markdown, "Folder to write one Markdown page per method to");
  }
};

std::vector<const Method*> chosen_methods(const Command& command) {
  auto all = Registry::instance().all();
  if (command.inputs.empty()) return all;
  std::vector<const Method*> chosen;
  std::vector<std::string> names;
  for (const Method* method : all) {
    names.push_back(method->info.name);
    if (method->info.name == command.inputs[0] || method->info.class_name == command.inputs[0])
      chosen.push_back(method);
  }
  if (chosen.empty())
    throw UsageError(
        concat("unknown method \"", command.inputs[0], "\"", did_you_mean(command.inputs[0], names)));
  return chosen;
}

std::string list_text(const std::vector<const Method*>& methods) {
  std::vector<std::vector<std::string>> rows{{"verb", "method", "Python", "does"}};
  for (const Method* method : methods) {
    rows.push_back(
        {std::string(name_of(method->verb)), method->info.name, python_name(*method), method->info.summary});
  }
  return text_table(rows) +
         "'whitney methods METHOD' has the options, defaults, ranges, source and an example.\n";
}

void write_page(const std::string& path, const std::string& text) {
  AtomicFile file(path, true);
  file.write(text.data(), static_cast<int64_t>(text.size()));
  file.commit();
}

// One page per name (methods of two verbs may share one), and README.md that lists them.
Outcome write_pages(const std::string& folder, const std::vector<const Method*>& methods, bool with_list) {
  std::filesystem::create_directories(folder);
  std::map<std::string, std::string> pages;
  std::string list =
      "# Methods\n\nWritten by `whitney methods --markdown docs/methods` from the declarations.\n\n"
      "| verb | method | Python | does |\n|---|---|---|---|\n";
  for (const Method* method : methods) {
    const MethodInfo& info = method->info;
    std::string& page = pages[info.name];
    page += (page.empty() ? "" : "\n") + method_markdown(*method);
    list += concat("| `", name_of(method->verb), "` | [", info.name, "](", info.name, ".md) | `",
                   python_name(*method), "` | ", info.summary, " |\n");
  }
  for (const auto& [name, text] : pages) write_page(folder + "/" + name + ".md", text);
  if (with_list) write_page(folder + "/README.md", list);
  const auto count = static_cast<int64_t>(pages.size());
  return {concat("wrote ", folder, ": ", count, count == 1 ? " page\n" : " pages\n"),
          Value::object({{"output", folder}, {"pages", count}})};
}

Outcome run_methods(const Command& command, Session&) {
  const auto options = options_from<MethodsOptions>(command.options);
  const auto methods = chosen_methods(command);
  if (options.markdown) return write_pages(options.markdown->value, methods, command.inputs.empty());
  Outcome outcome;
  Value::List values;
  for (const Method* method : methods) values.push_back(method_value(*method));
  outcome.json.set("methods", std::move(values));
  if (command.inputs.empty()) {
    outcome.text = list_text(methods);
  } else {
    for (const Method* method : methods)
      outcome.text += (outcome.text.empty() ? "" : "\n") + method_help(*method);
  }
  return outcome;
}

}  // namespace

VerbCommand methods_verb() {
  VerbCommand verb;
  verb.name = "methods";
  verb.arguments = "[METHOD] [--markdown FOLDER]";
  verb.summary = "every method with its one line; 'methods NAME': all about one";
  verb.description =
      "Lists the methods, or tells all about one: options, defaults, ranges, source and an example.";
  verb.examples = {"whitney methods", "whitney methods hnsw", "whitney methods --json"};
  verb.max_inputs = 1;
  verb.options = option_specs<MethodsOptions>();
  verb.run = run_methods;
  return verb;
}

}  // namespace whitney::app
