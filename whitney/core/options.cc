#include "whitney/core/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"

namespace whitney {
namespace {

std::string number_text(double value) {
  constexpr double kMostExactInt = 9007199254740992.0;  // 2^53
  if (value == std::floor(value) && std::abs(value) <= kMostExactInt)
    return std::to_string(static_cast<int64_t>(value));
  return shortest(value);
}

std::string range_text(const OptionSpec& spec) {
  return spec.range ? " in [" + number_text(spec.range->low) + ", " + number_text(spec.range->high) + "]"
                    : "";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string element_text(const OptionSpec& spec) {
  switch (spec.kind) {
    case OptionKind::kBool:
      return "true or false";
    case OptionKind::kInt:
      return "int" + range_text(spec);
    case OptionKind::kReal:
      return "real" + range_text(spec);
    case OptionKind::kText:
      return "text";
    case OptionKind::kEnum:
      return "one of " + joined(spec.choices);
    case OptionKind::kPath:
      return "path";
    case OptionKind::kMethod:
      return "a method of " + spec.verb;
  }
  return "";
}

[[noreturn]] void refuse(const OptionSpec& spec, std::string_view seen, std::string_view more = "") {
  throw UsageError(concat("option \"", spec.name, "\": ", seen,
                          " is not allowed (expected: ", spec.type_text(), ")", more));
}

void check_range(const OptionSpec& spec, double value, std::string_view seen) {
  if (std::isnan(value) || (spec.range && !(value >= spec.range->low && value <= spec.range->high)))
    refuse(spec, seen == "null" ? shortest(value) : std::string(seen));  // JSON has no infinity
}

Value check_text(const OptionSpec& spec, const Value& value) {
  if (!value.is_string()) refuse(spec, value.to_json());
  const std::string& text = value.as_string();
  if (spec.kind == OptionKind::kEnum &&
      std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end()) {
    refuse(spec, "\"" + text + "\"", did_you_mean(text, spec.choices));
  }
  return value;
}

Value check_element(const OptionSpec& spec, const Value& value) {
  switch (spec.kind) {
    case OptionKind::kBool:
      if (!value.is_bool()) refuse(spec, value.to_json());
      return value;
    case OptionKind::kInt: {
      if (!value.is_number()) refuse(spec, value.to_json());
      const double real = value.as_real();
      if (!value.is_int() && (real != std::floor(real) || std::abs(real) > 0x1p53))
        refuse(spec, value.to_json());
      check_range(spec, real, value.to_json());
      return value.is_int() ? value : Value(static_cast<int64_t>(real));
    }
    case OptionKind::kReal:
      if (!value.is_number()) refuse(spec, value.to_json());
      check_range(spec, value.as_real(), value.to_json());
      return Value(value.as_real());
    default:
      return check_text(spec, value);
  }
}

template <class Number>
Value parse_number(const OptionSpec& spec, std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || stop != end) refuse(spec, concat("\"", text, "\""));
  return Value(number);
}

Value parse_element(const OptionSpec& spec, std::string_view text) {
  switch (spec.kind) {
    case OptionKind::kBool:
      if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
      if (text == "false" || text == "no" || text == "off" || text == "0") return false;
      refuse(spec, concat("\"", text, "\""));
    case OptionKind::kInt:
      return parse_number<int64_t>(spec, text);
    case OptionKind::kReal:
      return parse_number<double>(spec, text);
    default:
      return Value(text);
  }
}

}  // namespace

std::string OptionSpec::type_text() const {
  return is_list ? "a list, each " + element_text(*this) : element_text(*this);
}

Value parse_option_text(const OptionSpec& spec, std::string_view text) {
  if (!spec.is_list) return check_option(spec, parse_element(spec, text));
  Value::List list;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    list.push_back(parse_element(spec, text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return check_option(spec, list);
}

Value check_option(const OptionSpec& spec, const Value& value) {
  if (value.is_null() && spec.is_optional) return value;
  if (!spec.is_list) return check_element(spec, value);
  if (!value.is_list()) return Value(Value::List{check_element(spec, value)});
  Value::List list;
  for (const Value& element : value.as_list()) list.push_back(check_element(spec, element));
  return list;
}

}  // namespace whitney
