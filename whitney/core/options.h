#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney {

/// The values that a number may take, both ends included. For lists: each element.
struct Range {
  double low;
  double high;
};

/// A file or folder, as text.
struct Path {
  std::string value;
  friend bool operator==(const Path&, const Path&) = default;
};

/// A chosen part: a method of a verb and its options, written with dots: `--base fastrp --base.dim 128`.
struct MethodChoice {
  std::string method;
  /// Resolved options of that method, an object.
  Value options;
};

enum class OptionKind : uint8_t { kBool, kInt, kReal, kText, kEnum, kPath, kMethod };

/// What the command line, Python, the record and the manual know of one option.
struct OptionSpec {
  std::string name;
  OptionKind kind = OptionKind::kText;
  bool is_list = false;
  bool is_optional = false;
  /// Null for an absent optional.
  Value default_value;
  std::optional<Range> range;
  /// Names of an enum's values.
  std::vector<std::string> choices;
  /// For a method choice: the verb that the method must have ("learn").
  std::string verb;
  std::string help;

  /// Such as "int in [1, 65536]" or "one of cosine, l2".
  WHITNEY_API std::string type_text() const;
};

/// Names of an enum's values: overload `enum_names(E)` beside the enum, found by argument-dependent look-up.
/// `inline constexpr auto enum_names(Metric) { return std::array{"cosine", "inner_product", "l2"}; }`, in
/// value order.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) { enum_names(e); };

template <NamedEnum E>
std::string_view name_of_enum(E value) {
  return enum_names(value)[static_cast<size_t>(value)];
}

/// Reads a command line's text as a value of the option. Throws UsageError that names the option, the text
/// seen and what would be right. Lists are separated by commas.
WHITNEY_API Value parse_option_text(const OptionSpec& spec, std::string_view text);

/// Checks a value's type and range and converts where nothing is lost (int to real, one value to a list).
/// Throws UsageError that names the option, the value seen and what would be right.
WHITNEY_API Value check_option(const OptionSpec& spec, const Value& value);

namespace detail {

template <class T>
struct Unwrapped {
  using type = T;
  static constexpr bool is_list = false, is_optional = false;
};
template <class T>
struct Unwrapped<std::optional<T>> : Unwrapped<T> {
  static constexpr bool is_optional = true;
};
template <class T>
struct Unwrapped<std::vector<T>> : Unwrapped<T> {
  static constexpr bool is_list = true;
};

template <class T>
constexpr OptionKind option_kind() {
  if constexpr (std::is_same_v<T, bool>)
    return OptionKind::kBool;
  else if constexpr (std::is_integral_v<T>)
    return OptionKind::kInt;
  else if constexpr (std::is_floating_point_v<T>)
    return OptionKind::kReal;
  else if constexpr (std::is_same_v<T, Path>)
    return OptionKind::kPath;
  else if constexpr (std::is_same_v<T, MethodChoice>)
    return OptionKind::kMethod;
  else if constexpr (NamedEnum<T>)
    return OptionKind::kEnum;
  else
    return OptionKind::kText;
}

template <class T>
Value to_value(const T& value) {
  if constexpr (std::is_same_v<T, bool>)
    return Value(value);
  else if constexpr (std::is_integral_v<T>)
    return Value(static_cast<int64_t>(value));
  else if constexpr (std::is_floating_point_v<T>)
    return Value(static_cast<double>(value));
  else if constexpr (std::is_same_v<T, Path>)
    return Value(value.value);
  else if constexpr (std::is_same_v<T, MethodChoice>)
    return Value(value.method);
  else if constexpr (NamedEnum<T>)
    return Value(name_of_enum(value));
  else
    return Value(value);
}
template <class T>
Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value();
}
template <class T>
Value to_value(const std::vector<T>& values) {
  Value::List list;
  for (const T& value : values) list.push_back(to_value(value));
  return list;
}

template <class T>
void from_value(const Value& value, T& out) {
  if constexpr (std::is_same_v<T, bool>)
    out = value.as_bool();
  else if constexpr (std::is_integral_v<T>)
    out = static_cast<T>(value.as_int());
  else if constexpr (std::is_floating_point_v<T>)
    out = static_cast<T>(value.as_real());
  else if constexpr (std::is_same_v<T, Path>)
    out.value = value.as_string();
  else if constexpr (std::is_same_v<T, MethodChoice>)
    out.method = value.as_string();
  else if constexpr (NamedEnum<T>) {
    const auto names = enum_names(out);
    for (size_t i = 0; i < names.size(); ++i) {
      if (value.as_string() == names[i]) out = static_cast<T>(i);
    }
  } else
    out = value.as_string();
}
template <class T>
void from_value(const Value& value, std::optional<T>& out) {
  out.reset();
  if (!value.is_null()) from_value(value, out.emplace());
}
template <class T>
void from_value(const Value& value, std::vector<T>& out) {
  out.clear();
  for (const Value& element : value.as_list()) from_value(element, out.emplace_back());
}

/// The visitor that turns a `fields` declaration into specs.
struct SpecCollector {
  std::vector<OptionSpec> specs;

  template <class T>
  OptionSpec& add(const char* name, const T& value, std::string help) {
    using Plain = typename Unwrapped<T>::type;
    OptionSpec spec;
    spec.name = name;
    spec.kind = option_kind<Plain>();
    spec.is_list = Unwrapped<T>::is_list;
    spec.is_optional = Unwrapped<T>::is_optional;
    spec.default_value = to_value(value);
    spec.help = std::move(help);
    if constexpr (NamedEnum<Plain>) {
      for (const auto& choice : enum_names(Plain{})) spec.choices.emplace_back(choice);
    }
    specs.push_back(std::move(spec));
    return specs.back();
  }
  template <class T>
  void operator()(const char* name, const T& value, const char* help) {
    add(name, value, help);
  }
  template <class T>
  void operator()(const char* name, const T& value, Range range, const char* help) {
    add(name, value, help).range = range;
  }
  /// A method choice: the verb whose methods may be chosen.
  template <class T>
  void operator()(const char* name, const T& value, const char* verb, const char* help) {
    add(name, value, help).verb = verb;
  }
};

/// The visitor that fills an options struct from a resolved object.
struct Assigner {
  const Value& resolved;

  template <class T, class... Rest>
  void operator()(const char* name, T& out, const Rest&...) const {
    const Value* value = resolved.find(name);
    if (value == nullptr) return;
    from_value(*value, out);
    if constexpr (std::is_same_v<T, MethodChoice>) {
      out.options = Value::object();
      const std::string prefix = std::string(name) + ".";
      for (const auto& [key, nested] : resolved.as_object()) {
        if (key.starts_with(prefix)) out.options.set(key.substr(prefix.size()), nested);
      }
    }
  }
};

}  // namespace detail

/// Gives the declaration of an options struct: one spec per field, in order, with its default.
template <class Options>
std::vector<OptionSpec> option_specs() {
  Options options;
  detail::SpecCollector collector;
  options.fields(collector);
  return std::move(collector.specs);
}

/// The values that an options struct has, by the names of its fields.
template <class Options>
Value option_values(Options options) {
  detail::SpecCollector collector;
  options.fields(collector);
  Value values = Value::object();
  for (const OptionSpec& spec : collector.specs) values.set(spec.name, spec.default_value);
  return values;
}

/// Fills an options struct from a resolved object (see resolve_options in registry.h).
template <class Options>
Options options_from(const Value& resolved) {
  Options options;
  detail::Assigner assigner{resolved};
  options.fields(assigner);
  return options;
}

}  // namespace whitney
