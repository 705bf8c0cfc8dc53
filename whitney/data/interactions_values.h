#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/data/interactions_reader.h"

namespace whitney {

/// Tells which values of events are right (value_range) and which count (min_value). The bounds are rounded
/// to float32, as values are: 0.7 is not below 0.7, whatever the events come from.
class WHITNEY_API ValueBounds {
 public:
  ValueBounds() = default;
  /// Throws UsageError where value_range is not two numbers, the lower first.
  explicit ValueBounds(const InteractionsOptions& options);
  /// Both ends of the range belong to it.
  bool is_right(float value) const { return lowest_ <= value && value <= highest_; }
  bool counts(float value) const { return !(value < least_); }
  /// Ends a sentence about a value that is not right: " is outside 1 to 5 (value_range)".
  std::string outside() const;

 private:
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float lowest_ = -kInfinity, highest_ = kInfinity, least_ = -kInfinity;
};

/// Gives the places of the events whose values count, ascending. values: of each of `size` events; empty:
/// they have none and all count, and notes tell which options have no effect. where: begins a sentence about
/// the events, may be empty. Throws Error that names the first event, by its place, whose value is not right.
WHITNEY_API std::vector<int64_t> events_that_count(std::span<const float> values, int64_t size,
                                                   const InteractionsOptions& options,
                                                   const std::string& where, const Context& context);

/// The events that count of some that are read already: all users and items stay. Notes tell which options
/// have no effect on `what`. Throws as events_that_count.
WHITNEY_API Interactions events_that_count(Interactions events, const InteractionsOptions& options,
                                           const std::string& what, const Context& context);

/// Notes for each option about values that is given that it has no effect on events without values.
void note_without_values(const InteractionsOptions& options, const std::string& where,
                         const Context& context);
/// Notes for each option about fields and form that is given that it has no effect on `what`.
WHITNEY_API void note_without_fields(const InteractionsOptions& options, const std::string& what,
                                     const Context& context);

}  // namespace whitney
