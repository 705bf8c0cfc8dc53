#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/value.h"
#include "whitney/data/id_table.h"
#include "whitney/data/input_stream.h"

namespace whitney::data {

/// Which fields of the objects are looked at, and how.
struct JsonLinesOptions {
  /// The field that holds the id.
  std::string id_field = "id";
  /// Every object must have it; else the first object decides for all.
  bool id_required = false;
  /// Fields that hold a list of numbers, read as float32; an object may have one of them.
  std::vector<std::string> vector_fields;
  /// When not empty: no other fields are given.
  std::vector<std::string> only;
};

/// One object.
struct JsonRow {
  /// From 1.
  int64_t line = 0;
  std::variant<std::monostate, uint64_t, std::string> id;
  bool has_vector = false;
  std::vector<float> vector;
  /// The other fields, by the place of their name in the list of names: null, bool, int, real, string, or a
  /// list of these. Objects, and lists inside a list, are there without what they hold.
  std::vector<std::pair<uint32_t, Value>> fields;
};

/// Reads one JSON object a line (blank lines are skipped), in parallel, and gives them to `take` in the order
/// of the lines, with the names of the fields met so far in order of first appearance. Throws Error that
/// names file, line and field.
void read_json_lines(InputStream& input, const JsonLinesOptions& options, const Context& context,
                     const std::function<void(JsonRow& row, const std::vector<std::string>& names)>& take);

/// Adds the row's id, if it has one. Throws Error naming the line when only some rows have one.
void collect_id(const JsonRow& row, const std::string& name, const std::string& id_field,
                int64_t num_rows_before, IdCollector& ids);

}  // namespace whitney::data
