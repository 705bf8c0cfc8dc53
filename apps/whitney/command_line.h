#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/core/value.h"

namespace whitney::app {

/// An option as typed: `--walk-length 40` is {"walk_length", "40"}; one without a value has none.
struct TypedOption {
  std::string name;
  std::optional<std::string> value;
};

/// A command line's words after the verb, taken apart.
struct Words {
  std::vector<std::string> positionals;
  std::vector<TypedOption> options;
};

/// Takes words apart: `--name value`, `--name=value`, `-k 5`, `-k5`, `-` (a positional), `--` (only
/// positionals follow). Dashes inside a name become underscores; `-o` is `output`, `-h` is `help`. A value
/// may begin with a dash only when it is a number or a lone `-`; anything else is written `--name=-value`.
/// is_flag: tells which names stand alone (bool options); one followed by `true` or `false` takes it.
Words split_words(std::span<const std::string> words, const std::function<bool(std::string_view)>& is_flag);

/// Gives an option's name as typed: `walk_length` -> `--walk-length`, `k` -> `-k`, `output` -> `-o`.
std::string dashed(std::string_view name);

/// Reads a size such as `4GB`, `512 MiB` or a number of bytes; kB, MB, GB, TB are powers of 1000, KiB ... of
/// 1024. Throws UsageError that names the option.
int64_t parse_size(std::string_view text, std::string_view option);

/// Reads a config file (TOML) for a verb: top-level keys and the keys of the table named like the verb,
/// nested tables with dots, dashes as underscores. `[base] method = "fastrp"` chooses the part `base`. Each
/// value comes with its place ("whitney.toml:3"). Tables of other verbs are left out. Throws Error with file
/// and line.
struct ConfigValue {
  std::string name;
  Value value;
  std::string where;
};
std::vector<ConfigValue> read_config(const std::string& path, std::string_view verb,
                                     std::span<const std::string> all_verbs);

}  // namespace whitney::app
