#include <algorithm>
#include <filesystem>

#include "apps/whitney/hits.h"
#include "apps/whitney/outputs.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/data/readers.h"
#include "whitney/search/searcher.h"

namespace whitney::app {
namespace {

struct SearchOptions {
  std::optional<std::string> id;
  std::vector<double> vector;
  std::optional<Path> queries;
  std::optional<std::string> text;
  std::optional<Path> model;
  int64_t k = 10;
  std::optional<std::string> filter;
  std::vector<std::string> show;
  bool exact = false;
  bool explain = false;

  void fields(auto&& field) {
    field("id", id, "Query: the stored vector of this id, which itself is left out");
    field("vector", vector, "Query: numbers separated by commas");
    field("queries", queries,
          "Queries: a file of vectors (embeddings, .npy, .fvecs, .fbin, JSON lines, ...)");
    field("text", text, "Query: a text, encoded by --model");
    field("model", model, "Encoder of --text");
    field("k", k, Range{1, 1e9}, "Hits per query");
    field("filter", filter,
          "Condition on the attributes, such as 'section = \"python\" and installed_size < 1000'");
    field("show", show, "Attributes to print beside each hit; all: every one");
    field("exact", exact, "Compare with every allowed vector instead of walking the index");
    field("explain", explain, "Print the plan, its estimates and what happened");
  }
};

struct Queries {
  Matrix vectors;
  std::vector<std::string> names;
  /// Rows to leave out, or empty.
  std::vector<int64_t> excluded;
};

void check_one_query(const SearchOptions& options) {
  const int given = int{options.id.has_value()} + int{!options.vector.empty()} +
                    int{options.queries.has_value()} + int{options.text.has_value()};
  if (given == 1) return;
  throw UsageError(
      given == 0 ? "search needs a query: --id X, --vector 0.1,0.2,..., --queries FILE or --text \"...\""
                 : "search takes one of --id, --vector, --queries and --text, not several");
}

Matrix one_row(const std::vector<double>& values) {
  Matrix row(1, static_cast<int64_t>(values.size()));
  std::transform(values.begin(), values.end(), row.mutable_data<float>(),
                 [](double v) { return static_cast<float>(v); });
  return row;
}

Queries by_id(const Index& index, const std::string& id) {
  const std::optional<int64_t> row = index.ids().find(id);
  if (!row || !index.live().contains(static_cast<uint32_t>(*row))) {
    fail("no vector has the id \"", id, "\"", index.ids().did_you_mean(id));
  }
  const std::vector<float> stored = index.vector(*row);
  return {one_row({stored.begin(), stored.end()}), {id}, {*row}};
}

Queries read_queries(const Index& index, const SearchOptions& options, const Context& context) {
  if (options.text) {
    fail(
        "--text needs an encoder, and this version has none yet: give the query as --vector, --id or "
        "--queries");
  }
  if (options.id) return by_id(index, *options.id);
  if (!options.vector.empty()) return {one_row(options.vector), {"vector"}, {}};
  const Embeddings file = read_vectors(options.queries->value, {}, context);
  Queries queries{file.vectors, {}, {}};
  for (int64_t row = 0; row < file.size(); ++row) queries.names.push_back(file.ids.text(row));
  return queries;
}

// What the index declares for its searches (`ef`), from what nobody knew before it was opened.
Value search_options(const Command& command, const Index& index) {
  const std::vector<OptionSpec> specs = index.search_options();
  Value given = Value::object();
  for (const TypedOption& option : command.open_options) {
    const auto spec =
        std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& s) { return s.name == option.name; });
    if (spec == specs.end()) refuse_option(command, option, specs);
    if (!option.value && spec->kind != OptionKind::kBool) {
      throw UsageError(
          concat("option \"", dashed(option.name), "\" needs a value (expected: ", spec->type_text(), ")"));
    }
    given.set(option.name, parse_option_text(*spec, option.value.value_or("true")));
  }
  return given;
}

// An artifact is mapped as it is; other files of vectors are scanned.
Searcher open_searcher(const std::string& path, const Context& context) {
  if (std::filesystem::path(path).extension() == ".safetensors") return Searcher::open(path);
  return Searcher(build_index("flat", read_vectors(path, {}, context), Value::object(), context));
}

void report_unused(const Command& command, const SearchOptions& options, Session& session) {
  if (command.was_typed("model") && !options.text)
    session.note("option \"--model\" has no effect without --text");
  if (!options.exact) return;
  for (const TypedOption& option : command.open_options) {
    session.note(concat("option \"", dashed(option.name), "\" has no effect with --exact"));
  }
}

Outcome run_search(const Command& command, Session& session) {
  const auto options = options_from<SearchOptions>(command.options);
  check_one_query(options);
  const Searcher searcher = open_searcher(command.inputs[0], session.context);
  const Index& index = searcher.index();
  SearchRequest request;
  request.k = options.k;
  request.filter = options.filter.value_or("");
  request.options = search_options(command, index);
  request.exact = options.exact;
  request.explain = options.explain;
  const std::vector<std::string> show = attributes_to_show(index.attributes(), options.show);
  report_unused(command, options, session);
  Queries queries = read_queries(index, options, session.context);
  request.excluded = std::move(queries.excluded);
  const SearchResult result = searcher.search(queries.vectors, request, session.context);

  Outcome outcome{hits_text(index, result, queries.names, show),
                  hits_value(index, result, queries.names, show)};
  if (options.explain) {
    outcome.text += "\n" + lines_of(result.explain);
    outcome.json.set("explain", result.explain);
  }
  if (std::all_of(result.counts.begin(), result.counts.end(), [](int64_t count) { return count == 0; })) {
    session.note(options.filter ? "nothing satisfies the filter" : "there is nothing to find");
  }
  return outcome;
}

Outcome estimate_search(const Command& command, Session& session) {
  std::error_code error;
  const auto size = std::filesystem::file_size(command.inputs[0], error);
  if (error) fail(command.inputs[0], ": cannot be read: ", error.message());
  // The file is mapped: what a search touches stays in memory while there is room.
  return estimate_outcome({static_cast<int64_t>(size), 0}, session.context, Value::object());
}

}  // namespace

VerbCommand search_verb() {
  VerbCommand verb;
  verb.name = "search";
  verb.arguments =
      "INDEX_OR_EMBEDDINGS (--id X | --vector V | --queries FILE | --text T) [-k K] [--filter F]";
  verb.summary = "index or embeddings x queries x filter -> hits";
  verb.description =
      "Finds the nearest vectors, under a filter on the attributes if one is given; min(k, number of "
      "matches) hits come back "
      "under any filter. Options of the index's own search, such as --ef of hnsw, may follow.";
  verb.examples = {
      "whitney search nodes.hnsw.safetensors --id numpy -k 5 --filter 'section = \"python\"' --show "
      "section,size",
      "whitney search nodes.safetensors --vector 0.1,0.2,0.3 --exact --json"};
  verb.min_inputs = verb.max_inputs = 1;
  verb.options = option_specs<SearchOptions>();
  verb.common = {"threads", "max_memory"};
  verb.takes_open_options = true;
  verb.run = run_search;
  verb.estimate = estimate_search;
  return verb;
}

}  // namespace whitney::app
