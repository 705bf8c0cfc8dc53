#include "whitney/data/interactions_file.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/file_format.h"
#include "whitney/data/interactions_values.h"
#include "whitney/data/text_scan.h"

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

/// Each is looked at: what is mapped would fail where it is first used, far from here.
Ids checked_ids(const Artifact& artifact, const char* what) {
  Ids ids = read_ids(artifact, count_of(artifact, what), concat(what, "."));
  for (int64_t row = 0; !ids.is_integer() && row < ids.size(); ++row) {
    if (!data::is_utf8(ids.string(row)))
      fail("the id ", data::quoted(ids.string(row)), " of row ", row, " of the ", what, " is not UTF-8");
  }
  if (const auto twice = ids.first_duplicate()) {
    fail("the id \"", ids.text(twice->first), "\" stands twice among the ", what, ", in rows ", twice->first,
         " and ", twice->second, " (counted from 0)");
  }
  return ids;
}

Interactions read_events(const Artifact& artifact) {
  Interactions events;
  events.source = artifact.path();
  events.users = checked_ids(artifact, "users");
  events.items = checked_ids(artifact, "items");
  events.offsets = artifact.tensor("events.offsets").as<int64_t>();
  events.targets = artifact.tensor("events.items").as<uint32_t>();
  events.values = of_events<float>(artifact, "events.values", events.size());
  events.times = of_events<int64_t>(artifact, "events.times", events.size());
  check_rows(events);
  check_finite(events);
  return events;
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
  return events_that_count(load_interactions(Artifact::read(path, context)), options,
                           path + ", whose fields have no names", context);
}

}  // namespace data
}  // namespace whitney
