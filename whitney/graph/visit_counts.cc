#include "whitney/graph/visit_counts.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/fast_random.h"
#include "whitney/core/parallel.h"

namespace whitney::graph {
namespace {

/// Items whose neighbourhoods are one task.
constexpr int64_t kBlock = 64;

/// A vector of non-negative numbers, most of them 0, that is emptied in the time its entries take. Counts of
/// visits are whole and exact in it.
class Scores {
 public:
  explicit Scores(int64_t size) : values_(static_cast<size_t>(size)) {}

  void add(uint32_t place, double amount) {
    if (values_[place] == 0) touched_.push_back(place);
    values_[place] += amount;
  }
  void clear() {
    for (const uint32_t place : touched_) values_[place] = 0;
    touched_.clear();
  }
  double operator[](uint32_t place) const { return values_[place]; }
  /// The places above 0, in the order in which they came.
  const std::vector<uint32_t>& touched() const { return touched_; }

 private:
  std::vector<double> values_;
  std::vector<uint32_t> touched_;
};

std::span<const uint32_t> entries(const SparseMatrix& matrix, uint32_t row) {
  const int64_t begin = matrix.offsets[row];
  return std::span(matrix.columns)
      .subspan(static_cast<size_t>(begin), static_cast<size_t>(matrix.offsets[row + size_t{1}] - begin));
}

uint32_t one_of(std::span<const uint32_t> places, FastRandom& random) {
  return places[place_and_rest(random.next_u64(), places.size()).place];
}

/// Counts the visits of walks from an item that has a context.
void walk(const ItemContexts& graph, uint32_t item, const VisitOptions& options, uint64_t seed,
          Scores& counts) {
  FastRandom random(seed, "visits", item);
  const auto stop = static_cast<float>(options.stop);
  for (int64_t visits = 0; visits < options.visits;) {
    uint32_t at = item;
    for (int64_t step = 0; step < options.max_steps; ++step) {
      at = one_of(entries(graph.items_of, one_of(entries(graph.contexts_of, at), random)), random);
      counts.add(at, 1);
      ++visits;
      if (random.uniform() < stop) break;
    }
  }
}

/// Half a step of all walks at once: the share of each row moves to the row's entries, evenly.
void spread(const SparseMatrix& rows, const Scores& from, double factor, Scores& to) {
  to.clear();
  for (const uint32_t row : from.touched()) {
    const std::span<const uint32_t> places = entries(rows, row);
    const double share = factor * from[row] / static_cast<double>(places.size());
    for (const uint32_t place : places) to.add(place, share);
  }
}

/// Sums where the walks from an item that has a context are after each step.
struct PageRank {
  explicit PageRank(const ItemContexts& graph) : items(graph.num_items()), contexts(graph.num_contexts()) {}

  void run(const ItemContexts& graph, uint32_t item, const VisitOptions& options, Scores& sums) {
    items.clear();
    items.add(item, 1);
    double factor = 1;  // All walks take the first step, 1 - stop of those that are left the next.
    for (int64_t step = 0; step < options.max_steps && factor > 0; ++step) {
      spread(graph.contexts_of, items, factor, contexts);
      spread(graph.items_of, contexts, 1, items);
      for (const uint32_t place : items.touched()) sums.add(place, items[place]);
      factor = 1 - options.stop;
    }
  }

  Scores items, contexts;
};

/// Appends the row of an item: the best of its scores but its own, as shares of the kept ones' sum.
void append_best(uint32_t item, const Scores& scores, int64_t neighbors, std::vector<uint32_t>& order,
                 SparseMatrix& rows) {
  order = scores.touched();
  std::erase(order, item);
  const auto kept = order.begin() + std::min(neighbors, std::ssize(order));
  std::partial_sort(order.begin(), kept, order.end(), [&](uint32_t a, uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  double sum = 0;
  for (auto place = order.begin(); place != kept; ++place) sum += scores[*place];
  for (auto place = order.begin(); place != kept; ++place) {
    rows.columns.push_back(*place);
    rows.weights.push_back(static_cast<float>(scores[*place] / sum));
  }
  rows.offsets.push_back(std::ssize(rows.columns));
}

SparseMatrix joined(const std::vector<SparseMatrix>& blocks, int64_t cols) {
  SparseMatrix all;
  all.cols = cols;
  for (const SparseMatrix& block : blocks) {
    const int64_t before = std::ssize(all.columns);
    for (const int64_t offset : std::span(block.offsets).subspan(1)) all.offsets.push_back(before + offset);
    all.columns.insert(all.columns.end(), block.columns.begin(), block.columns.end());
    all.weights.insert(all.weights.end(), block.weights.begin(), block.weights.end());
  }
  return all;
}

void check(const VisitOptions& options) {
  if (options.neighbors < 1) fail("neighbors is ", options.neighbors, ", but an item keeps 1 or more");
  if (!(options.stop > 0 && options.stop <= 1)) {
    fail("stop is ", options.stop, ", but a walk ends after a step with a probability above 0, up to 1");
  }
  if (options.max_steps < 1) fail("max_steps is ", options.max_steps, ", but a walk takes 1 step or more");
  if (options.visits < 1) fail("visits is ", options.visits, ", but an item's walks make 1 or more");
}

/// Makes the rows of all items. new_worker() makes what one thread needs; it is called as worker(item,
/// scores) for items that have a context.
template <class NewWorker>
SparseMatrix neighborhoods(const ItemContexts& graph, const VisitOptions& options, const Context& context,
                           const NewWorker& new_worker) {
  check(options);
  struct Scratch {
    Scores scores;
    std::vector<uint32_t> order;
    decltype(new_worker()) worker;
  };
  const int64_t num_items = graph.num_items();
  std::vector<SparseMatrix> blocks(static_cast<size_t>((num_items + kBlock - 1) / kBlock));
  std::vector<std::unique_ptr<Scratch>> scratches(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, std::ssize(blocks), [&](int thread, int64_t b) {
    auto& scratch = scratches[static_cast<size_t>(thread)];
    if (!scratch) scratch.reset(new Scratch{Scores(num_items), {}, new_worker()});
    const int64_t end = std::min(num_items, (b + 1) * kBlock);
    for (int64_t i = b * kBlock; i < end; ++i) {
      const auto item = static_cast<uint32_t>(i);
      scratch->scores.clear();
      if (!entries(graph.contexts_of, item).empty()) scratch->worker(item, scratch->scores);
      append_best(item, scratch->scores, options.neighbors, scratch->order, blocks[static_cast<size_t>(b)]);
    }
  });
  return joined(blocks, num_items);
}

}  // namespace

ItemContexts item_contexts(const Interactions& events, const Context& context) {
  if (!events.values.empty()) context.note("values of interactions are not used: walks take each edge alike");
  SparseMatrix items_of;
  items_of.cols = events.num_items();
  items_of.offsets.assign(events.offsets.begin(), events.offsets.end());
  items_of.columns.assign(events.targets.begin(), events.targets.end());
  return item_contexts(std::move(items_of));
}

ItemContexts item_contexts(SparseMatrix items_of) {
  ItemContexts graph;
  graph.items_of = std::move(items_of);
  transpose(graph.items_of.view(), graph.contexts_of);
  return graph;
}

SparseMatrix visit_counts(const ItemContexts& graph, const VisitOptions& options, const Context& context) {
  return neighborhoods(graph, options, context, [&] {
    return [&](uint32_t item, Scores& counts) { walk(graph, item, options, context.seed, counts); };
  });
}

SparseMatrix truncated_page_rank(const ItemContexts& graph, const VisitOptions& options,
                                 const Context& context) {
  return neighborhoods(graph, options, context, [&] {
    return [&, rank = PageRank(graph)](uint32_t item, Scores& sums) mutable {
      rank.run(graph, item, options, sums);
    };
  });
}

}  // namespace whitney::graph
