#pragma once

#include <string>
#include <string_view>

#include "whitney/core/context.h"
#include "whitney/data/readers.h"

namespace whitney::data {

/// Reads an atomic file of RecBole (.item, .user; arXiv 2011.01731): fields between tabs below a heading that
/// names each with its type; a line is a row, and quotes are characters like others. Attributes lose the type
/// from their names: of `token` they are strings, of `float` reals, of `token_seq` sets of words; `float_seq`
/// is left out, which a note tells. An empty field is no value. The ids are the field options.id_field, else
/// item_id or user_id, else the first; it is a token. Throws Error that names file, line and field. name: of
/// the file, for errors.
Table read_recbole_table(std::string_view text, const std::string& name, const TableOptions& options,
                         const Context& context);

}  // namespace whitney::data
