#include <algorithm>
#include <filesystem>

#include "apps/whitney/file_format.h"
#include "apps/whitney/hits.h"
#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/codec/compressed.h"
#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"
#include "whitney/data/artifact.h"
#include "whitney/data/file_format.h"
#include "whitney/data/input_size.h"
#include "whitney/data/interactions_file.h"
#include "whitney/data/readers.h"
#include "whitney/infer/encoded_file.h"
#include "whitney/search/index.h"

namespace whitney::app {
namespace {

struct InspectOptions {
  bool verify = false;
  bool tensors = false;
  void fields(auto&& field) {
    field("verify", verify,
          "Hash every byte and compare with the record, and check every id, attribute and value");
    field("tensors", tensors, "List the tensors of an artifact");
  }
};

Value attributes_value(const Attributes& attributes) {
  Value::List list;
  for (const Column& column : attributes.columns) {
    Value one = Value::object({{"name", column.name}, {"type", name_of(column.type)}});
    const int64_t missing = std::count(column.present.begin(), column.present.end(), uint8_t{0});
    one.set("missing", missing);
    if (column.type == ColumnType::kString || column.type == ColumnType::kSet)
      one.set("distinct", column.dictionary_size());
    list.push_back(std::move(one));
  }
  return list;
}

Value ids_value(const Ids& ids) {
  Value value = Value::object({{"type", ids.is_integer() ? "integer" : "string"}});
  if (ids.size() > 0) value.set("first", id_value(ids, 0));
  return value;
}

void tell_rows(Value& json, int64_t rows, int64_t dim, const Value& dtype, const Ids& ids,
               const Attributes& attributes) {
  json.set("rows", rows);
  if (dim > 0) json.set("dim", dim);
  if (!dtype.is_null()) json.set("dtype", dtype);
  json.set("ids", ids_value(ids));
  json.set("attributes", attributes_value(attributes));
}

// Several vectors a text, or weights of words: what encode makes besides one vector a text.
void tell_encoded_texts(const Artifact& artifact, Value& json) {
  const infer::EncodedCorpus encoded = infer::load_encoded_texts(artifact);
  const infer::Encoding& encoding = encoded.encoding;
  json.set("texts", encoded.ids.size());
  if (encoding.sparse_starts.empty()) {
    json.set("vectors", encoding.vectors.rows());
    json.set("dim", encoding.vectors.cols());
    json.set("dtype", dtype_text(encoding.vectors.dtype()));
  } else {
    json.set("weights", std::ssize(encoding.sparse_weights));
    json.set("words", infer::num_words_of(encoded));
  }
  json.set("ids", ids_value(encoded.ids));
}

void tell_events(const Artifact& artifact, Value& json) {
  const Interactions events = load_interactions(artifact);
  json.set("users", events.num_users()).set("items", events.num_items()).set("events", events.size());
  json.set("values", !events.values.empty()).set("times", !events.times.empty());
  json.set("ids_of_users", ids_value(events.users)).set("ids_of_items", ids_value(events.items));
}

// Embeddings that are held as codes; nothing is decoded.
void tell_codes(const Artifact& artifact, Value& json) {
  const CompressedEmbeddings compressed = load_compressed(artifact);
  json.set("metric", name_of_enum(compressed.metric()));
  json.set("codec", compressed.record.at("method"));
  json.set("bytes_per_vector", compressed.bytes_per_vector());
  tell_rows(json, compressed.size(), compressed.dim(), {}, compressed.ids, compressed.attributes);
}

// A training between two steps: how far it is. Its history, a row an epoch, is no part of what people ask
// for.
void tell_checkpoint(const Artifact& artifact, Value& json) {
  Value rest = Value::object();
  for (const auto& [name, value] : artifact.record().as_object()) {
    if (name == "method" || name == "epoch" || name == "step") {
      json.set(name, value);
    } else if (name != "history" && name != "progress") {
      rest.set(name, value);
    }
  }
  json.set("record", std::move(rest));
}

void tell_artifact(const std::string& path, const InspectOptions& options, Value& json, Session& session) {
  const Artifact artifact = Artifact::open(path);
  json.set("format", "safetensors");
  json.set("kind", artifact.kind().empty() ? Value() : Value(artifact.kind()));
  if (options.verify && !artifact.kind().empty()) artifact.verify(session.context);
  if (artifact.kind() == "index") {
    const auto index = open_index(path);
    json.set("method", index->method());
    json.set("metric", name_of_enum(index->metric()));
    tell_rows(json, index->num_rows(), index->dim(), {}, index->ids(), index->attributes());
    json.set("live_rows", index->live().size());
  } else if (artifact.kind() == "table") {
    const Table table = load_table(artifact);
    tell_rows(json, table.ids.size(), 0, {}, table.ids, table.attributes);
  } else if (infer::holds_encoded_texts(artifact)) {
    tell_encoded_texts(artifact, json);
  } else if (holds_codes(artifact)) {
    tell_codes(artifact, json);
  } else if (artifact.kind() == "interactions") {
    tell_events(artifact, json);
  } else if (artifact.kind() == "checkpoint") {
    tell_checkpoint(artifact, json);
  } else if (artifact.kind() != "model") {
    const Embeddings embeddings = load_embeddings(artifact);
    if (options.verify) embeddings.validate();
    json.set("metric", name_of_enum(embeddings.metric()));
    tell_rows(json, embeddings.size(), embeddings.dim(), dtype_text(embeddings.vectors.dtype()),
              embeddings.ids, embeddings.attributes);
  }
  if (options.tensors) {
    Value tensors = Value::object();
    for (const TensorView& tensor : artifact.tensors()) {
      std::string shape;
      for (const int64_t extent : tensor.shape)
        shape += (shape.empty() ? "" : " x ") + std::to_string(extent);
      tensors.set(tensor.name,
                  concat(name_of(tensor.dtype), " ", shape, ", ", size_text(tensor.bytes.size())));
    }
    json.set("tensors", std::move(tensors));
  }
  if (artifact.kind() != "checkpoint") json.set("record", artifact.record());
}

void tell_vectors(const std::string& path, const InspectOptions& options, Value& json, Session& session) {
  json.set("format", "vectors");
  if (options.verify) {
    const Embeddings embeddings = read_vectors(path, {}, session.context);
    embeddings.validate();
    tell_rows(json, embeddings.size(), embeddings.dim(), dtype_text(embeddings.vectors.dtype()),
              embeddings.ids, embeddings.attributes);
    return;
  }
  const VectorsSize size = estimate_vectors_size(path);
  json.set(size.exact ? "rows" : "about_rows", size.rows);
  json.set("dim", size.dim);
  json.set("dtype", dtype_text(size.dtype));
}

bool is_json_lines(const std::string& path) {
  return data::file_format(path, data::TxtMeaning::kText).format == data::FileFormat::kJsonLines;
}

void tell_json_lines(const std::string& path, const InspectOptions& options, Value& json, Session& session) {
  json.set("format", "JSON lines");
  if (!options.verify) {
    json.set("about_rows", estimate_size(path, DataKind::kTable, false).num_rows);
    return;
  }
  const Table table = read_table(path, {}, session.context);
  tell_rows(json, table.ids.size(), 0, {}, table.ids, table.attributes);
}

void tell_text(const std::string& path, Value& json) {
  json.set("format", "text");
  const DataSize lines = estimate_size(path, DataKind::kTable, false);
  const DataSize graph = estimate_size(path, DataKind::kGraph, true);
  json.set("about_lines", lines.num_rows);
  json.set("as_edge_list", Value::object({{"about_nodes", graph.num_rows}, {"about_edges", graph.nnz}}));
}

std::string text_of(const Value& json) {
  std::string text;
  for (const auto& [key, value] : json.as_object()) {
    if (key == "size_bytes") {
      text += concat("size: ", size_text(value.as_int()), "\n");
    } else if (key == "attributes") {
      text += value.as_list().empty() ? "attributes: none\n" : "attributes:\n";
      for (const Value& one : value.as_list()) {
        text += concat("  ", one.at("name").as_string(), ": ", one.at("type").as_string());
        if (const Value* distinct = one.find("distinct"))
          text += concat(", ", distinct->as_int(), " distinct");
        if (one.at("missing").as_int() > 0)
          text += concat(", missing in ", one.at("missing").as_int(), " rows");
        text += "\n";
      }
    } else if (value.is_object()) {
      text += concat(key, ":\n", lines_of(value, 2));
    } else {
      text += concat(key, ": ", value.is_null() ? "unknown" : cell_text(value), "\n");
    }
  }
  return text;
}

Outcome run_inspect(const Command& command, Session& session) {
  const auto options = options_from<InspectOptions>(command.options);
  const std::string& path = command.inputs[0];
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) fail(path, ": cannot be read: ", error.message());
  Outcome outcome;
  outcome.json = Value::object({{"file", path}, {"size_bytes", static_cast<int64_t>(size)}});
  const FileFormat format = data::begins_as_safetensors(path) ? FileFormat::kArtifact : format_of(path);
  bool verified = options.verify;
  switch (format) {
    case FileFormat::kArtifact:
      tell_artifact(path, options, outcome.json, session);
      break;
    case FileFormat::kVectors:
      tell_vectors(path, options, outcome.json, session);
      break;
    case FileFormat::kTable:
      if (is_json_lines(path)) {
        tell_json_lines(path, options, outcome.json, session);
        break;
      }
      [[fallthrough]];
    case FileFormat::kText:
      tell_text(path, outcome.json);
      if (verified) session.note("option \"--verify\" has no effect on a text file");
      verified = false;
      break;
  }
  if (options.tensors && format != FileFormat::kArtifact)
    session.note("option \"--tensors\" has no effect: this is no artifact");
  if (verified) outcome.json.set("verified", true);
  outcome.text = text_of(outcome.json);
  return outcome;
}

}  // namespace

VerbCommand inspect_verb() {
  VerbCommand verb;
  verb.name = "inspect";
  verb.arguments = "FILE [--verify]";
  verb.summary = "what a file is: shape, dtype, ids, attributes, provenance";
  verb.description =
      "Tells what a file is. An artifact's header is read and its shapes are checked; --verify reads every "
      "byte. Of text, the "
      "first megabytes are looked at; --verify reads JSON lines whole and tells their fields.";
  verb.examples = {"whitney inspect nodes.safetensors", "whitney inspect nodes.safetensors --verify --json"};
  verb.min_inputs = verb.max_inputs = 1;
  verb.options = option_specs<InspectOptions>();
  verb.common = {"threads"};
  verb.run = run_inspect;
  return verb;
}

}  // namespace whitney::app
