#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney {

/// A line `key = value` of a TOML file, or the heading of a table.
struct TomlEntry {
  /// The names of the tables around it, and its own last.
  std::vector<std::string> keys;
  /// Null for a table.
  Value value;
  /// "file.toml:3", for errors.
  std::string where;
};

/// Reads a TOML file, entries in the order of their lines. Throws Error that names file and line where the
/// file is no TOML, or a value is a date or holds a table.
WHITNEY_API std::vector<TomlEntry> read_toml(const std::string& path);

/// The name of an option behind the first `skip` keys: nested tables with dots, dashes as underscores. In a
/// nested table `method` chooses the part itself: `[base] method = "fastrp"` is the option `base`, for TOML
/// cannot hold the key `base` beside the table `base`.
WHITNEY_API std::string option_name(const TomlEntry& entry, size_t skip);

}  // namespace whitney
