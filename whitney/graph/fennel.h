#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {

/// The order in which a stream of nodes comes.
enum class StreamOrder : uint8_t { kRows, kRandom, kBreadthFirst };
inline constexpr auto enum_names(StreamOrder) {
  return std::array<std::string_view, 3>{"rows", "random", "breadth_first"};
}

/// Options of Fennel (Tsourakakis, Gkantsidis, Radunovic, Vojnovic 2014).
struct FennelOptions {
  int parts = 4;
  double max_imbalance = 0.05;
  double gamma = 1.5;
  StreamOrder order = StreamOrder::kBreadthFirst;
  int passes = 10;
  void fields(auto&& field) {
    field("parts", parts, Range{1, 65536}, "Number of parts, k in the paper");
    field("max_imbalance", max_imbalance, Range{0, 100},
          "A part holds at most 1 + max_imbalance times its share of the nodes");
    field("gamma", gamma, Range{1, 10}, "Exponent of the cost of a part's size");
    field("order", order,
          "The order of the stream; breadth_first, and rows where neighbours stand near, cut far less than "
          "random");
    field("passes", passes, Range{1, 1000},
          "How often the stream is read: from the second on a node is placed anew knowing all others "
          "(Nishimura & Ugander 2013). 1: the paper");
  }
};

/// Places one node after another: node v goes to the part i with the largest
///   |N(v) and V_i| - alpha gamma |V_i|^(gamma - 1),   alpha = m k^(gamma - 1) / n^gamma,
/// among those below the cap; weights count in the first term and in m. Equal scores: the smaller part, then
/// the lower number. Gives the part of each node; every part has at most the cap. O(passes (nnz + n log k)):
/// of the parts that no neighbour is in, only the least loaded one is looked at.
/// Throws Error when there are more parts than nodes.
WHITNEY_API std::vector<uint32_t> fennel_parts(const Graph& graph, const FennelOptions& options,
                                               const Context& context);

/// The same of rows.
std::vector<uint32_t> fennel_parts(const SymmetricRows& rows, const FennelOptions& options,
                                   const Context& context);

/// As fennel_parts: a table with the column `part`; the record tells cut, border and balance.
WHITNEY_API Table fennel(const Graph& graph, const FennelOptions& options, const Context& context);

}  // namespace whitney::graph
