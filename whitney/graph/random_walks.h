#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/alias_table.h"
#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/fast_random.h"
#include "whitney/data/graph.h"
#include "whitney/graph/hub_rows.h"

namespace whitney::graph {

/// The types of nodes that a walk follows (metapath2vec, Dong, Chawla, Swami, KDD 2017): node i of a walk has
/// type path[i mod path.size()].
struct Metapath {
  /// The type of each node; empty: walks go to any node.
  std::vector<uint32_t> node_types;
  std::vector<uint32_t> path;
};

/// The law of walks.
struct WalkRule {
  /// Nodes of a walk, l in node2vec's paper.
  int64_t length = 80;
  /// Return and in-out parameters of node2vec. Both 1: a node is drawn by the weights of its edges alone.
  double p = 1;
  double q = 1;
  Metapath metapath = {};
};

/// Walks of equal capacity, one behind the other.
class WalkBlock {
 public:
  /// Makes room for `count` walks of `capacity` nodes each, all of them full.
  void resize(size_t count, int64_t capacity) {
    capacity_ = capacity;
    nodes_.resize(count * static_cast<size_t>(capacity));
    lengths_.assign(count, capacity);
  }
  /// What walk i is written to.
  uint32_t* nodes_of(int64_t i) { return nodes_.data() + i * capacity_; }
  int64_t& length_of(int64_t i) { return lengths_[static_cast<size_t>(i)]; }

  int64_t size() const { return std::ssize(lengths_); }
  /// Walk i: at most `length` nodes, fewer where it came to a node without a way on.
  std::span<const uint32_t> walk(int64_t i) const {
    return {nodes_.data() + i * capacity_, static_cast<size_t>(lengths_[static_cast<size_t>(i)])};
  }

 private:
  std::vector<uint32_t> nodes_;
  std::vector<int64_t> lengths_;
  int64_t capacity_ = 0;
};

/// Makes walks over nodes 0..n-1; const is safe for several threads.
class WHITNEY_API WalkMaker {
 public:
  virtual ~WalkMaker() = default;
  virtual int64_t num_nodes() const = 0;
  /// Nodes of a walk at most.
  virtual int64_t length() const = 0;
  /// Makes the walk of each start, in order: a function of (seed, pass, start) only, in any block of starts.
  virtual void walk(uint64_t seed, uint64_t pass, std::span<const uint32_t> starts,
                    WalkBlock& block) const = 0;
};

/// Draws random walks on a graph, which it keeps a reference to; const is safe for several threads.
///
/// From v a walk goes to x with a probability proportional to the weight of the edge (alias tables, 8 bytes
/// an entry; none where all edges weigh 1). With p or q not 1 (Grover, Leskovec 2016, arXiv 1607.00653), come
/// from t, the weight is multiplied by 1/p where x = t, by 1 where an edge leads from t to x, else by 1/q:
/// x is drawn by weight and kept with probability alpha / max(1, 1/p, 1/q), which is the same law as
/// node2vec's tables of sum deg^2 entries without them. Whether t leads to x is looked up in rows of bits of
/// the nodes of most edges (4 bytes an entry at most), else searched in the shorter list. No walk is kept.
///
/// A walk is a function of the graph, the rule and (seed, pass, start), so that any cut of the starts into
/// blocks and any number of threads give the same walks. Several walks take their steps in turns, so that
/// beyond the caches the waits for memory overlap.
class WHITNEY_API RandomWalks : public WalkMaker {
 public:
  /// Throws UsageError where a rule contradicts itself: a metapath with p or q, types that do not match the
  /// nodes, a path that names a type that no node has.
  RandomWalks(const Graph& graph, const WalkRule& rule, const Context& context);

  const Graph& graph() const { return graph_; }
  const WalkRule& rule() const { return rule_; }
  int64_t num_nodes() const override { return graph_.num_nodes(); }
  int64_t length() const override { return rule_.length; }
  /// Bytes of the tables.
  int64_t size_bytes() const;

  /// Makes the walk of each start, in order. A start that the metapath does not begin with has a walk of
  /// itself alone.
  void walk(uint64_t seed, uint64_t pass, std::span<const uint32_t> starts, WalkBlock& block) const override;

 private:
  struct Walker;
  template <bool kWeighted>
  void draw_entry(Walker& walker, int64_t row_begin, int64_t degree) const;
  template <bool kWeighted>
  void walk_group(std::span<Walker> walkers) const;
  template <bool kWeighted>
  void walk_biased_group(std::span<Walker> walkers) const;
  template <bool kWeighted>
  void look_at_candidate(Walker& walker) const;
  bool keeps(Walker& walker) const;
  bool has_edge(uint32_t from, uint32_t to) const;
  void sort_by_type(const Context& context);

  const Graph& graph_;
  WalkRule rule_;
  /// Row (node, type) of the entries: node num_types_ + type. One type: the graph's own arrays.
  int64_t num_types_ = 1;
  Array<int64_t> offsets_;
  Array<uint32_t> targets_;
  Array<float> weights_;
  Array<AliasSlot> slots_;
  /// A candidate is kept where 32 random bits are below: it is where the walk came from, a neighbour of that,
  /// or neither.
  uint64_t keep_return_ = 0, keep_near_ = 0, keep_far_ = 0;
  HubRows hubs_;
};

}  // namespace whitney::graph
