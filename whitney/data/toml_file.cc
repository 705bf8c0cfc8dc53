#include "whitney/data/toml_file.h"

#include <algorithm>
#include <tuple>
#include <utility>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "whitney/core/error.h"

namespace whitney {
namespace {

struct Placed {
  TomlEntry entry;
  uint32_t line, column;
};

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  std::vector<TomlEntry> read() {
    try {
      take(toml::parse_file(path_), {});
    } catch (const toml::parse_error& error) {
      const auto line = error.source().begin.line;
      if (line == 0) fail(path_, ": cannot be read");
      fail(path_, ":", line, ": ", error.description());
    }
    // toml++ keeps tables by key; people mean the order that they wrote.
    std::ranges::stable_sort(placed_, {}, [](const Placed& p) { return std::tuple(p.line, p.column); });
    std::vector<TomlEntry> entries;
    for (Placed& placed : placed_) entries.push_back(std::move(placed.entry));
    return entries;
  }

 private:
  void take(const toml::table& table, const std::vector<std::string>& around) {
    for (const auto& [key, node] : table) {
      std::vector<std::string> keys = around;
      keys.emplace_back(key.str());
      const toml::table* inner = node.as_table();
      const auto begin = node.source().begin;
      placed_.push_back(
          {{keys, inner != nullptr ? Value() : value_of(node), where(node)}, begin.line, begin.column});
      if (inner != nullptr) take(*inner, keys);
    }
  }

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

  std::string where(const toml::node& node) const { return concat(path_, ":", node.source().begin.line); }

  const std::string& path_;
  std::vector<Placed> placed_;
};

}  // namespace

std::vector<TomlEntry> read_toml(const std::string& path) { return Reader(path).read(); }

std::string option_name(const TomlEntry& entry, size_t skip) {
  const size_t end =
      entry.keys.size() - (entry.keys.size() > skip + 1 && entry.keys.back() == "method" ? 1 : 0);
  std::string name;
  for (size_t i = skip; i < end; ++i) name += (i > skip ? "." : "") + entry.keys[i];
  std::ranges::replace(name, '-', '_');
  return name;
}

}  // namespace whitney
