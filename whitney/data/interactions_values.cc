#include "whitney/data/interactions_values.h"

#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/decimal.h"

namespace whitney {
namespace {

/// As people write it: 5, not 5.0.
std::string plain_text(float value) {
  std::string text;
  data::append_float(text, value);
  return text;
}

Interactions select(const Interactions& events, const std::vector<int64_t>& places, const Context& context) {
  std::vector<uint32_t> users, items;
  std::vector<float> values;
  std::vector<int64_t> times;
  int64_t user = 0;
  for (const int64_t place : places) {
    while (events.offsets[user + 1] <= place) ++user;
    users.push_back(static_cast<uint32_t>(user));
    items.push_back(events.targets[place]);
    values.push_back(events.values[place]);
    if (!events.times.empty()) times.push_back(events.times[place]);
  }
  return build_interactions(events.users, events.items, {users, items, values, times, events.source},
                            context);
}

}  // namespace

ValueBounds::ValueBounds(const InteractionsOptions& options) {
  const std::vector<double>& range = options.value_range;
  if (!range.empty()) {
    if (range.size() != 2 || !(range[0] <= range[1]))
      throw UsageError("option \"value_range\" needs two numbers, the lower first, such as 1,5");
    lowest_ = static_cast<float>(range[0]);
    highest_ = static_cast<float>(range[1]);
  }
  if (options.min_value) least_ = static_cast<float>(*options.min_value);
}

std::string ValueBounds::outside() const {
  return concat(" is outside ", plain_text(lowest_), " to ", plain_text(highest_), " (value_range)");
}

std::vector<int64_t> events_that_count(std::span<const float> values, int64_t size,
                                       const InteractionsOptions& options, const std::string& where,
                                       const Context& context) {
  WHITNEY_CHECK(values.empty() || std::ssize(values) == size);
  const ValueBounds bounds(options);
  if (values.empty()) note_without_values(options, where, context);
  std::vector<int64_t> places;
  for (int64_t e = 0; e < size; ++e) {
    if (!values.empty()) {
      const float value = values[static_cast<size_t>(e)];
      if (!bounds.is_right(value))
        fail(where, "event ", e, " has the value ", plain_text(value), ", which", bounds.outside());
      if (!bounds.counts(value)) continue;
    }
    places.push_back(e);
  }
  return places;
}

Interactions events_that_count(Interactions events, const InteractionsOptions& options,
                               const std::string& what, const Context& context) {
  note_without_fields(options, what, context);
  const std::vector<int64_t> places =
      events_that_count(events.values, events.size(), options, events.where(), context);
  return std::ssize(places) == events.size() ? std::move(events) : select(events, places, context);
}

void note_without_values(const InteractionsOptions& options, const std::string& where,
                         const Context& context) {
  const auto tell = [&](const char* name) {
    context.note(concat(where, "option \"", name, "\" has no effect: the events have no values"));
  };
  if (!options.value_range.empty()) tell("value_range");
  if (options.min_value) tell("min_value");
}

void note_without_fields(const InteractionsOptions& options, const std::string& what,
                         const Context& context) {
  const auto tell = [&](const char* name) {
    context.note(concat("option \"", name, "\" has no effect on ", what));
  };
  if (options.user_field) tell("user_field");
  if (options.item_field) tell("item_field");
  if (options.value_field) tell("value_field");
  if (options.time_field) tell("time_field");
  if (options.events_form != EventsForm::kAuto) tell("events_form");
}

}  // namespace whitney
