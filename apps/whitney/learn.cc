#include <malloc.h>

#include <algorithm>
#include <cmath>

#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/data/artifact.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_size.h"
#include "whitney/data/interactions_reader.h"
#include "whitney/data/learner.h"
#include "whitney/data/readers.h"

namespace whitney::app {
namespace {

struct LearnOptions {
  std::optional<Path> output;
  bool directed = false;
  std::optional<bool> weighted;
  std::optional<std::string> id_field;
  std::string text_field = "text";
  InteractionsOptions events;
  std::optional<Path> attributes;

  void fields(auto&& field) {
    field("output", output,
          "File to write; .safetensors keeps everything, .npy, .fvecs and others what they can (of a table: "
          ".tsv, .csv, .jsonl), - is standard output");
    field("directed", directed, "Graphs: edges hold in one direction only");
    field("weighted", weighted, "Graphs: the third column is a weight; absent: when all of it are numbers");
    field("id_field", id_field,
          "Tables and texts, and --attributes: field of the id; absent: id, else row numbers");
    field("text_field", text_field, "Texts: field of the text");
    events.fields(field);
    field("attributes", attributes, "Events: a table of the items' attributes, joined by id, for filters");
  }
};

void report_unused(const Command& command, DataKind kind, Session& session) {
  const auto belongs_to = [&](DataKind input, std::string_view reads,
                              std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      if (kind != input && command.was_typed(name))
        session.note(concat("option \"", dashed(name), "\" has no effect: ", command.method->info.name,
                            " reads ", reads));
    }
  };
  const std::string_view reads = name_of(kind);
  belongs_to(DataKind::kGraph, reads, {"directed", "weighted"});
  belongs_to(DataKind::kCorpus, reads, {"text_field"});
  for (const OptionSpec& spec : option_specs<InteractionsOptions>())
    belongs_to(DataKind::kInteractions, reads, {spec.name});
  belongs_to(DataKind::kInteractions, reads, {"attributes"});
  if (kind == DataKind::kGraph) belongs_to(DataKind::kTable, reads, {"id_field"});
}

// Lets the allocator give arrays back to the system when they are freed. By itself it learns to keep those of
// up to 32 MB, and what a learner frees lies about in pieces that do not fit what comes next: a partitioned
// embedding of 70,000 nodes took 320 MB instead of 103, in the same time. Not where tensors of the same sizes
// come and go at every step: each would be paged in anew.
void return_freed_arrays() {
  constexpr int kArrayBytes = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, kArrayBytes);
  mallopt(M_TRIM_THRESHOLD, kArrayBytes);
}

// Lets the allocator keep what training frees: every step makes the same tensors, whose pages the system
// would clear anew. 32 MB are the largest arrays that it can keep.
void keep_freed_tensors() {
  constexpr int kTensorBytes = 32 << 20, kFreeBytes = 256 << 20;
  mallopt(M_MMAP_THRESHOLD, kTensorBytes);
  mallopt(M_TRIM_THRESHOLD, kFreeBytes);
}

Dataset read_input(const std::string& path, DataKind kind, const LearnOptions& options,
                   const Context& context) {
  switch (kind) {
    case DataKind::kGraph: {
      Graph graph = read_edge_list(path, {options.directed, options.weighted}, context);
      malloc_trim(0);  // what reading left in the allocator's pools: half a graph
      return graph;
    }
    case DataKind::kCorpus:
      return read_corpus(path, {options.id_field}, options.text_field, context);
    case DataKind::kTable:
      return read_table(path, {options.id_field}, context);
    case DataKind::kInteractions:
      return std::move(read_interactions({path}, options.events, context).front());
  }
  return Table();
}

Outcome write_learned(const Embeddings& embeddings, const std::string& output, const Stopwatch& watch,
                      const Command& command, Session& session) {
  if (output == "-")
    save_embeddings(embeddings, output, command.common.force, session.context);
  else
    write_vectors(embeddings, output, command.common.force, session.context);
  return written(output,
                 concat(count_text(embeddings.size()), " x ", embeddings.dim(), " ",
                        dtype_text(embeddings.vectors.dtype())),
                 Value::object({{"rows", embeddings.size()},
                                {"dim", embeddings.dim()},
                                {"dtype", dtype_text(embeddings.vectors.dtype())}}),
                 watch.seconds(), session);
}

// What a method found out about a table stands in its record; people read it at once.
std::string quality_text(const Value& record) {
  const Value* quality = record.find("quality");
  std::string text;
  if (quality == nullptr) return text;
  for (const auto& [name, value] : quality->as_object()) {
    if (value.is_int()) text += concat(", ", name, " ", value.as_int());
    if (value.is_number() && !value.is_int())
      text += concat(", ", name, " ", std::round(value.as_real() * 1e4) / 1e4);
  }
  return text;
}

Outcome write_learned(const Table& table, const std::string& output, const Stopwatch& watch,
                      const Command& command, Session& session) {
  write_table(table, output, command.common.force, session.context);
  Value json = Value::object({{"rows", table.ids.size()}});
  if (const Value* quality = table.record.find("quality")) json.set("quality", *quality);
  return written(output, count_text(table.ids.size()) + " rows" + quality_text(table.record), json,
                 watch.seconds(), session);
}

Outcome write_learned(const RecommenderModel& model, const std::string& output, const Stopwatch& watch,
                      const Command& command, Session& session) {
  save_recommender(model, output, command.common.force, session.context);
  return written(output,
                 concat("a model of ", count_text(model.history.num_users()), " users and ",
                        count_text(model.history.num_items()), " items", quality_text(model.record)),
                 Value::object({{"users", model.history.num_users()},
                                {"items", model.history.num_items()},
                                {"events", model.history.size()}}),
                 watch.seconds(), session);
}

Outcome write_learned(const ItemModel& model, const std::string& output, const Stopwatch& watch,
                      const Command& command, Session& session) {
  save_item_model(model, output, command.common.force, session.context);
  return written(output,
                 concat("a model of ", count_text(model.items.size()), " items, ", model.items.dim(),
                        " values each", quality_text(model.items.record)),
                 Value::object({{"items", model.items.size()}, {"dim", model.items.dim()}}), watch.seconds(),
                 session);
}

Outcome run_learn(const Command& command, Session& session) {
  const Stopwatch watch;
  const auto options = options_from<LearnOptions>(command.options);
  const std::string output = required_output(command, options.output);
  check_output(output, command.common.force);
  require_part(*command.method);
  const DataKind kind = learner_of(*command.method).input();
  report_unused(command, kind, session);
  if (command.method->info.part.empty()) return_freed_arrays();
  const Dataset data = read_input(command.inputs[0], kind, options, session.context);
  const bool follows_gradients = !command.method->info.part.empty();
  if (follows_gradients) keep_freed_tensors();
  Learned learned = run_learner(command.method->info.name, data, command.method_options, session.context);
  if (auto* model = std::get_if<RecommenderModel>(&learned))
    join_table(model->history.items, model->attributes, options.attributes, options.id_field, session);
  if (auto* model = std::get_if<ItemModel>(&learned))
    join_table(model->items.ids, model->items.attributes, options.attributes, options.id_field, session);
  return std::visit(
      [&](const auto& result) { return write_learned(result, output, watch, command, session); }, learned);
}

Outcome estimate_learn(const Command& command, Session& session) {
  const auto options = options_from<LearnOptions>(command.options);
  const Learner& learner = learner_of(*command.method);
  DataSize size = estimate_size(command.inputs[0], learner.input(), options.directed);
  size.weighted = options.weighted.value_or(size.weighted);
  const Value resolved = resolve_options(*command.method, command.method_options);
  CostEstimate cost = learner.estimate(size, resolved, session.context);
  if (learner.input() == DataKind::kGraph) cost.peak_bytes = std::max(cost.peak_bytes, reading_bytes(size));
  Outcome outcome =
      estimate_outcome(cost, session.context, Value::object({{"rows", size.num_rows}, {"nnz", size.nnz}}));
  outcome.text = concat("input: about ", count_text(size.num_rows), " rows, ", count_text(size.nnz),
                        learner.input() == DataKind::kGraph ? " stored edges" : " entries", "\n") +
                 outcome.text;
  return outcome;
}

}  // namespace

VerbCommand learn_verb() {
  VerbCommand verb;
  verb.name = "learn";
  verb.arguments = "METHOD INPUT -o OUTPUT [--option value ...]";
  verb.summary = "data -> embeddings, or a model that makes embeddings";
  verb.description =
      "Learns embeddings from data. A graph is an edge list (TSV, CSV or SNAP text: source target [weight]; "
      "most "
      "methods keep self-loops as edges, graph_factorization, struc2vec and degree_profile leave them out), "
      "texts and tables are JSON lines, CSV or TSV; events of users with items are lists (user item item "
      "...), CSV, TSV or "
      "RecBole's files; each may be packed by gzip, xz or zstd, and - is "
      "standard input.";
  verb.examples = {"whitney learn fastrp edges.tsv -o nodes.safetensors --dim 256",
                   "whitney learn louvain edges.tsv -o communities.tsv",
                   "zcat edges.tsv.gz | whitney learn fastrp - -o nodes.safetensors"};
  verb.methods_of = Verb::kLearn;
  verb.min_inputs = verb.max_inputs = 1;
  verb.options = option_specs<LearnOptions>();
  verb.common = {"threads", "seed", "force", "max_memory"};
  verb.spare_word = "output";
  verb.run = run_learn;
  verb.estimate = estimate_learn;
  return verb;
}

}  // namespace whitney::app
