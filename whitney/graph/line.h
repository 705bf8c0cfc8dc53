#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/text/skip_gram.h"

namespace whitney::graph {

/// The proximity of nodes that vectors keep: of neighbours, of nodes with the same neighbours, or both.
enum class LineOrder : uint8_t { kBoth, kFirst, kSecond };
inline constexpr auto enum_names(LineOrder) {
  return std::array<std::string_view, 3>{"both", "first", "second"};
}

/// Options of LINE (Tang, Qu, Wang, Zhang, Yan, Mei 2015, arXiv 1503.03578).
struct LineOptions {
  LineOrder order = LineOrder::kBoth;
  std::optional<double> samples = std::nullopt;
  text::SkipGramOptions skip_gram;

  void fields(auto&& field) {
    field(
        "order", order,
        "first: neighbours get near vectors; second: nodes with the same neighbours do; both: one beside the "
        "other, dim/2 values each (dim even), each of Euclidean norm 1");
    field("samples", samples, Range{1e-6, 1e7},
          "Edges drawn for each order, in millions, T. Absent: 100 for each edge and direction");
    skip_gram.fields(field);
  }
};

/// Learns node vectors from edges drawn by their weights. First order: x by -log sigma(x_u.x_v) - sum over K
/// noise nodes of log sigma(-x_u.x_v'); second order: x_u and context vectors y alike, -log sigma(x_u.y_v) -
/// ... (equations 3, 7); noise ~ degree^0.75, degrees of in- and outgoing edges, in first order but for u
/// itself. Result: n x dim float32,
/// metric cosine, decoder dot for first order alone. Of directed edges the first order knows no direction,
/// with a note, and the second teaches sources about their targets. Nodes without edges get zero vectors,
/// with a note; nodes without outgoing edges, zeros of second order. Throws Error for a graph without nodes,
/// UsageError for an odd dim with both. O(samples (negatives + 1) dim) time; memory: a table of alias slots
/// for the nodes and, with weights, for the edges, and skip-gram's.
WHITNEY_API Embeddings line(const Graph& graph, const LineOptions& options, const Context& context);

/// Tells what line will need.
WHITNEY_API CostEstimate estimate_line(const DataSize& size, const LineOptions& options,
                                       const Context& context);

}  // namespace whitney::graph
