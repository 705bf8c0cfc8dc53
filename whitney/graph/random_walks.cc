#include "whitney/graph/random_walks.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::graph {
namespace {

/// Walks that take their steps in turns: enough to keep the processor's queue of misses full, few enough that
/// their states and what they asked for stay in L1.
constexpr size_t kGroup = 32;
constexpr double kWhole = 4294967296.0;  // 2^32

}  // namespace

struct RandomWalks::Walker {
  FastRandom random;
  uint32_t* nodes = nullptr;
  int64_t* length = nullptr;
  uint32_t previous = 0;
  uint32_t current = 0;
  /// The entry that the next step looks at, and the random bits that choose between it and its alias.
  int64_t entry = 0;
  int64_t row_begin = 0;
  uint32_t rest = 0;
  /// The node of that entry, and where it stands whether an edge leads to it from `previous`.
  uint32_t candidate = 0;
  HubRows::Bit bit = {};
  /// Nodes so far.
  int64_t count = 1;
};

RandomWalks::RandomWalks(const Graph& graph, const WalkRule& rule, const Context& context)
    : graph_(graph), rule_(rule), offsets_(graph.offsets), targets_(graph.targets), weights_(graph.weights) {
  WHITNEY_CHECK(rule.length >= 1 && rule.p > 0 && rule.q > 0, "a walk has a length, p and q above 0");
  if (!rule.metapath.node_types.empty()) sort_by_type(context);
  slots_ = make_alias_rows(offsets_.span(), weights_.span(), context);
  const double most = std::max({1.0, 1 / rule.p, 1 / rule.q});
  const auto threshold = [most](double alpha) { return static_cast<uint64_t>(alpha / most * kWhole); };
  keep_return_ = threshold(1 / rule.p);
  keep_near_ = threshold(1);
  keep_far_ = threshold(1 / rule.q);
  const bool asks_for_edges = keep_near_ != keep_far_;
  if (asks_for_edges) hubs_ = HubRows(graph, graph.nnz() * static_cast<int64_t>(sizeof(uint32_t)));
}

int64_t RandomWalks::size_bytes() const {
  const int64_t typed = num_types_ > 1 ? offsets_.size() * 8 + targets_.size() * 4 + weights_.size() * 4 : 0;
  return typed + slots_.size() * static_cast<int64_t>(sizeof(AliasSlot)) + hubs_.size_bytes();
}

/// Orders each node's entries by the type of their targets, so that those of one type are a row of their own.
void RandomWalks::sort_by_type(const Context& context) {
  const Metapath& types = rule_.metapath;
  const int64_t n = graph_.num_nodes();
  if (rule_.p != 1 || rule_.q != 1) throw UsageError("a walk follows a metapath or p and q, not both");
  if (std::ssize(types.node_types) != n)
    throw UsageError(
        concat("a metapath over ", types.node_types.size(), " types, but there are ", n, " nodes"));
  if (types.path.empty()) throw UsageError("a metapath names at least one type");
  num_types_ = int64_t{*std::max_element(types.node_types.begin(), types.node_types.end())} + 1;
  for (const uint32_t type : types.path) {
    if (std::find(types.node_types.begin(), types.node_types.end(), type) == types.node_types.end())
      throw UsageError(concat("the metapath names type ", type, ", which no node has"));
  }
  Array<int64_t> offsets(n * num_types_ + 1);
  Array<uint32_t> targets(graph_.nnz());
  Array<float> weights(weights_.size());
  int64_t* starts = offsets.mutable_data();
  uint32_t* sorted = targets.mutable_data();
  float* sorted_weights = weights.mutable_data();
  starts[n * num_types_] = graph_.nnz();
  parallel_blocks(context, n, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v) {
      int64_t at = graph_.offsets[v];
      for (int64_t type = 0; type < num_types_; ++type) {
        starts[v * num_types_ + type] = at;
        for (int64_t e = graph_.offsets[v]; e < graph_.offsets[v + 1]; ++e) {
          if (types.node_types[graph_.targets[e]] != type) continue;
          sorted[at] = graph_.targets[e];
          if (!graph_.weights.empty()) sorted_weights[at] = graph_.weights[e];
          ++at;
        }
      }
    }
  });
  offsets_ = offsets;
  targets_ = targets;
  weights_ = weights;
}

/// Branch-free search in the shorter of the two lists where edges have no direction.
bool RandomWalks::has_edge(uint32_t from, uint32_t to) const {
  const int64_t* offsets = graph_.offsets.data();
  if (!graph_.directed && offsets[to + 1] - offsets[to] < offsets[from + 1] - offsets[from])
    std::swap(from, to);
  const uint32_t* first = graph_.targets.data() + offsets[from];
  int64_t count = offsets[from + 1] - offsets[from];
  if (count == 0) return false;
  while (count > 1) {
    const int64_t half = count / 2;
    first += first[half] <= to ? half : 0;
    count -= half;
  }
  return *first == to;
}

/// Whether node2vec's walk takes the candidate. What a bit tells is chosen by without a branch, which nobody
/// could foresee. A list is searched only where the random number does not decide for neighbours and others
/// alike.
inline bool RandomWalks::keeps(Walker& walker) const {
  const uint64_t random = walker.random.next_u64() >> 32;
  const bool as_near = random < keep_near_, as_far = random < keep_far_, as_return = random < keep_return_;
  bool kept = as_far;
  if (walker.bit.word != nullptr) {
    kept = walker.bit.is_set() ? as_near : as_far;
  } else if (as_near != as_far && walker.candidate != walker.previous) {
    kept = has_edge(walker.previous, walker.candidate) ? as_near : as_far;
  }
  return walker.candidate == walker.previous ? as_return : kept;
}

/// Draws one of a row's entries, and asks for what the next look at the walk reads.
template <bool kWeighted>
inline void RandomWalks::draw_entry(Walker& walker, int64_t row_begin, int64_t degree) const {
  const auto [place, rest] = place_and_rest(walker.random.next_u64(), static_cast<uint64_t>(degree));
  walker.entry = row_begin + static_cast<int64_t>(place);
  __builtin_prefetch(targets_.data() + walker.entry);
  if constexpr (kWeighted) {
    walker.rest = rest;
    walker.row_begin = row_begin;
    __builtin_prefetch(slots_.data() + walker.entry);
  }
}

template <bool kWeighted>
void RandomWalks::walk_group(std::span<Walker> walkers) const {
  const int64_t* offsets = offsets_.data();
  const uint32_t* targets = targets_.data();
  const AliasSlot* slots = slots_.data();
  const std::vector<uint32_t>& path = rule_.metapath.path;
  const auto num_types = static_cast<uint64_t>(num_types_);
  size_t num_active = walkers.size(), at_path = 0;
  for (int64_t step = 1; step < rule_.length && num_active > 0; ++step) {
    if (!path.empty() && ++at_path == path.size()) at_path = 0;
    const uint64_t type = num_types > 1 ? path[at_path] : 0;
    for (size_t w = 0; w < num_active;) {
      Walker& walker = walkers[w];
      const uint64_t row = walker.current * num_types + type;
      const int64_t begin = offsets[row], degree = offsets[row + 1] - begin;
      if (degree == 0) {
        *walker.length = step;
        std::swap(walker, walkers[--num_active]);
        continue;
      }
      draw_entry<kWeighted>(walker, begin, degree);
      ++w;
    }
    for (size_t w = 0; w < num_active; ++w) {
      Walker& walker = walkers[w];
      if constexpr (kWeighted) {
        const AliasSlot slot = slots[walker.entry];
        if (walker.rest >= slot.threshold) walker.entry = walker.row_begin + slot.other;
      }
      walker.current = targets[walker.entry];
      walker.nodes[step] = walker.current;
      __builtin_prefetch(offsets + walker.current * num_types);
    }
  }
}

/// Reads the node that was drawn, and asks for what the choice reads.
template <bool kWeighted>
inline void RandomWalks::look_at_candidate(Walker& walker) const {
  if constexpr (kWeighted) {
    const AliasSlot slot = slots_[walker.entry];
    if (walker.rest >= slot.threshold) walker.entry = walker.row_begin + slot.other;
  }
  walker.candidate = targets_[walker.entry];
  __builtin_prefetch(offsets_.data() + walker.candidate);
  if (hubs_.empty()) return;
  walker.bit = hubs_.bit_of(walker.previous, walker.candidate);
  if (walker.bit.word != nullptr) __builtin_prefetch(walker.bit.word);
}

// A round looks at one candidate for each walk; a walk whose candidate is refused stays where it is.
template <bool kWeighted>
void RandomWalks::walk_biased_group(std::span<Walker> walkers) const {
  const int64_t* offsets = offsets_.data();
  size_t num_active = rule_.length == 1 ? 0 : walkers.size();
  const auto retire = [walkers](Walker& walker, size_t last) {
    *walker.length = walker.count;
    std::swap(walker, walkers[last]);
  };
  while (num_active > 0) {
    for (size_t w = 0; w < num_active;) {
      Walker& walker = walkers[w];
      const int64_t begin = offsets[walker.current], degree = offsets[walker.current + 1] - begin;
      if (degree == 0) {
        retire(walker, --num_active);
        continue;
      }
      draw_entry<kWeighted>(walker, begin, degree);
      ++w;
    }
    for (Walker& walker : walkers.first(num_active)) look_at_candidate<kWeighted>(walker);
    for (size_t w = 0; w < num_active;) {
      Walker& walker = walkers[w];
      const bool kept = walker.count == 1 || keeps(walker);
      // Written in any case, and written over when it was refused.
      walker.nodes[walker.count] = walker.candidate;
      walker.count += kept ? 1 : 0;
      walker.previous = kept ? walker.current : walker.previous;
      walker.current = kept ? walker.candidate : walker.current;
      if (walker.count < rule_.length) {
        ++w;
      } else {
        retire(walker, --num_active);
      }
    }
  }
}

void RandomWalks::walk(uint64_t seed, uint64_t pass, std::span<const uint32_t> starts,
                       WalkBlock& block) const {
  block.resize(starts.size(), rule_.length);
  const bool weighted = !slots_.empty(), biased = rule_.p != 1 || rule_.q != 1;
  std::array<Walker, kGroup> walkers;
  for (size_t begin = 0; begin < starts.size(); begin += kGroup) {
    const size_t end = std::min(begin + kGroup, starts.size());
    size_t count = 0;
    for (size_t i = begin; i < end; ++i) {
      const uint32_t start = starts[i];
      uint32_t* nodes = block.nodes_of(static_cast<int64_t>(i));
      nodes[0] = start;
      if (num_types_ > 1 && rule_.metapath.node_types[start] != rule_.metapath.path[0]) {
        block.length_of(static_cast<int64_t>(i)) = 1;
        continue;
      }
      walkers[count++] = {.random = FastRandom(seed ^ (pass * 0x9E3779B97F4A7C15), "random walk", start),
                          .nodes = nodes,
                          .length = &block.length_of(static_cast<int64_t>(i)),
                          .current = start};
    }
    const std::span<Walker> group(walkers.data(), count);
    if (biased) {
      weighted ? walk_biased_group<true>(group) : walk_biased_group<false>(group);
    } else {
      weighted ? walk_group<true>(group) : walk_group<false>(group);
    }
  }
}

}  // namespace whitney::graph
