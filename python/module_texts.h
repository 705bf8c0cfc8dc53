#pragma once

#include <nanobind/nanobind.h>

#include <string_view>
#include <vector>

#include "whitney/data/labels.h"

namespace whitney::python {

namespace nb = nanobind;

/// The texts of a list of str as UTF-8 that the list keeps alive: nobody may change it meanwhile. Throws
/// Error that names the place of what is no text.
std::vector<std::string_view> texts_of(const nb::list& list);

/// Texts with their ids, as many and none twice. Throws Error.
Corpus corpus_of(const Ids& ids, const nb::list& texts);

}  // namespace whitney::python
