#pragma once

#include <optional>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/labels.h"

namespace whitney {

struct EdgeListOptions {
  bool directed = false;
  /// Absent: a third column of numbers is taken as weights.
  std::optional<bool> weighted;
};

/// Reads an edge list: TSV, CSV or SNAP text (space separated), `source target [weight]`, `#` and `%`
/// comments, an optional heading, a line of a single id = an isolated node; plain, gz, xz or zst by content.
/// Parallel; ids are numbered by first appearance, so the graph is the same at any thread count. All ids
/// integer -> integer ids.
/// "-" reads standard input. Throws Error that names file, line and field.
WHITNEY_API Graph read_edge_list(const std::string& path, const EdgeListOptions& options,
                                 const Context& context);

struct TableOptions {
  /// The field that holds the id; absent: "id", else row numbers.
  std::optional<std::string> id_field;
};

/// Reads JSON lines (.jsonl, .ndjson), CSV or TSV with a heading, RecBole's .item and .user (whose heading
/// tells the types; the ids are item_id, user_id or the first field), or an artifact of kind table or
/// embeddings, by extension (a second one .gz, .xz or .zst is allowed). Fields of JSON lines that no
/// attribute can hold (objects, lists of anything but text) are left out, and a note names them. Throws Error
/// that names file, line and field.
WHITNEY_API Table read_table(const std::string& path, const TableOptions& options, const Context& context);

/// Reads texts from JSON lines, CSV or TSV (`text_field`), or plain text, one a line. Where the name does not
/// tell (standard input), a text that begins with { is JSON lines.
WHITNEY_API Corpus read_corpus(const std::string& path, const TableOptions& options,
                               const std::string& text_field, const Context& context);

/// Reads `id label [label ...]` lines (tabs, commas or spaces, an optional heading, `#` comments) or JSON
/// lines
/// {"id":…, "label":… or "labels":[…]}.
WHITNEY_API Labels read_labels(const std::string& path, const Context& context);

/// Reads vectors by extension: .safetensors (ours, or any with one 2-d tensor), .npy, .fvecs, .ivecs, .bvecs,
/// .fbin, .u8bin, .i8bin, .ibin, IDX (.idx, *-ubyte), .txt/.vec/.w2v (word2vec text), .bin (word2vec binary),
/// .tsv, .csv, .jsonl; gz, xz, zst.
WHITNEY_API Embeddings read_vectors(const std::string& path, const TableOptions& options,
                                    const Context& context);

/// Writes embeddings by extension (the formats above except IDX); ids and attributes go along where the
/// format can. Refuses an existing output unless `force`. Atomic.
WHITNEY_API void write_vectors(const Embeddings& embeddings, const std::string& path, bool force,
                               const Context& context);

/// Writes a table as JSON lines, CSV, TSV or an artifact, by extension. Atomic.
WHITNEY_API void write_table(const Table& table, const std::string& path, bool force, const Context& context);

}  // namespace whitney
