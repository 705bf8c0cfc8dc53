#pragma once

#include "apps/whitney/command.h"
#include "apps/whitney/session.h"
#include "whitney/data/interactions_core.h"
#include "whitney/data/interactions_reader.h"
#include "whitney/data/interactions_split.h"

namespace whitney::app {

/// What `convert` does with events of users with items.
struct EventsOptions {
  bool events = false;
  InteractionsOptions reading;
  KCoreOptions core;
  InteractionsSplitOptions split;

  void fields(auto&& field) {
    field(
        "events", events,
        "Take the input as events of users with items; an output without an extension is a folder that gets "
        "the parts of a split");
    reading.fields(field);
    core.fields(field);
    split.fields(field);
  }
};

/// Reads inputs[0], keeps the core, and writes inputs[1]: a .tsv, .csv or .safetensors, or a folder with
/// train.tsv, validation.tsv and test.tsv (none for a part that was not asked for). Throws Error before
/// anything is written where a part exists (without --force).
Outcome convert_events(const Command& command, const EventsOptions& options, Session& session);

Outcome estimate_convert_events(const Command& command, Session& session);

/// Notes the options above that were typed without --events.
void note_idle_events_options(const Command& command, Session& session);

}  // namespace whitney::app
