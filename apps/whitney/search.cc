#include <algorithm>
#include <filesystem>

#include "apps/whitney/fused_hits.h"
#include "apps/whitney/hits.h"
#include "apps/whitney/outputs.h"
#include "apps/whitney/recommended_hits.h"
#include "apps/whitney/text_query.h"
#include "apps/whitney/verbs.h"
#include "whitney/core/error.h"
#include "whitney/data/readers.h"
#include "whitney/data/recommender_model.h"
#include "whitney/search/fusion.h"
#include "whitney/search/searcher.h"

namespace whitney::app {
namespace {

struct SearchOptions {
  std::optional<std::string> id;
  std::vector<double> vector;
  std::optional<Path> queries;
  std::optional<std::string> text;
  std::optional<Path> model;
  std::optional<Path> recommender;
  std::optional<std::string> user;
  std::vector<std::string> items;
  bool keep_seen = false;
  int64_t k = 10;
  std::optional<std::string> filter;
  std::vector<std::string> show;
  bool exact = false;
  bool explain = false;
  std::optional<double> timeout_ms;
  std::optional<Path> with;
  FusionOptions fusion;

  void fields(auto&& field) {
    field("id", id, "Query: the stored vector of this id, which itself is left out");
    field("vector", vector, "Query: numbers separated by commas");
    field("queries", queries,
          "Queries: a file of vectors (embeddings, .npy, .fvecs, .fbin, JSON lines, ...); for an index of "
          "texts, of texts; for sparse and multi_vector, of such rows");
    field("text", text, "Query: a text; an index of vectors needs --model to encode it");
    field("model", model, "Encoder of --text");
    field("recommender", recommender,
          "Model whose items the index holds: it is asked for hits by --user or --items");
    field("user", user, "Recommenders: what this user may want next");
    field("items", items,
          "Recommenders: what somebody may want who has these items and was not there in training");
    field("keep_seen", keep_seen, "Recommenders: items that the user has had may come, too");
    field("k", k, Range{1, 1e9}, "Hits per query");
    field("filter", filter,
          "Condition on the attributes, such as 'section = \"python\" and installed_size < 1000'");
    field("show", show, "Attributes to print beside each hit; all: every one");
    field("exact", exact, "Compare with every allowed vector instead of walking the index");
    field("explain", explain, "Print the plan, its estimates and what happened");
    field(
        "timeout_ms", timeout_ms, Range{0, 1e9},
        "Milliseconds that a search in any index may take, with its filter: what was found by then is shown");
    field("with", with, "A second index or file of embeddings: the hits of both searches are fused, by id");
    fusion.fields(field);
  }
};

struct Queries {
  Matrix vectors;
  /// For an index of sparse vectors, or of several vectors a row.
  RaggedEmbeddings ragged = {};
  /// For an index of texts.
  std::vector<std::string> texts;
  std::vector<std::string> names;
  /// Rows to leave out, or empty.
  std::vector<int64_t> excluded;
};

void check_one_query(const SearchOptions& options) {
  if (options.user || !options.items.empty() || options.keep_seen)
    throw UsageError(
        "--user, --items and --keep-seen ask a recommender (learn ials, rp3beta, ...), and this is none; an "
        "index of a model's items takes the model besides: --recommender MODEL");
  const int given = int{options.id.has_value()} + int{!options.vector.empty()} +
                    int{options.queries.has_value()} + int{options.text.has_value()};
  // Of two indexes, one may be asked by words and the other by a vector.
  if (given == 1 || (given == 2 && options.with && options.text)) return;
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

int64_t live_row_of(const Index& index, const std::string& id) {
  const std::optional<int64_t> row = index.ids().find(id);
  if (!row || !index.live().contains(static_cast<uint32_t>(*row))) {
    fail("no vector has the id \"", id, "\"", index.ids().did_you_mean(id));
  }
  return *row;
}

Queries by_id(const Index& index, const std::string& id) {
  const int64_t row = live_row_of(index, id);
  const std::vector<float> stored = index.vector(row);
  return {one_row({stored.begin(), stored.end()}), {}, {}, {id}, {row}};
}

Queries read_texts(const SearchOptions& options, const Context& context) {
  if (options.text) return {{}, {}, {*options.text}, {*options.text}, {}};
  if (!options.queries) {
    throw UsageError(
        "an index of texts is asked by --text or by --queries FILE of texts, not by --id or --vector");
  }
  const Corpus corpus = read_corpus(options.queries->value, {}, "text", context);
  Queries queries{{}, {}, corpus.texts, {}, {}};
  for (int64_t row = 0; row < corpus.ids.size(); ++row) queries.names.push_back(corpus.ids.text(row));
  return queries;
}

Queries read_ragged_queries(const Index& index, const SearchOptions& options, Session& session) {
  if (options.text) {
    if (!options.model)
      throw UsageError("--text needs the model that encoded the rows searched: --model FOLDER_OR_GGUF");
    return {{},
            encode_ragged_query(index, options.model->value, *options.text, session),
            {},
            {*options.text},
            {}};
  }
  if (options.id) {
    const int64_t row = live_row_of(index, *options.id);
    return {{}, index.ragged(row), {}, {*options.id}, {row}};
  }
  if (!options.queries)
    throw UsageError(
        "an index of the method " + std::string(index.method()) +
        " is asked by --queries FILE of such rows, --text with --model, or --id, not by --vector");
  Queries queries;
  queries.ragged = load_ragged(Artifact::open(options.queries->value));
  for (int64_t row = 0; row < queries.ragged.size(); ++row)
    queries.names.push_back(queries.ragged.ids.text(row));
  return queries;
}

bool has_vector(const SearchOptions& options) {
  return options.id || !options.vector.empty() || options.queries;
}

Queries read_queries(const Index& index, const SearchOptions& options, Session& session) {
  const Context& context = session.context;
  if (index.holds_texts()) return read_texts(options, context);
  if (is_ragged(index.input())) return read_ragged_queries(index, options, session);
  if (options.text && !has_vector(options)) {
    if (!options.model)
      throw UsageError("--text needs the model that encoded the vectors searched: --model FOLDER_OR_GGUF");
    return {encode_query(index, options.model->value, *options.text, session), {}, {}, {*options.text}, {}};
  }
  if (options.id) return by_id(index, *options.id);
  if (!options.vector.empty()) return {one_row(options.vector), {}, {}, {"vector"}, {}};
  const Embeddings file = read_vectors(options.queries->value, {}, context);
  Queries queries{file.vectors, {}, {}, {}, {}};
  for (int64_t row = 0; row < file.size(); ++row) queries.names.push_back(file.ids.text(row));
  return queries;
}

// What the index declares for its searches (`ef`), from what nobody knew before it was opened. What only
// `other` declares is left to it.
Value search_options(const Command& command, const Index& index, const Index* other) {
  const std::vector<OptionSpec> specs = index.search_options();
  const std::vector<OptionSpec> others =
      other != nullptr ? other->search_options() : std::vector<OptionSpec>();
  Value given = Value::object();
  for (const TypedOption& option : command.open_options) {
    const auto spec =
        std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& s) { return s.name == option.name; });
    if (spec == specs.end()) {
      const bool is_others = std::ranges::find(others, option.name, &OptionSpec::name) != others.end();
      if (!is_others) refuse_option(command, option, specs);
      continue;
    }
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
  for (const std::string_view name : {"fusion", "rrf_k", "weight", "weights", "depth"}) {
    if (command.was_typed(name) && !options.with)
      session.note(concat("option \"", dashed(name), "\" has no effect without --with"));
  }
  if (command.was_typed("model") && !options.text)
    session.note("option \"--model\" has no effect without --text");
  if (!options.exact) return;
  for (const TypedOption& option : command.open_options) {
    session.note(concat("option \"", dashed(option.name), "\" has no effect with --exact"));
  }
}

// A recommender without an index scores all its items.
void report_unused_by_model(const Command& command, Session& session) {
  if (!command.open_options.empty()) refuse_option(command, command.open_options[0], {});
  for (const std::string_view name : {"exact", "explain", "timeout_ms"}) {
    if (command.was_typed(name))
      session.note(concat("option \"", dashed(name), "\" has no effect: a recommender scores all its items"));
  }
}

SearchRequest request_of(const Command& command, const SearchOptions& options, const Index& index,
                         const Index* other) {
  SearchRequest request;
  request.k = options.k;
  request.filter = options.filter.value_or("");
  request.options = search_options(command, index, other);
  request.exact = options.exact;
  request.explain = options.explain;
  request.timeout_ms = options.timeout_ms;
  return request;
}

SearchResult ask(const Searcher& searcher, Queries& queries, SearchRequest request, const Context& context) {
  request.excluded = std::move(queries.excluded);
  if (is_ragged(searcher.index().input())) return searcher.search_ragged(queries.ragged, request, context);
  return searcher.index().holds_texts() ? searcher.search_texts(queries.texts, request, context)
                                        : searcher.search(queries.vectors, request, context);
}

// Marks what a search had no time to finish.
void report_partial(bool is_partial, Outcome& outcome, Session& session) {
  if (!is_partial) return;
  outcome.json.set("partial", true);
  session.note("the time was up before the search ended: hits may be missing or not the best");
}

Outcome run_fused(const Command& command, const SearchOptions& options, Session& session) {
  for (const std::string& sentence : options.fusion.ineffective()) session.note(sentence);
  const Searcher first = open_searcher(command.inputs[0], session.context);
  const Searcher second = open_searcher(options.with->value, session.context);
  std::vector<std::string> show = attributes_to_show(
      first.index().attributes().empty() ? second.index().attributes() : first.index().attributes(),
      options.show);
  std::vector<SearchResult> results;
  FusedHits fused{{}, {}, &first.index(), &second.index()};
  for (const Searcher* searcher : {&first, &second}) {
    const Index& other = searcher == &first ? second.index() : first.index();
    SearchRequest request = request_of(command, options, searcher->index(), &other);
    request.k = std::max(options.fusion.depth, options.k);
    Queries queries = read_queries(searcher->index(), options, session);
    if (!results.empty() && queries.names.size() != fused.queries.size())
      fail(fused.queries.size(), " queries for the first index and ", queries.names.size(),
           " for the second");
    results.push_back(ask(*searcher, queries, std::move(request), session.context));
    fused.queries = std::move(queries.names);
  }
  for (int64_t q = 0; q < std::ssize(fused.queries); ++q) {
    fused.hits.push_back(fuse(ranked_hits(first.index(), results[0], q),
                              ranked_hits(second.index(), results[1], q), options.fusion, options.k));
  }
  Outcome outcome{fused_hits_text(fused, show), fused_hits_value(fused, options.fusion.fusion, show)};
  report_partial(results[0].partial || results[1].partial, outcome, session);
  if (!options.explain) return outcome;
  const Value explain = Value::object({{"first", results[0].explain}, {"second", results[1].explain}});
  outcome.text += "\n" + lines_of(explain);
  outcome.json.set("explain", explain);
  return outcome;
}

// The recommender of a file that is asked as one: by --user, --items or --id. Others ask its items' vectors.
std::optional<Artifact> open_recommender(const std::string& path, const SearchOptions& options) {
  const bool by_vectors = !options.vector.empty() || options.queries || options.text || options.with;
  if (by_vectors || std::filesystem::path(path).extension() != ".safetensors") return std::nullopt;
  Artifact artifact = Artifact::open(path);
  if (!holds_recommender(artifact)) return std::nullopt;
  return artifact;
}

// Prints hits, and what was told besides.
Outcome outcome_of(const Index& index, const SearchResult& result, const std::vector<std::string>& names,
                   const std::vector<std::string>& show, const SearchOptions& options, Session& session) {
  Outcome outcome{hits_text(index, result, names, show), hits_value(index, result, names, show)};
  if (options.explain) {
    outcome.text += "\n" + lines_of(result.explain);
    outcome.json.set("explain", result.explain);
  }
  report_partial(result.partial, outcome, session);
  return outcome;
}

// Hits of an index of a recommender's items, whose model says where to look and what was seen.
Outcome run_recommender(const Command& command, const SearchOptions& options, Session& session) {
  if (!options.vector.empty() || options.queries || options.text || options.with || options.model)
    throw UsageError(
        "--recommender makes the query itself, of --user or --items: --vector, --queries, --text, --model "
        "and --with do not go with it");
  const Searcher searcher = open_searcher(command.inputs[0], session.context);
  const std::vector<std::string> show = attributes_to_show(searcher.index().attributes(), options.show);
  report_unused(command, options, session);
  const RecommendQuery query{options.user, options.items, options.id};
  const SearchResult result = recommended_from_index(searcher, options.recommender->value, query,
                                                     request_of(command, options, searcher.index(), nullptr),
                                                     options.keep_seen, session);
  if (result.counts[0] == 0 && !result.partial)
    session.note(options.filter ? "nothing satisfies the filter" : "there is no item left to recommend");
  return outcome_of(searcher.index(), result, {name_of(query)}, show, options, session);
}

Outcome run_search(const Command& command, Session& session) {
  const auto options = options_from<SearchOptions>(command.options);
  if (options.recommender) return run_recommender(command, options, session);
  if (const auto recommender = open_recommender(command.inputs[0], options)) {
    report_unused_by_model(command, session);
    return recommended(*recommender, {options.user, options.items, options.id},
                       {options.k, options.filter.value_or(""), options.keep_seen, options.show}, session);
  }
  check_one_query(options);
  if (options.with) return run_fused(command, options, session);
  const Searcher searcher = open_searcher(command.inputs[0], session.context);
  const Index& index = searcher.index();
  const std::vector<std::string> show = attributes_to_show(index.attributes(), options.show);
  report_unused(command, options, session);
  Queries queries = read_queries(index, options, session);
  const SearchResult result =
      ask(searcher, queries, request_of(command, options, index, nullptr), session.context);

  Outcome outcome = outcome_of(index, result, queries.names, show, options, session);
  const bool is_empty =
      std::all_of(result.counts.begin(), result.counts.end(), [](int64_t count) { return count == 0; });
  if (is_empty && !result.partial) {
    session.note(index.holds_texts() ? "no text has a word of the query"
                 : index.input() == IndexInput::kSparse && !options.filter
                     ? "no row shares a dimension with the query"
                 : options.filter ? "nothing satisfies the filter"
                                  : "there is nothing to find");
  }
  return outcome;
}

Outcome estimate_search(const Command& command, Session& session) {
  std::error_code error;
  const auto options = options_from<SearchOptions>(command.options);
  uintmax_t size = 0;
  for (const std::string& path : {command.inputs[0], options.recommender.value_or(Path{}).value}) {
    if (path.empty()) continue;
    size += std::filesystem::file_size(path, error);
    if (error) fail(path, ": cannot be read: ", error.message());
  }
  // The file is mapped: what a search touches stays in memory while there is room.
  return estimate_outcome({static_cast<int64_t>(size), 0}, session.context, Value::object());
}

}  // namespace

VerbCommand search_verb() {
  VerbCommand verb;
  verb.name = "search";
  verb.arguments =
      "INDEX_OR_EMBEDDINGS (--id X | --vector V | --queries FILE | --text T | --recommender MODEL (--user U "
      "| --items I,J)) [-k K] [--filter F], or RECOMMENDER (--user U | --items I,J | --id I)";
  verb.summary = "index, embeddings or recommender x queries x filter -> hits";
  verb.description =
      "Finds the nearest vectors, under a filter on the attributes if one is given; min(k, number of "
      "matches) hits come back "
      "under any filter. Options of the index's own search may follow, such as --ef of hnsw ('whitney "
      "methods hnsw' "
      "tells them).\n"
      "A recommender tells what a user may want next (--user; the items that they had are left out), what "
      "somebody may who has some items (--items), or which items are like one (--id). An index of a model's "
      "items answers the first two, too, beside --recommender MODEL: what was seen is left out by its ids, "
      "rows of the index that the model does not know may come, and filters are about the attributes of the "
      "index.";
  verb.examples = {
      "whitney search nodes.hnsw.safetensors --id numpy -k 5 --filter 'section = \"python\"' --show size",
      "whitney search nodes.safetensors --vector 0.1,0.2,0.3 --exact --json",
      "whitney search texts.hnsw.safetensors --text \"play music in a terminal\" --model models/minilm -k 5",
      "whitney search model.safetensors --user 4711 -k 20",
      "whitney search items.hnsw.safetensors --recommender model.safetensors --user 4711 -k 20 --ef 200",
      "whitney search texts.bm25.safetensors --text 'play music' --with nodes.safetensors --id mpd"};
  verb.min_inputs = verb.max_inputs = 1;
  verb.options = option_specs<SearchOptions>();
  verb.common = {"threads", "max_memory"};
  verb.spare_word = "id";
  verb.takes_open_options = true;
  verb.run = run_search;
  verb.estimate = estimate_search;
  return verb;
}

}  // namespace whitney::app
