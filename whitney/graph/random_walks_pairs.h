#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/random_walks.h"
#include "whitney/text/skip_gram.h"
#include "whitney/text/skip_gram_pairs.h"

namespace whitney::graph {

/// Gives place i of an order of 0..n-1 that depends on (seed, pass), without a table of it: a Feistel network
/// over the next even power of two, walked until it comes back below n (Black, Rogaway 2002).
class WHITNEY_API ShuffledOrder {
 public:
  ShuffledOrder(int64_t n, uint64_t seed, uint64_t pass);
  uint32_t operator[](int64_t i) const;

 private:
  uint64_t n_;
  int half_bits_;
  uint64_t key_;
};

/// The pairs of words near each other in random walks: `num_walks` passes over the nodes in an order of their
/// own, chunks of 32 walks. Walks are made when they are read, and never kept.
class WHITNEY_API WalkPairs : public text::PairSource {
 public:
  /// `walks` must outlive it.
  WalkPairs(const WalkMaker& walks, int64_t num_walks, int64_t window, uint64_t seed)
      : walks_(walks), num_walks_(num_walks), window_(window), seed_(seed) {}

  int64_t num_chunks() const override;
  double pairs_per_chunk() const override;
  void read(int64_t chunk, text::PairBuffer& pairs) const override;
  /// How often each node occurs in walks of two nodes or more.
  std::vector<int64_t> count_nodes(const Context& context) const;

 private:
  void walk(int64_t chunk, WalkBlock& block) const;

  const WalkMaker& walks_;
  int64_t num_walks_, window_;
  uint64_t seed_;
};

/// What methods have in common that train on walks.
struct WalkTraining {
  int64_t num_walks = 10;
  int64_t window = 10;
  text::Softmax softmax = text::Softmax::kNegativeSampling;
  text::SkipGramOptions skip_gram;
};

/// Sentences about options of skip-gram that a softmax leaves without an effect.
std::vector<std::string> ineffective_of(text::Softmax softmax, const text::SkipGramOptions& options);

/// Throws Error, with the method's name, for a graph whose nodes skip-gram cannot train: none, or beyond
/// 2^30.
void check_can_train(const Graph& graph, std::string_view name);

/// Trains skip-gram on walks over the graph's nodes: n x dim float32, metric cosine. Nodes of no walk beyond
/// themselves get zero vectors, counted in a note of the method's `name`.
Embeddings learn_from_walks(const Graph& graph, const WalkMaker& walks, const WalkTraining& training,
                            std::string_view name, const Context& context);

/// Tells what the graph, walks of `length` nodes and their training will need.
CostEstimate estimate_walks(const DataSize& size, int64_t length, const WalkTraining& training,
                            const Context& context);

}  // namespace whitney::graph
