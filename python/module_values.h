#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <utility>
#include <vector>

#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/core/value.h"

namespace whitney::python {

namespace nb = nanobind;

/// Makes a JSON value of None, bool, int, float, str, a path, a list (or anything with tolist) or a dict,
/// also of numpy's scalars. Throws Error that names `where` for anything else.
Value value_from(nb::handle object, const std::string& where);

/// The other way: None, bool, int, float, str, list, dict.
nb::object object_from(const Value& value);

/// Options' declarations as dicts: name, type, default, range, choices, optional, list, help.
nb::list list_from(const std::vector<OptionSpec>& specs);

/// The declaration of options that are no method's, under the name that errors call them by.
template <class Options>
Method declared(std::string name) {
  MethodInfo info;
  info.name = std::move(name);
  return declare_method<Options>(Verb::kEncode, std::move(info), nullptr);
}

/// Checks what was given against that declaration and fills in the defaults. Throws UsageError.
template <class Options>
Options options_from_dict(const std::string& name, const nb::dict& given) {
  return options_from<Options>(
      resolve_options(declared<Options>(name), value_from(given, "options of " + name)));
}

}  // namespace whitney::python
