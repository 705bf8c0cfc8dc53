#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/core/value.h"
#include "whitney/data/readers.h"

namespace whitney {

/// The type and the values of a column, as JSON.
inline std::string column_of(const Table& table, std::string_view name) {
  const Column* column = table.attributes.find(name);
  if (column == nullptr) return "none";
  Value::List values;
  for (int64_t row = 0; row < column->num_rows(); ++row) values.push_back(column->value(row));
  return concat(name_of(column->type), " ", Value(values).to_json());
}

/// Files of tables in a folder of their own.
class TableFiles : public testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_.file(name), std::ios::binary) << text;
    return folder_.file(name);
  }
  Table read(const std::string& name, std::string_view text, const TableOptions& options = {}) const {
    return read_table(write(name, text), options, {});
  }
  std::string error_of_text(const std::string& name, std::string_view text,
                            const TableOptions& options = {}) const {
    return error_of([&] { read(name, text, options); });
  }
  TemporaryFolder folder_;
};

}  // namespace whitney
