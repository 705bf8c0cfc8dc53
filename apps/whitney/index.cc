#include "whitney/search/index.h"

#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/input_size.h"
#include "whitney/data/ragged.h"
#include "whitney/data/readers.h"

namespace whitney::app {
namespace {

struct IndexOptions {
  std::optional<Path> output;
  std::optional<Path> attributes;
  std::optional<std::string> id_field;
  std::optional<Metric> metric;
  std::optional<std::string> text_field;

  void fields(auto&& field) {
    field("output", output, "Index file to write, - is standard output");
    field("attributes", attributes,
          "Table joined by id (JSON lines, CSV, TSV, artifact): what filters and --show can use");
    field(
        "id_field", id_field,
        "Field of the table that holds the id (for a method over texts, of the corpus too); absent: id, else "
        "row numbers");
    field("metric", metric,
          "How vectors are compared; absent: the one in the embeddings' record, else cosine");
    field("text_field", text_field,
          "For a method over texts: field of the corpus that holds them; absent: text");
  }
};

const IndexBuilder& builder_of(const Command& command) {
  const auto* builder = dynamic_cast<const IndexBuilder*>(command.method->runner.get());
  WHITNEY_CHECK(builder != nullptr, "the method ", command.method->info.name, " of index builds no index");
  return *builder;
}

Outcome index_texts(const Command& command, const IndexOptions& options, const std::string& output,
                    Session& session) {
  const Stopwatch watch;
  if (options.metric) session.note("option \"--metric\" has no effect on texts");
  const Corpus corpus = read_corpus(command.inputs[0], {options.id_field},
                                    options.text_field.value_or("text"), session.context);
  Embeddings named;  // the rows that a table is joined to
  named.ids = corpus.ids;
  named.vectors = Matrix(corpus.ids.size(), 0);
  join_table(named.ids, named.attributes, options.attributes, options.id_field, session);
  const auto index = build_index(command.method->info.name, corpus, named.attributes, command.method_options,
                                 session.context);
  index->save(output, command.common.force, session.context);
  return written(
      output,
      concat(index->method(), " index of ", count_text(index->num_rows()), " texts, ",
             count_text(index->dim()), " words"),
      Value::object({{"method", index->method()}, {"rows", index->num_rows()}, {"words", index->dim()}}),
      watch.seconds(), session);
}

RaggedEmbeddings read_ragged(const std::string& path) {
  const Artifact artifact = Artifact::open(path);
  if (!holds_ragged(artifact))
    fail(path,
         ": holds neither sparse vectors nor several vectors a row (expected: what encode --output sparse or "
         "--output tokens writes)");
  return load_ragged(artifact);
}

// Sparse vectors, or several vectors a row.
Outcome index_ragged(const Command& command, const IndexOptions& options, const std::string& output,
                     Session& session) {
  const Stopwatch watch;
  if (options.text_field) session.note("option \"--text-field\" has no effect on vectors");
  RaggedEmbeddings rows = read_ragged(command.inputs[0]);
  Embeddings named;  // the rows that a table is joined to
  named.ids = rows.ids;
  named.attributes = rows.attributes;
  named.vectors = Matrix(rows.size(), 0);
  join_table(named.ids, named.attributes, options.attributes, options.id_field, session);
  rows.attributes = named.attributes;
  if (options.metric) rows.record.set("metric", name_of_enum(*options.metric));
  if (rows.is_sparse && options.metric && *options.metric != Metric::kInnerProduct)
    session.note("sparse vectors are compared by the inner product");
  const auto index = build_index(command.method->info.name, rows, command.method_options, session.context);
  index->save(output, command.common.force, session.context);
  const std::string what = rows.is_sparse ? "values" : "vectors";
  return written(output,
                 concat(index->method(), " index of ", count_text(index->num_rows()), " rows, ",
                        count_text(rows.num_entries()), " ", what, " of ", index->dim(), " dimensions"),
                 Value::object({{"method", index->method()},
                                {"rows", index->num_rows()},
                                {what, rows.num_entries()},
                                {"dim", index->dim()}}),
                 watch.seconds(), session);
}

Outcome run_index(const Command& command, Session& session) {
  const Stopwatch watch;
  const auto options = options_from<IndexOptions>(command.options);
  const std::string output = required_output(command, options.output);
  check_output(output, command.common.force);
  if (builder_of(command).takes_texts()) return index_texts(command, options, output, session);
  if (is_ragged(builder_of(command).input())) return index_ragged(command, options, output, session);
  if (options.text_field) session.note("option \"--text-field\" has no effect on vectors");
  // The id field belongs to the table that is joined, else to the vectors themselves (JSON lines, CSV).
  Embeddings embeddings = read_vectors(
      command.inputs[0], {options.attributes ? std::nullopt : options.id_field}, session.context);
  join_table(embeddings.ids, embeddings.attributes, options.attributes, options.id_field, session);
  if (options.metric) embeddings.record.set("metric", name_of_enum(*options.metric));
  const auto index =
      build_index(command.method->info.name, embeddings, command.method_options, session.context);
  index->save(output, command.common.force, session.context);
  const std::string metric(name_of_enum(index->metric()));
  return written(
      output,
      concat(index->method(), " index of ", count_text(index->num_rows()), " x ", index->dim(), ", ", metric),
      Value::object({{"method", index->method()},
                     {"rows", index->num_rows()},
                     {"dim", index->dim()},
                     {"metric", metric}}),
      watch.seconds(), session);
}

Outcome estimate_texts(const Command& command, Session& session) {
  constexpr int64_t kBytesPerWord = 6;
  const DataSize size = estimate_size(command.inputs[0], DataKind::kCorpus, false);
  const Value resolved = resolve_options(*command.method, command.method_options);
  const CostEstimate cost =
      builder_of(command).estimate_texts(size.num_rows, kBytesPerWord * size.nnz, resolved, session.context);
  Outcome outcome = estimate_outcome(cost, session.context, Value::object({{"rows", size.num_rows}}));
  outcome.text = concat("input: about ", count_text(size.num_rows), " texts\n") + outcome.text;
  return outcome;
}

Outcome estimate_ragged(const Command& command, Session& session) {
  const RaggedEmbeddings rows = read_ragged(command.inputs[0]);  // mapped: no value is read
  const Value resolved = resolve_options(*command.method, command.method_options);
  const CostEstimate cost = builder_of(command).estimate_ragged(rows.size(), rows.num_entries(), rows.dim(),
                                                                resolved, session.context);
  return estimate_outcome(
      cost, session.context,
      Value::object({{"rows", rows.size()}, {"entries", rows.num_entries()}, {"dim", rows.dim()}}));
}

Outcome estimate_index(const Command& command, Session& session) {
  const IndexBuilder& builder = builder_of(command);
  if (builder.takes_texts()) return estimate_texts(command, session);
  if (is_ragged(builder.input())) return estimate_ragged(command, session);
  const VectorsSize size = estimate_vectors_size(command.inputs[0]);
  const Value resolved = resolve_options(*command.method, command.method_options);
  const CostEstimate cost = builder.estimate(size.rows, size.dim, resolved, session.context);
  Outcome outcome =
      estimate_outcome(cost, session.context, Value::object({{"rows", size.rows}, {"dim", size.dim}}));
  outcome.text = concat("input: ", size.exact ? "" : "about ", count_text(size.rows), " x ", size.dim, "\n") +
                 outcome.text;
  return outcome;
}

}  // namespace

VerbCommand index_verb() {
  VerbCommand verb;
  verb.name = "index";
  verb.arguments =
      "METHOD EMBEDDINGS_OR_CORPUS -o OUTPUT [--attributes TABLE --id-field FIELD] [--option value ...]";
  verb.summary = "embeddings -> index file";
  verb.description =
      "Builds an index that answers nearest-neighbour queries. The embeddings may be an artifact, .npy, "
      ".fvecs, .fbin, IDX, "
      "word2vec or text of vectors; bm25 takes a corpus: JSON lines, CSV, TSV or plain text; sparse and "
      "multi_vector take what encode --output sparse and --output tokens write. Attributes are "
      "joined by id; rows that match nothing on either side are "
      "counted in a note.";
  verb.examples = {"whitney index hnsw texts.safetensors -o texts.hnsw.safetensors --m 16",
                   "whitney index hnsw nodes.safetensors -o nodes.hnsw.safetensors --attributes table.jsonl "
                   "--id-field package",
                   "whitney index bm25 texts.jsonl -o texts.bm25.safetensors --text-field body"};
  verb.methods_of = Verb::kIndex;
  verb.min_inputs = verb.max_inputs = 1;
  verb.options = option_specs<IndexOptions>();
  verb.common = {"threads", "seed", "force", "max_memory"};
  verb.spare_word = "output";
  verb.run = run_index;
  verb.estimate = estimate_index;
  return verb;
}

}  // namespace whitney::app
