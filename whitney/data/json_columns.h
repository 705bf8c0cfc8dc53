#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/attributes.h"
#include "whitney/data/json_lines.h"

namespace whitney::data {

/// Gathers the fields of the objects of a file as attributes. A field whose value no attribute can hold (an
/// object, a list of lists) is left out for all rows; text where the rows before have numbers is an Error.
class JsonColumns {
 public:
  /// file: begins the Errors' sentences and the note.
  explicit JsonColumns(std::string file) : file_(std::move(file)) {}

  /// Adds the fields of the next row. Throws Error that names file, line and field.
  void add(const JsonRow& row, const std::vector<std::string>& names);
  /// Hands the columns over, in order of first appearance; a note names the fields that are left out.
  Attributes finish(const Context& context);

 private:
  struct Field {
    ColumnBuilder builder;
    std::string name;
    /// Why it is left out, such as "line 3 holds an object"; empty when it is kept.
    std::string left_out;
  };
  std::string file_;
  std::vector<Field> fields_;
  int64_t num_rows_ = 0;
};

}  // namespace whitney::data
