#include "whitney/search/filter.h"

#include "whitney/core/error.h"
#include "whitney/data/attributes.h"
#include "whitney/search/filter_lexer.h"

namespace whitney {
namespace {

using Op = Filter::Op;

std::string quoted_string(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string list_text(const std::vector<Value>& values) {
  std::string out = "[";
  for (size_t i = 0; i < values.size(); ++i) out += (i > 0 ? ", " : "") + operand_text(values[i]);
  return out + "]";
}

std::string_view sign_of(Op op) {
  switch (op) {
    case Op::kEqual:
      return "=";
    case Op::kNotEqual:
      return "!=";
    case Op::kLess:
      return "<";
    case Op::kLessEqual:
      return "<=";
    case Op::kGreater:
      return ">";
    case Op::kGreaterEqual:
      return ">=";
    case Op::kContains:
      return "contains";
    default:
      break;
  }
  WHITNEY_CHECK(false, "an operator without a sign");
  return "";
}

bool is_group(const Filter& filter) { return filter.op == Op::kAnd || filter.op == Op::kOr; }

// Groups keep their nesting: a group inside a group stands in parentheses, except "and" inside "or", which
// binds tighter.
std::string group_text(const Filter& group) {
  std::string out;
  for (size_t i = 0; i < group.children.size(); ++i) {
    const Filter& child = group.children[i];
    const bool parentheses = is_group(child) && !(group.op == Op::kOr && child.op == Op::kAnd);
    if (i > 0) out += group.op == Op::kAnd ? " and " : " or ";
    out += parentheses ? "(" + child.to_text() + ")" : child.to_text();
  }
  return out;
}

std::string not_text(const Filter& filter) {
  WHITNEY_CHECK(filter.children.size() == 1, "a not with ", filter.children.size(), " children");
  const Filter& child = filter.children[0];
  const bool parentheses = is_group(child) || child.op == Op::kNot;
  return parentheses ? "not (" + child.to_text() + ")" : "not " + child.to_text();
}

}  // namespace

Value date_operand(int64_t microseconds) { return Value::object({{"date", Value(microseconds)}}); }

std::optional<int64_t> date_of(const Value& operand) {
  const Value* date = operand.find("date");
  if (date == nullptr || !date->is_int()) return std::nullopt;
  return date->as_int();
}

std::string operand_text(const Value& operand) {
  if (const auto date = date_of(operand)) return "date \"" + date_text(*date) + "\"";
  if (operand.is_string()) return quoted_string(operand.as_string());
  return operand.to_json();
}

std::string Filter::to_text() const {
  switch (op) {
    case Op::kAnd:
    case Op::kOr:
      return group_text(*this);
    case Op::kNot:
      return not_text(*this);
    case Op::kIdIn:
      return "id in " + list_text(values);
    case Op::kIn:
      return search::field_text(field) + " in " + list_text(values);
    case Op::kExists:
      return search::field_text(field) + " exists";
    case Op::kBetween:
      WHITNEY_CHECK(values.size() == 2, "a between with ", values.size(), " values");
      return search::field_text(field) + " between " + operand_text(values[0]) + " and " +
             operand_text(values[1]);
    default:
      break;
  }
  WHITNEY_CHECK(values.size() == 1, "a comparison with ", values.size(), " values");
  return concat(search::field_text(field), " ", sign_of(op), " ", operand_text(values[0]));
}

bool operator==(const Filter& a, const Filter& b) {
  return a.op == b.op && a.field == b.field && a.values == b.values && a.children == b.children;
}

}  // namespace whitney
