// What a column's type can answer, as sentences.

#include <cmath>
#include <string>

#include "whitney/core/error.h"
#include "whitney/search/column_index.h"
#include "whitney/search/filter_lexer.h"
#include "whitney/search/word_index.h"

namespace whitney::search {
namespace {

using Op = Filter::Op;

std::string value_text(const Value& operand) {
  if (date_of(operand)) return "the " + operand_text(operand);
  if (operand.is_string()) return "the string " + operand_text(operand);
  if (operand.is_number()) return "the number " + operand_text(operand);
  return operand_text(operand);
}

// `field "size" is an int`
std::string field_and_type(const Column& column) {
  return concat("filter: field \"", column.name, "\" is ", column.type == ColumnType::kInt ? "an " : "a ",
                name_of(column.type));
}

bool fits(ColumnType type, const Value& operand) {
  switch (type) {
    case ColumnType::kInt:
    case ColumnType::kReal:
      return operand.is_number() && !std::isnan(operand.as_real());
    case ColumnType::kBool:
      return operand.is_bool();
    case ColumnType::kDate:
      return date_of(operand).has_value();
    default:
      return operand.is_string();
  }
}

// What the user should have written instead.
std::string advice(ColumnType type, const Value& operand) {
  switch (type) {
    case ColumnType::kDate:
      if (operand.is_string() && parse_date(operand.as_string()))
        return "; write date " + operand_text(operand);
      return "; write a date, such as date \"2026-11-24\"";
    case ColumnType::kString:
      if (const auto date = date_of(operand)) return "; write \"" + date_text(*date) + "\"";
      if (!operand.is_string()) return concat("; write \"", operand_text(operand), "\"");
      return "";
    case ColumnType::kBool:
      return "; write true or false";
    default:
      return "; write a number without quotes";
  }
}

void check_contains(const Column& column, const Value& operand) {
  if (column.type != ColumnType::kString && column.type != ColumnType::kSet) {
    throw UsageError(field_and_type(column) + "; contains asks sets and texts, use = or another comparison");
  }
  if (!operand.is_string()) {
    throw UsageError(concat(field_and_type(column), "; it contains strings, not ", value_text(operand),
                            "; write \"",
                            date_of(operand) ? date_text(*date_of(operand)) : operand_text(operand), "\""));
  }
  if (column.type == ColumnType::kString && words_of(operand.as_string()).empty()) {
    throw UsageError(concat("filter: ", value_text(operand), " holds no word that field \"", column.name,
                            "\" could contain (words are letters and digits)"));
  }
}

}  // namespace

void ColumnIndex::check(const Filter& condition) const {
  const auto num_values = condition.values.size();
  const Op op = condition.op;
  const size_t due = op == Op::kExists ? 0 : op == Op::kBetween ? 2 : op == Op::kIn ? num_values : 1;
  WHITNEY_CHECK(num_values == due, "a condition with ", num_values, " values where ", due, " are due");
  if (op == Op::kExists) return;
  if (op == Op::kContains) return check_contains(column_, condition.values[0]);
  if (column_.type == ColumnType::kSet) {
    throw UsageError(concat(field_and_type(column_), "; ask ", field_text(column_.name), " contains ",
                            num_values > 0 ? operand_text(condition.values[0]) : "\"…\"",
                            num_values > 1 ? " (and join several by or)" : ""));
  }
  const bool is_order = op != Op::kEqual && op != Op::kNotEqual && op != Op::kIn;
  if (column_.type == ColumnType::kBool && is_order) {
    throw UsageError(field_and_type(column_) + "; it has no order, use = or !=");
  }
  for (const Value& operand : condition.values) {
    if (fits(column_.type, operand)) continue;
    throw UsageError(concat(field_and_type(column_), "; it cannot be compared with ", value_text(operand),
                            advice(column_.type, operand)));
  }
}

}  // namespace whitney::search
