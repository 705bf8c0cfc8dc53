#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/delimited.h"
#include "whitney/data/id_table.h"
#include "whitney/data/readers.h"

namespace whitney::data {

/// What the text of a cell could be.
enum class CellKind : uint8_t { kMissing, kBool, kInt, kReal, kNotFinite, kSet, kText };

/// Tells the kind of a cell: nothing between separators is no value; true, True and TRUE are bools; a number
/// in quotes is text where quotes tell text, and so is one with leading zeros ("007"); a list of JSON strings
/// is a set.
CellKind kind_of(const Cell& cell, bool quotes_tell_text);

/// Adds the id in field `place` of a record: an integer as it is printed, else text. Throws Error when it is
/// empty.
void collect_id(const std::vector<Cell>& cells, size_t place, const HeadedReader& reader, IdCollector& ids);

/// Reads CSV or TSV with a heading. The type of a column is the one that all its cells fit: int, else real
/// (also inf and nan, which is no value), bool, set, else string. The text is read twice, so that nothing but
/// the columns is held. Throws Error that names file, line and field.
Table read_delimited_table(std::string_view text, char separator, const std::string& name,
                           const TableOptions& options, const Context& context);

}  // namespace whitney::data
