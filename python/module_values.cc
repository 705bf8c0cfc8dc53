#include "python/module_values.h"

#include <nanobind/stl/string.h>

#include "whitney/core/error.h"

namespace whitney::python {
namespace {

std::string text_of(nb::handle object) { return nb::cast<std::string>(nb::str(object)); }

Value int_from(nb::handle object, const std::string& where) {
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
  if (overflow != 0) fail(where, ": the integer ", text_of(object), " is beyond 64 bits");
  return value;
}

Value list_from(nb::handle object, const std::string& where) {
  Value::List list;
  for (const nb::handle element : object) list.push_back(value_from(element, where));
  return list;
}

Value dict_value(nb::handle object, const std::string& where) {
  Value result = Value::object();
  for (const auto [key, member] : nb::cast<nb::dict>(object)) {
    if (!nb::isinstance<nb::str>(key))
      fail(where, ": the key ", text_of(nb::repr(key)), " of a dict is no string");
    result.set(nb::cast<std::string>(key), value_from(member, where));
  }
  return result;
}

nb::dict dict_from(const OptionSpec& spec) {
  nb::dict result;
  result["name"] = spec.name;
  result["type"] = spec.type_text();
  result["default"] = object_from(spec.default_value);
  result["optional"] = spec.is_optional;
  result["list"] = spec.is_list;
  result["range"] = nb::none();
  if (spec.range) result["range"] = nb::make_tuple(spec.range->low, spec.range->high);
  nb::list choices;
  for (const std::string& choice : spec.choices) choices.append(choice);
  result["choices"] = choices;
  result["help"] = spec.help;
  return result;
}

}  // namespace

Value value_from(nb::handle object, const std::string& where) {
  if (object.is_none()) return {};
  if (PyBool_Check(object.ptr())) return object.ptr() == Py_True;
  if (PyLong_Check(object.ptr())) return int_from(object, where);
  if (PyFloat_Check(object.ptr())) return PyFloat_AsDouble(object.ptr());
  if (nb::isinstance<nb::str>(object)) return nb::cast<std::string>(object);
  if (nb::isinstance<nb::dict>(object)) return dict_value(object, where);
  if (nb::isinstance<nb::list>(object) || nb::isinstance<nb::tuple>(object)) return list_from(object, where);
  if (nb::hasattr(object, "__fspath__")) return value_from(object.attr("__fspath__")(), where);
  if (nb::hasattr(object, "tolist"))
    return value_from(object.attr("tolist")(), where);  // numpy: scalars and arrays
  fail(where, ": a ", text_of(nb::type_name(object.type())),
       " cannot be given here (expected: None, bool, int, float, str, a path, or a list or dict of these)");
}

nb::object object_from(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull:
      return nb::none();
    case Value::Kind::kBool:
      return nb::bool_(value.as_bool());
    case Value::Kind::kInt:
      return nb::int_(value.as_int());
    case Value::Kind::kReal:
      return nb::float_(value.as_real());
    case Value::Kind::kString:
      return nb::str(value.as_string().data(), value.as_string().size());
    case Value::Kind::kList: {
      nb::list list;
      for (const Value& element : value.as_list()) list.append(object_from(element));
      return list;
    }
    case Value::Kind::kObject: {
      nb::dict dict;
      for (const auto& [key, member] : value.as_object())
        dict[nb::str(key.data(), key.size())] = object_from(member);
      return dict;
    }
  }
  return nb::none();
}

nb::list list_from(const std::vector<OptionSpec>& specs) {
  nb::list list;
  for (const OptionSpec& spec : specs) list.append(dict_from(spec));
  return list;
}

}  // namespace whitney::python
