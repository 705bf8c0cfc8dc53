#pragma once

#include <string>
#include <string_view>

#include "whitney/core/value.h"

namespace whitney::data {

/// Reads a file that holds one JSON text. Integers beyond 64 bits, such as the model_max_length of 10^30 that
/// transformers writes for "no limit", become reals. Throws Error that names the file.
Value read_json_file(const std::string& path);

/// As read_json_file, of a text; `where` begins errors.
Value parse_json_with_big_integers(std::string_view text, std::string_view where);

}  // namespace whitney::data
