#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "whitney/core/value.h"
#include "whitney/data/embeddings.h"

namespace whitney::graph {

/// Makes a table of ids with one column of numbers; `quality` goes into its record.
inline Table label_table(const Ids& ids, std::string column_name, std::span<const uint32_t> labels,
                         Value quality) {
  Column column;
  column.name = std::move(column_name);
  column.type = ColumnType::kInt;
  column.ints = Array<int64_t>(static_cast<int64_t>(labels.size()));
  std::ranges::copy(labels, column.ints.mutable_data());
  Table table;
  table.ids = ids;
  table.attributes = {ids.size(), {std::move(column)}};
  table.record.set("quality", std::move(quality));
  return table;
}

}  // namespace whitney::graph
