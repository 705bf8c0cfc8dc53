#include "whitney/data/learner.h"

#include <string>

#include "whitney/core/error.h"
#include "whitney/core/prepare_run.h"

namespace whitney {
namespace {

std::string_view name_of(DataKind kind) {
  switch (kind) {
    case DataKind::kGraph:
      return "a graph";
    case DataKind::kCorpus:
      return "texts";
    case DataKind::kTable:
      return "a table";
  }
  return "";
}

DataKind kind_of(const Dataset& data) { return static_cast<DataKind>(data.index()); }

DataSize size_of(const Dataset& data) {
  if (const auto* graph = std::get_if<Graph>(&data)) return {graph->num_nodes(), graph->nnz()};
  if (const auto* table = std::get_if<Table>(&data)) return {table->ids.size(), 0};
  const auto& corpus = std::get<Corpus>(data);
  int64_t num_bytes = 0;
  for (const std::string& text : corpus.texts) num_bytes += std::ssize(text);
  return {corpus.ids.size(), num_bytes};  // bytes bound the number of tokens
}

std::string fingerprint_of(const Dataset& data) {
  if (const auto* graph = std::get_if<Graph>(&data)) return fingerprint(*graph);
  if (const auto* table = std::get_if<Table>(&data)) return fingerprint(*table);
  return fingerprint(std::get<Corpus>(data));
}

Value describe_input(const Dataset& data) {
  Value input = Value::object();
  if (const auto* graph = std::get_if<Graph>(&data)) {
    input.set("kind", "graph").set("num_nodes", graph->num_nodes()).set("num_edges", graph->num_edges());
    input.set("directed", graph->directed).set("weighted", graph->weighted());
  } else if (const auto* table = std::get_if<Table>(&data)) {
    input.set("kind", "table").set("num_rows", table->ids.size());
  } else {
    input.set("kind", "corpus").set("num_texts", std::get<Corpus>(data).ids.size());
  }
  input.set("fingerprint", fingerprint_of(data));
  return input;
}

}  // namespace

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
  const Value options = prepare_options(method, given_options, context);
  refuse_if_too_large(method, learner.estimate(size_of(data), options, context), context);
  Learned learned = learner.learn(data, options, context);

  Value record = record_of_run(method, options, context);
  record.set("inputs", Value::List{describe_input(data)});
  Value& told = std::visit([](auto& result) -> Value& { return result.record; }, learned);
  // What the learner tells (metric, quality) stands behind what holds for all.
  if (!told.is_null()) {
    for (const auto& [key, value] : told.as_object()) record.set(key, value);
  }
  told = std::move(record);
  return learned;
}

Embeddings learn(std::string_view method, const Dataset& data, const Value& given_options,
                 const Context& context) {
  if (learner_of(Registry::instance().get(Verb::kLearn, method)).output() != LearnedKind::kEmbeddings)
    throw UsageError(concat(method, " makes a table, and embeddings are asked for"));
  return std::get<Embeddings>(run_learner(method, data, given_options, context));
}

}  // namespace whitney
