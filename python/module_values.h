#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney::python {

namespace nb = nanobind;

/// Makes a JSON value of None, bool, int, float, str, a path, a list (or anything with tolist) or a dict,
/// also of numpy's scalars. Throws Error that names `where` for anything else.
Value value_from(nb::handle object, const std::string& where);

/// The other way: None, bool, int, float, str, list, dict.
nb::object object_from(const Value& value);

/// An option's declaration as a dict: name, type, default, range, choices, optional, list, help.
nb::dict dict_from(const OptionSpec& spec);

}  // namespace whitney::python
