#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"

namespace whitney {

struct InteractionsOptions {
  /// Fields of the columns where a heading names them. Absent: user_id, user or userId; item_id, item,
  /// itemId, movieId or artistID; rating, value or count; timestamp or time, whichever there is.
  std::optional<std::string> user_field = {}, item_field = {}, value_field = {}, time_field = {};
  /// Events of a lower value are left out.
  std::optional<double> min_value = {};
};

/// Reads files of events, which share the numbers of users and items: rows are in the order of ids (integers
/// by value, else by bytes), so that ties by row are ties by id. Each file has one of these forms; plain, gz,
/// xz or zst by content, `#` comments and blank lines are skipped:
///   lists    `user item item ...`, separated by spaces (NGCF, LightGCN); a user alone has no event here
///   columns  user, item, [value, [time]] between tabs or commas, or between spaces where all lines have
///            three or four fields; a heading names them in any order, RecBole's `user_id:token` among others
/// A list of integers is read as columns only by tabs, commas or the heading. Throws Error that names file,
/// line and field.
WHITNEY_API std::vector<Interactions> read_interactions(const std::vector<std::string>& paths,
                                                        const InteractionsOptions& options,
                                                        const Context& context);

}  // namespace whitney
