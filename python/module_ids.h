#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "whitney/data/ids.h"

namespace whitney::python {

namespace nb = nanobind;

/// Ids as numpy: uint64, or an object array of str.
nb::object ids_as_numpy(const Ids& ids);

/// One id as int or str.
nb::object id_as_object(const Ids& ids, int64_t row);

/// The ids of rows of a result as numpy, in `shape`: uint64 where they are integers and all there, else
/// objects, None where the row is -1.
nb::object ids_of_rows(const Ids& ids, const std::vector<int64_t>& rows, nb::handle shape);

/// The row of an id given as int or str, if there is one.
std::optional<int64_t> find_row(const Ids& ids, nb::handle id);

/// Ids of a list of int or of str. Throws Error that names the place of one that is neither, or of the other
/// kind.
Ids ids_from_list(const nb::list& list);

void bind_ids(nb::module_& module);

}  // namespace whitney::python
