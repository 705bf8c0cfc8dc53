#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/interactions.h"

namespace whitney {

/// What decides which events are held out.
enum class SplitBy : uint8_t { kUserRatio, kRatio, kLeaveLastOut, kLeaveRandomOut, kTime };
inline constexpr auto enum_names(SplitBy) {
  return std::array<std::string_view, 5>{"user_ratio", "ratio", "leave_last_out", "leave_random_out", "time"};
}

/// Options of splits of events into training, validation and test.
struct InteractionsSplitOptions {
  SplitBy by = SplitBy::kUserRatio;
  double test_share = 0.2;
  double validation_share = 0.1;
  void fields(auto&& field) {
    field("split", by,
          "user_ratio: a share of every user's events, at random; ratio: a share of all events, at random; "
          "leave_last_out, leave_random_out: one event of every user, the last in time or any; time: the "
          "last of "
          "all events in time");
    field("test_share", test_share, Range{0, 0.99},
          "Share of the events that are held out for the test; leaving one out looks only whether it is "
          "above 0");
    field("validation_share", validation_share, Range{0, 0.99},
          "Share of the events left that are held out for validation, in the same way");
  }
};

/// Whether such a split looks at the times of events.
WHITNEY_API bool needs_times(SplitBy by);

/// Events of the same users and items in three parts that have no event in common.
struct InteractionsSplit {
  Interactions train, validation, test;
  /// split_checksum of the three.
  std::string checksum;
};

/// Splits events. Which event goes where is a function of the seed and of the ids: it depends neither on the
/// order of a file nor on the rows that users have in it. Shares are rounded, of user_ratio for each user;
/// every user keeps an event for training (except by ratio and by time). Events of equal time are never torn
/// apart by `time`, so that its parts may be smaller than asked for. O(n log n). Throws Error where
/// `leave_last_out` or `time` finds no times, and where `time` finds one only.
WHITNEY_API InteractionsSplit split_interactions(const Interactions& events,
                                                 const InteractionsSplitOptions& options,
                                                 const Context& context);

/// 32 hexadecimal digits that are the same for the same events in the same parts, whatever the order of
/// users, items and events, for a report to say which split it was measured on. Of ids (as texts) only, not
/// of values or times.
WHITNEY_API std::string split_checksum(std::span<const Interactions* const> parts);

}  // namespace whitney
