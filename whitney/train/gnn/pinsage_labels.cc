#include "whitney/train/gnn/pinsage_labels.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/data/id_pairs.h"
#include "whitney/data/recommender_model.h"

namespace whitney::gnn {
namespace {

bool is_held_out(double share, std::string_view purpose, int64_t row, uint64_t seed) {
  return share > 0 && RandomStream(seed, purpose, static_cast<uint64_t>(row)).uniform() < share;
}

std::vector<ItemPair> pairs_by_time(std::span<const uint32_t> items, std::span<const int64_t> times) {
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t place) { return times[place]; });
  std::vector<ItemPair> pairs;
  for (size_t i = 1; i < order.size(); ++i) pairs.push_back({items[order[i - 1]], items[order[i]]});
  return pairs;
}

std::vector<ItemPair> drawn_pairs(std::span<const uint32_t> items, int64_t row, uint64_t seed) {
  std::vector<ItemPair> pairs;
  if (items.size() < 2) return pairs;
  RandomStream random(seed, "pinsage labels", static_cast<uint64_t>(row));
  for (size_t i = 0; i < items.size(); ++i) {
    const uint64_t other = random.below(items.size() - 1);
    pairs.push_back({items[i], items[other < i ? other : other + 1]});
  }
  return pairs;
}

}  // namespace

std::string checksum_of(const PinSageLabels& labels) {
  Hasher128 hasher;
  for (const std::vector<ItemPair>* part : {&labels.train, &labels.validation}) {
    const int64_t count = std::ssize(*part);
    hasher.update(&count, sizeof(count));
    if (count > 0) hasher.update(part->data(), count * static_cast<int64_t>(sizeof(ItemPair)));
  }
  return hasher.digest();
}

PinSageLabels labels_of_contexts(const Interactions& events, double validation, const Context& context) {
  PinSageLabels labels;
  SparseMatrix items_of;
  items_of.cols = events.num_items();
  if (events.times.empty())
    context.note("the events have no times: to each item of a context another one of it is drawn as label");
  for (int64_t row = 0; row < events.num_users(); ++row) {
    const std::span<const uint32_t> items = events.items_of(row);
    const std::vector<ItemPair> pairs =
        events.times.empty()
            ? drawn_pairs(items, row, context.seed)
            : pairs_by_time(
                  items, events.times.span().subspan(static_cast<size_t>(events.offsets[row]), items.size()));
    const bool held_out = is_held_out(validation, "pinsage validation", row, context.seed);
    std::vector<ItemPair>& part = held_out ? labels.validation : labels.train;
    part.insert(part.end(), pairs.begin(), pairs.end());
    if (!held_out) items_of.columns.insert(items_of.columns.end(), items.begin(), items.end());
    items_of.offsets.push_back(std::ssize(items_of.columns));
  }
  labels.graph = graph::item_contexts(std::move(items_of));
  return labels;
}

PinSageLabels read_item_pairs(const std::string& path, const Interactions& events, double validation,
                              const Context& context) {
  const IdPairs pairs = read_id_pairs(path, context);
  PinSageLabels labels;
  labels.graph = graph::item_contexts(history_of(events), context);
  for (size_t i = 0; i < pairs.first.size(); ++i) {
    const auto row_of = [&](const std::string& id) {
      const std::optional<int64_t> row = events.items.find(id);
      if (!row) {
        fail(pairs.name, ":", pairs.lines[i], ": no item of the events has the id \"", id, "\"",
             events.items.did_you_mean(id), " (expected: query<TAB>answer)");
      }
      return static_cast<uint32_t>(*row);
    };
    const ItemPair pair{row_of(pairs.first[i]), row_of(pairs.second[i])};
    if (pair.query == pair.answer) refuse_pair_with_itself(pairs, i);
    const bool held_out = is_held_out(validation, "pinsage validation", pairs.lines[i], context.seed);
    (held_out ? labels.validation : labels.train).push_back(pair);
  }
  return labels;
}

std::vector<uint8_t> shared_contexts(const graph::ItemContexts& graph, std::span<const ItemPair> pairs,
                                     const Context& context) {
  constexpr int64_t kBlock = 4096;
  std::vector<uint8_t> counts(pairs.size());
  const auto contexts_of = [&](uint32_t item) {
    const int64_t begin = graph.contexts_of.offsets[item];
    return std::span(graph.contexts_of.columns)
        .subspan(static_cast<size_t>(begin),
                 static_cast<size_t>(graph.contexts_of.offsets[item + size_t{1}] - begin));
  };
  parallel_blocks(context, std::ssize(pairs), kBlock, [&](int64_t begin, int64_t end) {
    for (auto p = static_cast<size_t>(begin); p < static_cast<size_t>(end); ++p) {
      const std::span<const uint32_t> a = contexts_of(pairs[p].query), b = contexts_of(pairs[p].answer);
      for (size_t i = 0, j = 0; i < a.size() && j < b.size() && counts[p] < 2;) {
        if (a[i] == b[j]) ++counts[p];
        const bool first = a[i] <= b[j], second = b[j] <= a[i];
        if (first) ++i;
        if (second) ++j;
      }
    }
  });
  return counts;
}

}  // namespace whitney::gnn
