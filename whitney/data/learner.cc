#include "whitney/data/learner.h"

#include <algorithm>
#include <string>

#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"

namespace whitney {
namespace {

DataKind kind_of(const Dataset& data) { return static_cast<DataKind>(data.index()); }

DataSize size_of(const Dataset& data) {
  if (const auto* graph = std::get_if<Graph>(&data)) {
    return {.num_rows = graph->num_nodes(),
            .nnz = graph->nnz(),
            .directed = graph->directed,
            .weighted = graph->weighted(),
            .id_bytes = graph->ids.bytes_array().size()};
  }
  if (const auto* table = std::get_if<Table>(&data)) return {.num_rows = table->ids.size()};
  if (const auto* events = std::get_if<Interactions>(&data)) {
    return {.num_rows = events->num_users(),
            .nnz = events->size(),
            .num_items = events->num_items(),
            .weighted = !events->values.empty(),
            .id_bytes = events->users.bytes_array().size() + events->items.bytes_array().size()};
  }
  const auto& corpus = std::get<Corpus>(data);
  int64_t num_bytes = 0;
  for (const std::string& text : corpus.texts) num_bytes += std::ssize(text);
  return {.num_rows = corpus.ids.size(), .nnz = num_bytes};  // bytes bound the number of tokens
}

std::string fingerprint_of(const Dataset& data) {
  if (const auto* graph = std::get_if<Graph>(&data)) return fingerprint(*graph);
  if (const auto* table = std::get_if<Table>(&data)) return fingerprint(*table);
  if (const auto* events = std::get_if<Interactions>(&data)) return fingerprint(*events);
  return fingerprint(std::get<Corpus>(data));
}

Value describe_input(const Dataset& data) {
  Value input = Value::object();
  if (const auto* graph = std::get_if<Graph>(&data)) {
    input.set("kind", "graph").set("num_nodes", graph->num_nodes()).set("num_edges", graph->num_edges());
    input.set("directed", graph->directed).set("weighted", graph->weighted());
  } else if (const auto* table = std::get_if<Table>(&data)) {
    input.set("kind", "table").set("num_rows", table->ids.size());
  } else if (const auto* events = std::get_if<Interactions>(&data)) {
    input.set("kind", "interactions").set("num_users", events->num_users());
    input.set("num_items", events->num_items()).set("num_events", events->size());
  } else {
    input.set("kind", "corpus").set("num_texts", std::get<Corpus>(data).ids.size());
  }
  input.set("fingerprint", fingerprint_of(data));
  return input;
}

/// Says how many edges lead from a node to itself, and what becomes of them.
void tell_self_loops(const Graph& graph, const Context& context) {
  int64_t num_loops = 0;
  for (int64_t v = 0; v < graph.num_nodes(); ++v)
    num_loops += std::ranges::binary_search(graph.neighbors(v), static_cast<uint32_t>(v)) ? 1 : 0;
  if (num_loops == 0) return;
  context.note(
      concat("the graph has ", num_loops, num_loops == 1 ? " self-loop" : " self-loops",
             ": most methods keep them as edges; graph_factorization, struc2vec and degree_profile leave "
             "them out"));
}

template <class Result>
Value& record_in(Result& result) {
  if constexpr (std::is_same_v<Result, ItemModel>)
    return result.items.record;
  else
    return result.record;
}

}  // namespace

std::string_view name_of(DataKind kind) {
  switch (kind) {
    case DataKind::kGraph:
      return "a graph";
    case DataKind::kCorpus:
      return "texts";
    case DataKind::kTable:
      return "a table";
    case DataKind::kInteractions:
      return "events of users with items";
  }
  return "";
}

int64_t graph_bytes(const DataSize& size) {
  const int64_t of_an_entry = size.weighted ? 8 : 4;
  // Targets and weights; starts and ids.
  return kProgramBytes + size.nnz * of_an_entry + size.num_rows * (8 + 8) + size.id_bytes;
}

int64_t interactions_bytes(const DataSize& size) {
  const int64_t of_an_event = size.weighted ? 16 : 4;
  return kProgramBytes + size.nnz * of_an_event + size.num_rows * (8 + 8) + size.num_items * 8 +
         size.id_bytes;
}

int64_t reading_bytes(const DataSize& size) {
  constexpr int64_t kRoundBytes = int64_t{64} << 20;  // of packed lines that are unpacked at a time
  const int64_t num_edges = size.directed ? size.nnz : size.nnz / 2;
  const int64_t of_an_end = size.weighted ? 12 : 8;
  // Lists of edges grow by doubling; what they leave behind stays with the allocator.
  const int64_t parsed = num_edges * of_an_end * 3 / 2, listed = num_edges * of_an_end;
  const int64_t lines = size.is_packed ? std::min(size.text_bytes, kRoundBytes) : size.text_bytes;
  // Tables of ids; texts wait as they stand in the lines until all of a round are numbered.
  const int64_t ids = size.num_rows * (size.id_bytes > 0 ? 100 : 24) + 2 * size.id_bytes;
  const int64_t reading = kProgramBytes + lines + listed;
  const int64_t building = listed + size.nnz * of_an_end + graph_bytes(size);
  return parsed + ids + std::max(reading, building);
}

const Learner& learner_of(const Method& method) {
  const auto* learner = dynamic_cast<const Learner*>(method.runner.get());
  WHITNEY_CHECK(learner != nullptr, method.info.name, " is registered under learn and is no Learner");
  return *learner;
}

Learned run_learner(std::string_view name, const Dataset& data, const Value& given_options,
                    const Context& context) {
  const Method& method = Registry::instance().get(Verb::kLearn, name);
  const Learner& learner = learner_of(method);
  if (learner.input() != kind_of(data)) {
    fail(name, " learns from ", name_of(learner.input()), ", and was given ", name_of(kind_of(data)));
  }
  if (const auto* events = std::get_if<Interactions>(&data); events != nullptr && events->size() == 0)
    fail(events->where(), "there is no event of a user with an item that ", name, " could learn from");
  const Value options = prepare_options(method, given_options, context);
  refuse_if_too_large(method, learner.estimate(size_of(data), options, context), context);
  if (const auto* graph = std::get_if<Graph>(&data)) tell_self_loops(*graph, context);
  Learned learned = learner.learn(data, options, context);

  Value record = record_of_run(method, options, context);
  record.set("inputs", Value::List{describe_input(data)});
  Value& told = std::visit([](auto& result) -> Value& { return record_in(result); }, learned);
  // What the learner tells (metric, quality) stands behind what holds for all.
  if (!told.is_null()) {
    for (const auto& [key, value] : told.as_object()) record.set(key, value);
  }
  told = std::move(record);
  return learned;
}

Embeddings learn(std::string_view method, const Dataset& data, const Value& given_options,
                 const Context& context) {
  const LearnedKind kind = learner_of(Registry::instance().get(Verb::kLearn, method)).output();
  if (kind != LearnedKind::kEmbeddings) {
    throw UsageError(concat(method, " makes ", kind == LearnedKind::kTable ? "a table" : "a model",
                            ", and embeddings are asked for"));
  }
  return std::get<Embeddings>(run_learner(method, data, given_options, context));
}

}  // namespace whitney
