#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"

namespace whitney {

/// The form of a file of events.
enum class EventsForm : uint8_t { kAuto, kLists, kColumns };
inline constexpr auto enum_names(EventsForm) {
  return std::array<std::string_view, 3>{"auto", "lists", "columns"};
}

struct InteractionsOptions {
  /// Fields of the columns where a heading names them; where none does, asking for one is an Error. Absent:
  /// user_id, user, userId or userID; item_id, item, itemId, itemID, movieId, movie_id, artistID or Id;
  /// rating, value, count or weight; timestamp or time, whichever there is.
  std::optional<std::string> user_field = {}, item_field = {}, value_field = {}, time_field = {};
  /// Events of a lower value are left out; compared as float32, as values are kept. Where events have no
  /// values it has no effect, which a note tells, and neither has value_range.
  std::optional<double> min_value = {};
  /// The lowest and the highest value that an event may have: one outside is refused. Empty: any value.
  std::vector<double> value_range = {};
  EventsForm events_form = EventsForm::kAuto;
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
    field("value_range", value_range, Range{-1e30, 1e30},
          "Events: lowest and highest value, such as 1,5; an event outside is refused; empty: any value");
    field("events_form", events_form,
          "Events: lists: user item item ...; columns: user, item, value, time; auto: by the heading, "
          "between tabs, commas or :: columns, else lists unless a word can only be a value");
  }
};

/// Reads files of events, which share the numbers of users and items: rows are in the order of ids (integers
/// by value, else by bytes), so that ties by row are ties by id. Each file has one of these forms; plain, gz,
/// xz or zst by content, `#` comments and blank lines are skipped:
///   lists    `user item item ...`, separated by spaces (NGCF, LightGCN); a user alone has no event here
///   columns  user, item, [value, [time]] between tabs, commas or `::`; a heading names them in any order,
///            RecBole's `user_id:token` among others
/// Words between spaces without a heading are lists, unless all lines have three or four and the third and
/// fourth can only be values: numbers that are no whole ones, or that stand behind items which are none.
/// Where three or four whole numbers a line could be columns too, a note tells that they are read as lists.
/// options.events_form decides instead; lists asked for may also stand between tabs or commas. A file that is
/// read alone may also be an artifact of events (interactions_file.h), whose ids keep their order. Throws
/// Error that names file, line and field, UsageError where value_range is no range.
WHITNEY_API std::vector<Interactions> read_interactions(const std::vector<std::string>& paths,
                                                        const InteractionsOptions& options,
                                                        const Context& context);

}  // namespace whitney
