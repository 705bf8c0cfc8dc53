#include <algorithm>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "apps/whitney/command_line.h"
#include "whitney/core/error.h"

namespace whitney::app {
namespace {

struct ConfigReader {
  std::string path;
  std::span<const std::string> all_verbs;
  std::vector<ConfigValue> values;

  std::string where(const toml::node& node) const { return concat(path, ":", node.source().begin.line); }

  Value value_of(const toml::node& node) const {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* real = node.as_floating_point()) return real->get();
    if (const auto* flag = node.as_boolean()) return flag->get();
    if (const auto* array = node.as_array()) {
      Value::List list;
      for (const toml::node& element : *array) list.push_back(value_of(element));
      return list;
    }
    fail(where(node),
         ": a date or a table is no option's value (expected: text, a number, true, false or a list)");
  }

  void take(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      std::string name(key.str());
      if (prefix.empty() && node.is_table() &&
          std::find(all_verbs.begin(), all_verbs.end(), name) != all_verbs.end())
        continue;
      std::replace(name.begin(), name.end(), '-', '_');
      if (const auto* nested = node.as_table()) {
        take(*nested, prefix + name + ".");
      } else if (name == "method" && !prefix.empty()) {
        // `[base] method = "fastrp"`: TOML cannot hold the key `base` beside the table `base`.
        values.push_back({prefix.substr(0, prefix.size() - 1), value_of(node), where(node)});
      } else {
        values.push_back({prefix + name, value_of(node), where(node)});
      }
    }
  }
};

}  // namespace

std::vector<ConfigValue> read_config(const std::string& path, std::string_view verb,
                                     std::span<const std::string> all_verbs) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    if (line == 0) fail(path, ": cannot be read");
    fail(path, ":", line, ": ", error.description());
  }
  ConfigReader reader{path, all_verbs, {}};
  reader.take(table, "");
  // What stands under the verb is more special: it replaces the general value of the same name.
  if (const toml::table* own = table[verb].as_table()) {
    ConfigReader special{path, {}, {}};
    special.take(*own, "");
    for (ConfigValue& value : special.values) {
      std::erase_if(reader.values,
                    [&](const ConfigValue& general_value) { return general_value.name == value.name; });
      reader.values.push_back(std::move(value));
    }
  }
  return std::move(reader.values);
}

}  // namespace whitney::app
