#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/interactions.h"
#include "whitney/graph/visit_counts.h"

namespace whitney::gnn {

/// A label: `answer` is a good answer for `query` (arXiv 1806.01973, section 3.3). Rows of items.
struct ItemPair {
  uint32_t query = 0, answer = 0;
  friend auto operator<=>(const ItemPair&, const ItemPair&) = default;
};

/// Labels in two parts, and the graph without the contexts that gave those of the validation.
struct PinSageLabels {
  std::vector<ItemPair> train, validation;
  graph::ItemContexts graph;
};

/// 32 hexadecimal digits of the labels and of the part that each is in.
std::string checksum_of(const PinSageLabels& labels);

/// Takes items that follow one another in a context as labels, in the order of their times; without times,
/// with each item another one of its context, drawn. The contexts of a share `validation`, drawn by (seed,
/// row), are held out: their labels are those of the validation, and they are not in the graph, where an
/// answer of theirs could be read.
PinSageLabels labels_of_contexts(const Interactions& events, double validation, const Context& context);

/// Reads labels of items, `query answer` a line between tabs or spaces. The graph is that of all events. A
/// share `validation` of the labels is held out. Throws Error that names the line of an id that is no item,
/// and of a pair of an item with itself.
PinSageLabels read_item_pairs(const std::string& path, const Interactions& events, double validation,
                              const Context& context);

/// How many contexts both items of each pair are in, but 2 for more of them.
std::vector<uint8_t> shared_contexts(const graph::ItemContexts& graph, std::span<const ItemPair> pairs,
                                     const Context& context);

}  // namespace whitney::gnn
