#include <algorithm>
#include <utility>

#include "apps/whitney/command_line.h"
#include "whitney/data/toml_file.h"

namespace whitney::app {

std::vector<ConfigValue> read_config(const std::string& path, std::string_view verb,
                                     std::span<const std::string> all_verbs) {
  std::vector<ConfigValue> general, special;
  for (TomlEntry& entry : read_toml(path)) {
    if (entry.value.is_null()) continue;  // a table's heading
    const bool of_a_verb =
        entry.keys.size() > 1 && std::ranges::find(all_verbs, entry.keys[0]) != all_verbs.end();
    if (of_a_verb && entry.keys[0] != verb) continue;
    auto& values = of_a_verb ? special : general;
    values.push_back({option_name(entry, of_a_verb ? 1 : 0), std::move(entry.value), std::move(entry.where)});
  }
  // What stands under the verb is more special: it replaces the general value of the same name.
  for (ConfigValue& value : special) {
    std::erase_if(general, [&](const ConfigValue& other) { return other.name == value.name; });
    general.push_back(std::move(value));
  }
  return general;
}

}  // namespace whitney::app
