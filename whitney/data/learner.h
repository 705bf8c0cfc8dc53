#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/labels.h"

namespace whitney {

/// What a learner reads.
using Dataset = std::variant<Graph, Corpus, Table>;
enum class DataKind : uint8_t { kGraph, kCorpus, kTable };

/// What a learner makes: vectors of the rows, or attributes of them (the community or part of a node).
using Learned = std::variant<Embeddings, Table>;
enum class LearnedKind : uint8_t { kEmbeddings, kTable };

/// Sizes of an input, known before it is loaded (exactly or as an estimate).
struct DataSize {
  int64_t num_rows = 0;
  /// Stored entries of a graph, tokens of a corpus.
  int64_t nnz = 0;
  /// Of a graph: whether its edges have a direction, and weights.
  bool directed = false, weighted = false;
  /// Bytes of the ids of a graph's nodes where they are texts; 0: they are integers.
  int64_t id_bytes = 0;
  /// Bytes of the lines that a graph is read from; 0: it is in memory already.
  int64_t text_bytes = 0;
  bool is_packed = false;
};

/// Runs a method of the verb `learn`: data -> Embeddings, or a Table.
class WHITNEY_API Learner : public MethodRunner {
 public:
  virtual DataKind input() const = 0;
  virtual LearnedKind output() const { return LearnedKind::kEmbeddings; }
  /// `options` are resolved. The result's record holds what the learner knows (metric, quality); `learn` adds
  /// the rest.
  virtual Learned learn(const Dataset& data, const Value& options, const Context& context) const = 0;
  virtual CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const = 0;
};

/// Adapts plain functions over an options struct; Result: Embeddings or Table.
template <class Options, class Result = Embeddings>
class GraphLearner : public Learner {
 public:
  using Run = Result (*)(const Graph&, const Options&, const Context&);
  using EstimateCost = CostEstimate (*)(const DataSize&, const Options&, const Context&);
  GraphLearner(Run run, EstimateCost estimate_cost) : run_(run), estimate_(estimate_cost) {}
  DataKind input() const override { return DataKind::kGraph; }
  LearnedKind output() const override {
    return std::is_same_v<Result, Table> ? LearnedKind::kTable : LearnedKind::kEmbeddings;
  }
  Learned learn(const Dataset& data, const Value& options, const Context& context) const override {
    return run_(std::get<Graph>(data), options_from<Options>(options), context);
  }
  CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const override {
    return estimate_(size, options_from<Options>(options), context);
  }

 private:
  Run run_;
  EstimateCost estimate_;
};

template <class Options, class Result = Embeddings>
bool register_graph_learner(MethodInfo info, typename GraphLearner<Options, Result>::Run run,
                            typename GraphLearner<Options, Result>::EstimateCost estimate) {
  return register_method(declare_method<Options>(
      Verb::kLearn, std::move(info), std::make_shared<GraphLearner<Options, Result>>(run, estimate)));
}

/// The memory of the program itself, whatever it does.
inline constexpr int64_t kProgramBytes = int64_t{13} << 20;

/// The memory of the program and of a graph of this size: what a learner's own arrays come on top of.
WHITNEY_API int64_t graph_bytes(const DataSize& size);

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
