#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/interactions.h"
#include "whitney/data/item_model.h"
#include "whitney/data/labels.h"
#include "whitney/data/recommender_model.h"

namespace whitney {

/// What a learner reads.
using Dataset = std::variant<Graph, Corpus, Table, Interactions>;
enum class DataKind : uint8_t { kGraph, kCorpus, kTable, kInteractions };

/// "a graph", "texts": what an error calls it.
WHITNEY_API std::string_view name_of(DataKind kind);

/// What a learner makes: vectors of the rows, attributes of them (the community or part of a node), or a
/// model: of users and items, or of items alone.
using Learned = std::variant<Embeddings, Table, RecommenderModel, ItemModel>;
enum class LearnedKind : uint8_t { kEmbeddings, kTable, kModel, kItemModel };

/// Sizes of an input, known before it is loaded (exactly or as an estimate).
struct DataSize {
  int64_t num_rows = 0;
  /// Stored entries of a graph, tokens of a corpus, events of users with items.
  int64_t nnz = 0;
  /// Of events, whose rows are users.
  int64_t num_items = 0;
  /// Of a graph: whether its edges have a direction, and weights.
  bool directed = false, weighted = false;
  /// Bytes of the ids of a graph's nodes where they are texts; 0: they are integers.
  int64_t id_bytes = 0;
  /// Bytes of the lines that a graph is read from; 0: it is in memory already.
  int64_t text_bytes = 0;
  bool is_packed = false;
};

/// Runs a method of the verb `learn`: data -> Embeddings, a Table or a model.
class WHITNEY_API Learner : public MethodRunner {
 public:
  virtual DataKind input() const = 0;
  virtual LearnedKind output() const { return LearnedKind::kEmbeddings; }
  /// `options` are resolved. The result's record holds what the learner knows (metric, quality); `learn` adds
  /// the rest.
  virtual Learned learn(const Dataset& data, const Value& options, const Context& context) const = 0;
  virtual CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const = 0;
};

/// The kinds of the types.
template <class Data>
constexpr DataKind data_kind() {
  if constexpr (std::is_same_v<Data, Interactions>) return DataKind::kInteractions;
  if constexpr (std::is_same_v<Data, Corpus>) return DataKind::kCorpus;
  if constexpr (std::is_same_v<Data, Table>) return DataKind::kTable;
  return DataKind::kGraph;
}
template <class Result>
constexpr LearnedKind learned_kind() {
  if constexpr (std::is_same_v<Result, RecommenderModel>) return LearnedKind::kModel;
  if constexpr (std::is_same_v<Result, ItemModel>) return LearnedKind::kItemModel;
  if constexpr (std::is_same_v<Result, Table>) return LearnedKind::kTable;
  return LearnedKind::kEmbeddings;
}

/// Adapts plain functions over an options struct. Data: Graph or Interactions; Result: Embeddings, Table,
/// RecommenderModel or ItemModel.
template <class Data, class Options, class Result>
class FunctionLearner : public Learner {
 public:
  using Run = Result (*)(const Data&, const Options&, const Context&);
  using EstimateCost = CostEstimate (*)(const DataSize&, const Options&, const Context&);
  FunctionLearner(Run run, EstimateCost estimate_cost) : run_(run), estimate_(estimate_cost) {}
  DataKind input() const override { return data_kind<Data>(); }
  LearnedKind output() const override { return learned_kind<Result>(); }
  Learned learn(const Dataset& data, const Value& options, const Context& context) const override {
    return run_(std::get<Data>(data), options_from<Options>(options), context);
  }
  CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const override {
    return estimate_(size, options_from<Options>(options), context);
  }

 private:
  Run run_;
  EstimateCost estimate_;
};

template <class Data, class Options, class Result>
bool register_learner(MethodInfo info, typename FunctionLearner<Data, Options, Result>::Run run,
                      typename FunctionLearner<Data, Options, Result>::EstimateCost estimate) {
  return register_method(
      declare_method<Options>(Verb::kLearn, std::move(info),
                              std::make_shared<FunctionLearner<Data, Options, Result>>(run, estimate)));
}

template <class Options, class Result = Embeddings>
bool register_graph_learner(MethodInfo info, typename FunctionLearner<Graph, Options, Result>::Run run,
                            typename FunctionLearner<Graph, Options, Result>::EstimateCost estimate) {
  return register_learner<Graph, Options, Result>(std::move(info), run, estimate);
}

/// Of users and items: what it learns is a model.
template <class Options>
bool register_recommender(
    MethodInfo info, typename FunctionLearner<Interactions, Options, RecommenderModel>::Run run,
    typename FunctionLearner<Interactions, Options, RecommenderModel>::EstimateCost estimate) {
  return register_learner<Interactions, Options, RecommenderModel>(std::move(info), run, estimate);
}

/// The memory of the program itself, whatever it does.
inline constexpr int64_t kProgramBytes = int64_t{13} << 20;

/// The memory of the program and of a graph of this size: what a learner's own arrays come on top of.
WHITNEY_API int64_t graph_bytes(const DataSize& size);

/// The memory of the program and of events of this size.
WHITNEY_API int64_t interactions_bytes(const DataSize& size);

/// The peak of the program's memory while a graph is read from lines: the lines, the edges as they were
/// parsed, the edges as arrays, the entries to be sorted, and the graph.
WHITNEY_API int64_t reading_bytes(const DataSize& size);

/// The learner of a method of the verb `learn`.
WHITNEY_API const Learner& learner_of(const Method& method);

/// Runs a learner the same way from every door: resolves options, says which have no effect, refuses what
/// cannot fit into memory (with the estimate), learns, and completes the record (method, options, seed, input
/// fingerprint).
WHITNEY_API Learned run_learner(std::string_view method, const Dataset& data, const Value& given_options,
                                const Context& context);

/// As run_learner, of a method that makes embeddings. Throws UsageError for one that makes a table.
WHITNEY_API Embeddings learn(std::string_view method, const Dataset& data, const Value& given_options,
                             const Context& context);

}  // namespace whitney
