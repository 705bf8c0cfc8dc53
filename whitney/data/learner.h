#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

/// Sizes of an input, known before it is loaded (exactly or as an estimate).
struct DataSize {
  int64_t num_rows = 0;
  /// Stored entries of a graph, tokens of a corpus.
  int64_t nnz = 0;
};

/// Runs a method of the verb `learn`: data -> Embeddings.
class WHITNEY_API Learner : public MethodRunner {
 public:
  virtual DataKind input() const = 0;
  /// `options` are resolved. The result's record holds what the learner knows (metric, quality); `learn` adds
  /// the rest.
  virtual Embeddings learn(const Dataset& data, const Value& options, const Context& context) const = 0;
  virtual CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const = 0;
};

/// Adapts plain functions over an options struct.
template <class Options>
class GraphLearner : public Learner {
 public:
  using Run = Embeddings (*)(const Graph&, const Options&, const Context&);
  using EstimateCost = CostEstimate (*)(const DataSize&, const Options&, const Context&);
  GraphLearner(Run run, EstimateCost estimate_cost) : run_(run), estimate_(estimate_cost) {}
  DataKind input() const override { return DataKind::kGraph; }
  Embeddings learn(const Dataset& data, const Value& options, const Context& context) const override {
    return run_(std::get<Graph>(data), options_from<Options>(options), context);
  }
  CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const override {
    return estimate_(size, options_from<Options>(options), context);
  }

 private:
  Run run_;
  EstimateCost estimate_;
};

template <class Options>
bool register_graph_learner(MethodInfo info, typename GraphLearner<Options>::Run run,
                            typename GraphLearner<Options>::EstimateCost estimate) {
  return register_method(declare_method<Options>(Verb::kLearn, std::move(info),
                                                 std::make_shared<GraphLearner<Options>>(run, estimate)));
}

/// Runs a learner the same way from every door: resolves options, says which have no effect, refuses what
/// cannot fit into memory (with the estimate), learns, and completes the record (method, options, seed, input
/// fingerprint).
WHITNEY_API Embeddings learn(std::string_view method, const Dataset& data, const Value& given_options,
                             const Context& context);

}  // namespace whitney
