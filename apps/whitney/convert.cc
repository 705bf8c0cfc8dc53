#include "apps/whitney/convert_events.h"
#include "apps/whitney/file_format.h"
#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_size.h"
#include "whitney/data/readers.h"

namespace whitney::app {
namespace {

struct ConvertOptions {
  std::optional<Path> attributes;
  std::optional<std::string> id_field;
  bool vectors = false;
  EventsOptions events;

  void fields(auto&& field) {
    field("attributes", attributes, "Table joined by id (JSON lines, CSV, TSV, artifact) to the vectors");
    field(
        "id_field", id_field,
        "Field that holds the id, of --attributes if given, else of the input; absent: id, else row numbers");
    field("vectors", vectors,
          "Take JSON lines, CSV or TSV as vectors where they could be a table of attributes");
    events.fields(field);
  }
};

// Tables and vectors share the text formats: what the other side is, decides.
bool holds_vectors(const std::string& input, const std::string& output, const ConvertOptions& options,
                   const Context& context) {
  const FileFormat from = format_of(input), to = format_of(output);
  if (from == FileFormat::kArtifact) return Artifact::read(input, context).kind() != "table";
  return options.vectors || from != FileFormat::kTable || to == FileFormat::kVectors ||
         to == FileFormat::kText || options.attributes.has_value();
}

Outcome convert_vectors(const Command& command, const ConvertOptions& options, const Stopwatch& watch,
                        Session& session) {
  const std::string& output = command.inputs[1];
  const TableOptions own{options.attributes ? std::nullopt : options.id_field};
  Embeddings embeddings = read_vectors(command.inputs[0], own, session.context);
  join_table(embeddings.ids, embeddings.attributes, options.attributes, options.id_field, session);
  write_vectors(embeddings, output, command.common.force, session.context);
  const std::string dtype = dtype_text(embeddings.vectors.dtype());
  return written(output, concat(count_text(embeddings.size()), " x ", embeddings.dim(), " ", dtype),
                 Value::object({{"rows", embeddings.size()}, {"dim", embeddings.dim()}, {"dtype", dtype}}),
                 watch.seconds(), session);
}

Outcome convert_table(const Command& command, const ConvertOptions& options, const Stopwatch& watch,
                      Session& session) {
  const std::string& output = command.inputs[1];
  const Table table = read_table(command.inputs[0], {options.id_field}, session.context);
  write_table(table, output, command.common.force, session.context);
  const auto columns = static_cast<int64_t>(table.attributes.columns.size());
  return written(output, concat(count_text(table.ids.size()), " rows of ", columns, " attributes"),
                 Value::object({{"rows", table.ids.size()}, {"attributes", columns}}), watch.seconds(),
                 session);
}

Outcome run_convert(const Command& command, Session& session) {
  const Stopwatch watch;
  const auto options = options_from<ConvertOptions>(command.options);
  for (const std::string& path : command.inputs) {
    if (path == "-") throw UsageError("convert tells formats by the extension, and - has none: name a file");
  }
  if (options.events.events) return convert_events(command, options.events, session);
  note_idle_events_options(command, session);
  check_output(command.inputs[1], command.common.force);
  return holds_vectors(command.inputs[0], command.inputs[1], options, session.context)
             ? convert_vectors(command, options, watch, session)
             : convert_table(command, options, watch, session);
}

Outcome estimate_convert(const Command& command, Session& session) {
  if (options_from<ConvertOptions>(command.options).events.events)
    return estimate_convert_events(command, session);
  const VectorsSize size = estimate_vectors_size(command.inputs[0]);
  const int64_t bytes = size.rows * size.dim * size_of(size.dtype);
  Outcome outcome = estimate_outcome({2 * bytes, 0}, session.context,
                                     Value::object({{"rows", size.rows}, {"dim", size.dim}}));
  outcome.text = concat("input: ", size.exact ? "" : "about ", count_text(size.rows), " x ", size.dim, "\n") +
                 outcome.text;
  return outcome;
}

}  // namespace

VerbCommand convert_verb() {
  VerbCommand verb;
  verb.name = "convert";
  verb.arguments = "INPUT OUTPUT [--attributes TABLE --id-field FIELD | --events]";
  verb.summary = "between file formats, by extension";
  verb.description =
      "Converts vectors (.safetensors, .npy, .fvecs, .ivecs, .bvecs, .fbin, .u8bin, .i8bin, .ibin, IDX, "
      "word2vec, .tsv, .csv, "
      ".jsonl) and tables of attributes (.jsonl, .csv, .tsv, .safetensors); inputs may be packed by gzip, xz "
      "or zstd.\n"
      "With --events it reads events of users with items, keeps their core, and writes them as .tsv or .csv, "
      "as .safetensors (whole, with users and items that have no event), or, into a folder, split: "
      "train.tsv, validation.tsv and test.tsv, the same by the same --seed whatever the order "
      "of the file.";
  verb.examples = {
      "whitney convert texts.safetensors texts.npy",
      "whitney convert vectors.npy vectors.safetensors --attributes table.jsonl --id-field package",
      "whitney convert events.inter parts --events --min-user-events 10 --split time --test-share 0.1"};
  verb.min_inputs = verb.max_inputs = 2;
  verb.options = option_specs<ConvertOptions>();
  verb.common = {"threads", "seed", "force", "max_memory"};
  verb.run = run_convert;
  verb.estimate = estimate_convert;
  return verb;
}

}  // namespace whitney::app
