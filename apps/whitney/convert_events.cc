#include "apps/whitney/convert_events.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/whitney/outputs.h"
#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/file_format.h"
#include "whitney/data/input_size.h"
#include "whitney/data/interactions_writer.h"

namespace whitney::app {
namespace {

struct Part {
  const char* name;
  const Interactions* events;
};

void note_typed(const Command& command, const std::vector<OptionSpec>& specs, std::string_view why,
                Session& session) {
  for (const OptionSpec& spec : specs) {
    if (command.was_typed(spec.name))
      session.note(concat("option \"", dashed(spec.name), "\" has no effect: ", why));
  }
}

std::string counts_text(const Interactions& events) {
  return concat(count_text(events.size()), " events of ", count_text(events.num_users()), " users with ",
                count_text(events.num_items()), " items");
}

Value counts_of(const Interactions& events) {
  return Value::object(
      {{"users", events.num_users()}, {"items", events.num_items()}, {"events", events.size()}});
}

// Whether the output is a folder of parts; else it is a file of all events.
bool is_folder(const std::string& output) {
  const data::FileFormat format = data::file_format(output, data::TxtMeaning::kText).format;
  if (format == data::FileFormat::kTsv || format == data::FileFormat::kCsv ||
      format == data::FileFormat::kSafetensors)
    return false;
  if (std::filesystem::path(output).has_extension())
    throw UsageError(concat(output,
                            ": events are written as .tsv, .csv or .safetensors, or split into a folder (a "
                            "name without an extension)"));
  return true;
}

std::vector<Part> parts_of(const InteractionsSplit& split, const InteractionsSplitOptions& options) {
  std::vector<Part> parts = {{"train.tsv", &split.train}};
  if (options.validation_share > 0) parts.push_back({"validation.tsv", &split.validation});
  if (options.test_share > 0) parts.push_back({"test.tsv", &split.test});
  return parts;
}

// Before the work: a part that is there would be lost.
void check_parts(const std::filesystem::path& folder, bool force) {
  for (const char* name : {"train.tsv", "validation.tsv", "test.tsv"}) {
    if (std::filesystem::exists(folder / name)) check_output(folder / name, force);
  }
}

Outcome write_parts(const Command& command, const InteractionsSplit& split, const std::vector<Part>& parts,
                    Session& session) {
  const std::filesystem::path folder = command.inputs[1];
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail("cannot make the folder ", folder.string(), ": ", error.message());
  Outcome outcome;
  Value files = Value::object();
  for (const auto& [name, events] : parts) {
    if (events->size() == 0) session.note(concat("no event fell to ", name, ": give a larger share"));
    write_interactions(*events, folder / name, command.common.force, session.context);
    outcome.text += concat("wrote ", (folder / name).string(), ": ", count_text(events->size()), " events\n");
    files.set(name, events->size());
  }
  outcome.text += concat("split ", split.checksum, " of ", counts_text(split.train), "\n");
  outcome.json.set("files", std::move(files));
  outcome.json.set("checksum", split.checksum);
  return outcome;
}

}  // namespace

Outcome convert_events(const Command& command, const EventsOptions& options, Session& session) {
  const Stopwatch watch;
  const std::string& output = command.inputs[1];
  const bool is_split = is_folder(output);
  for (const char* name : {"attributes", "id_field", "vectors"}) {
    if (command.was_typed(name))
      session.note(concat("option \"", dashed(name), "\" has no effect with --events"));
  }
  if (is_split) {
    check_parts(output, command.common.force);
  } else {
    note_typed(command, option_specs<InteractionsSplitOptions>(),
               "the output is a file, not a folder of parts", session);
    check_output(output, command.common.force);
  }
  InteractionsOptions reading = options.reading;
  reading.needs_times = is_split && needs_times(options.split.by);
  const Interactions events =
      core_of(std::move(read_interactions({command.inputs[0]}, reading, session.context).front()),
              options.core, session.context);
  if (!is_split) {
    write_interactions(events, output, command.common.force, session.context);
    return written(output, counts_text(events), counts_of(events), watch.seconds(), session);
  }
  const InteractionsSplit split = split_interactions(events, options.split, session.context);
  return write_parts(command, split, parts_of(split, options.split), session);
}

Outcome estimate_convert_events(const Command& command, Session& session) {
  const DataSize size = estimate_size(command.inputs[0], DataKind::kInteractions, false);
  // As they are read, sorted, and in parts.
  Outcome outcome = estimate_outcome({3 * interactions_bytes(size), 0}, session.context,
                                     Value::object({{"rows", size.num_rows}, {"nnz", size.nnz}}));
  outcome.text =
      concat("input: about ", count_text(size.num_rows), " rows, ", count_text(size.nnz), " entries\n") +
      outcome.text;
  return outcome;
}

void note_idle_events_options(const Command& command, Session& session) {
  note_typed(command, option_specs<EventsOptions>(), "it is about --events", session);
}

}  // namespace whitney::app
