#include "whitney/data/interactions_file.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/file_format.h"

namespace whitney {
namespace {

constexpr std::string_view kKind = "interactions";

int64_t count_of(const Artifact& artifact, const char* what) {
  const Value* told = artifact.record().find(kKind);
  const Value* count = told == nullptr ? nullptr : told->find(what);
  if (count == nullptr || !count->is_int() || count->as_int() < 0)
    fail("the record does not tell how many ", what, " there are");
  return count->as_int();
}

/// A tensor of an entry for each event, or nothing.
template <class T>
Array<T> of_events(const Artifact& artifact, const char* name, int64_t size) {
  const TensorView* tensor = artifact.find(name);
  if (tensor == nullptr) return {};
  Array<T> values = tensor->as<T>();
  if (values.size() != size)
    fail("tensor \"", name, "\" has ", values.size(), " entries for ", size, " events");
  return values;
}

// What walks follow: after this none leaves the arrays.
void check_rows(const Interactions& events) {
  const std::span<const int64_t> offsets = events.offsets.span();
  if (std::ssize(offsets) != events.num_users() + 1 || offsets.front() != 0 ||
      offsets.back() != events.size() || !std::ranges::is_sorted(offsets))
    fail("the rows of users do not lie one behind the other in the ", events.size(), " events");
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const std::span<const uint32_t> items = events.items_of(user);
    const bool is_ascending = std::ranges::adjacent_find(items, std::greater_equal<>()) == items.end();
    if (!is_ascending || (!items.empty() && items.back() >= events.num_items()))
      fail("the items of user row ", user, " do not rise within the ", events.num_items(), " items");
  }
}

void check_finite(const Interactions& events) {
  const auto bad = std::ranges::find_if(events.values, [](float value) { return !std::isfinite(value); });
  if (bad != events.values.end())
    fail("the value of event ", bad - events.values.begin(), " is no finite number");
}

Interactions read_events(const Artifact& artifact) {
  Interactions events;
  events.source = artifact.path();
  events.users = read_ids(artifact, count_of(artifact, "users"), "users.");
  events.items = read_ids(artifact, count_of(artifact, "items"), "items.");
  events.offsets = artifact.tensor("events.offsets").as<int64_t>();
  events.targets = artifact.tensor("events.items").as<uint32_t>();
  events.values = of_events<float>(artifact, "events.values", events.size());
  events.times = of_events<int64_t>(artifact, "events.times", events.size());
  check_rows(events);
  check_finite(events);
  return events;
}

/// Those of a value that is high enough; an event without one has 1.
Interactions at_least(const Interactions& events, double least, const Context& context) {
  std::vector<uint32_t> users, items;
  std::vector<float> values;
  std::vector<int64_t> times;
  for (int64_t user = 0; user < events.num_users(); ++user) {
    for (int64_t e = events.offsets[user]; e < events.offsets[user + 1]; ++e) {
      if ((events.values.empty() ? 1 : events.values[e]) < least) continue;
      users.push_back(static_cast<uint32_t>(user));
      items.push_back(events.targets[e]);
      if (!events.values.empty()) values.push_back(events.values[e]);
      if (!events.times.empty()) times.push_back(events.times[e]);
    }
  }
  return build_interactions(events.users, events.items, {users, items, values, times, events.source},
                            context);
}

void note_idle(const InteractionsOptions& options, const std::string& path, const Context& context) {
  const auto tell = [&](const char* name) {
    context.note(concat("option \"", name, "\" has no effect on ", path, ", whose fields have no names"));
  };
  if (options.user_field) tell("user_field");
  if (options.item_field) tell("item_field");
  if (options.value_field) tell("value_field");
  if (options.time_field) tell("time_field");
  if (options.events_form != EventsForm::kAuto) tell("events_form");
}

}  // namespace

void save_interactions(const Interactions& events, const std::string& path, bool force,
                       const Context& context) {
  ArtifactWriter writer(std::string(kKind), Value::object());
  writer.record().set(kKind, Value::object({{"users", events.num_users()}, {"items", events.num_items()}}));
  writer.add("events.offsets", {events.offsets.size()}, events.offsets);
  writer.add("events.items", {events.targets.size()}, events.targets);
  if (!events.values.empty()) writer.add("events.values", {events.values.size()}, events.values);
  if (!events.times.empty()) writer.add("events.times", {events.times.size()}, events.times);
  writer.add_ids(events.users, "users.");
  writer.add_ids(events.items, "items.");
  writer.write(path, force, context);
}

Interactions load_interactions(const Artifact& artifact) {
  if (artifact.kind() != kKind) {
    fail(artifact.path(), ": is ",
         artifact.kind().empty() ? "no file of Whitney's" : "of kind " + artifact.kind(),
         " and holds no events (expected: lines of events, or what convert --events wrote)");
  }
  try {
    return read_events(artifact);
  } catch (const Error& error) {
    const std::string_view text = error.what();
    if (text.starts_with(artifact.path())) throw;
    fail(artifact.path(), ": ", text);
  }
}

namespace data {

bool is_interactions_file(const std::string& path) {
  return file_format(path, TxtMeaning::kText).format == FileFormat::kSafetensors ||
         begins_as_safetensors(path);
}

Interactions read_interactions_file(const std::string& path, const InteractionsOptions& options,
                                    const Context& context) {
  Interactions events = load_interactions(Artifact::read(path, context));
  note_idle(options, path, context);
  try {
    check_values(std::vector<double>(events.values.begin(), events.values.end()), options.value_range);
  } catch (const Error& error) {  // which knows the event's place alone
    fail(events.where(), error.what());
  }
  return options.min_value ? at_least(events, *options.min_value, context) : events;
}

}  // namespace data
}  // namespace whitney
