#include "whitney/data/json_columns.h"

#include "whitney/core/error.h"

namespace whitney::data {

void JsonColumns::add(const JsonRow& row, const std::vector<std::string>& names) {
  const std::string where = concat(file_, ":", row.line);
  for (const auto& [number, value] : row.fields) {
    while (number >= fields_.size()) {
      const std::string& name = names[fields_.size()];
      fields_.push_back({ColumnBuilder(name), name, {}});
    }
    Field& field = fields_[number];
    if (!field.left_out.empty()) continue;
    if (const std::string unfit = unfit_for_attribute(value); !unfit.empty()) {
      field.left_out = concat("line ", row.line, " holds ", unfit);
      field.builder = ColumnBuilder(field.name);  // what it held is of no use
      continue;
    }
    field.builder.add_missing(num_rows_ - field.builder.size());
    field.builder.add(value, where);
  }
  ++num_rows_;
}

Attributes JsonColumns::finish(const Context& context) {
  Attributes attributes;
  attributes.num_rows = num_rows_;
  std::string left_out;
  for (Field& field : fields_) {
    if (!field.left_out.empty()) {
      left_out += concat(left_out.empty() ? "" : ", ", "\"", field.name, "\" (", field.left_out, ")");
      continue;
    }
    field.builder.add_missing(num_rows_ - field.builder.size());
    attributes.columns.push_back(field.builder.finish());
  }
  if (!left_out.empty()) {
    context.note(concat(file_, ": left out, as no attribute can hold it: ", left_out));
  }
  return attributes;
}

}  // namespace whitney::data
