#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"

namespace whitney {

struct InteractionsOptions {
  /// Fields of the columns where a heading names them. Absent: user_id, user or userId; item_id, item,
  /// itemId, movieId, artistID or Id; rating, value or count; timestamp or time, whichever there is.
  std::optional<std::string> user_field = {}, item_field = {}, value_field = {}, time_field = {};
  /// Events of a lower value are left out.
  std::optional<double> min_value = {};
  /// What comes next orders events by their times: a file that lacks one is refused. Else a file that lacks
  /// one has none.
  bool needs_times = false;

  void fields(auto&& field) {
    field("user_field", user_field,
          "Events: field of the user, where a heading names fields; absent: user_id and the like");
    field("item_field", item_field, "Events: field of the item; absent: item_id and the like");
    field("value_field", value_field, "Events: field of the rating or count; absent: rating and the like");
    field("time_field", time_field, "Events: field of the time; absent: timestamp or time");
    field("min_value", min_value, Range{-1e30, 1e30},
          "Events: those of a lower value are left out; absent: all count");
  }
};

/// Reads files of events, which share the numbers of users and items: rows are in the order of ids (integers
/// by value, else by bytes), so that ties by row are ties by id. Each file has one of these forms; plain, gz,
/// xz or zst by content, `#` comments and blank lines are skipped:
///   lists    `user item item ...`, separated by spaces (NGCF, LightGCN); a user alone has no event here
///   columns  user, item, [value, [time]] between tabs, commas or `::`, or between spaces where all lines
///   have
///            three or four fields; a heading names them in any order, RecBole's `user_id:token` among others
/// A list of integers is read as columns only by tabs, commas or the heading. Throws Error that names file,
/// line and field.
WHITNEY_API std::vector<Interactions> read_interactions(const std::vector<std::string>& paths,
                                                        const InteractionsOptions& options,
                                                        const Context& context);

}  // namespace whitney
