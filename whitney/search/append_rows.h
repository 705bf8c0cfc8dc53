#pragma once

#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"

namespace whitney::search {

/// The ids of `more` behind those of `ids`. Integers become text behind strings. Throws Error for strings
/// behind integers, naming the first.
Ids append_rows(const Ids& ids, const Ids& more);

/// The rows of `more` behind those of `attributes`: columns are matched by name, one that a side lacks has no
/// values there, integers widen behind reals. Throws Error that names the column and both types when they do
/// not fit. num_rows, num_more: the rows, which attributes without columns do not know.
Attributes append_rows(const Attributes& attributes, int64_t num_rows, const Attributes& more,
                       int64_t num_more);

}  // namespace whitney::search
