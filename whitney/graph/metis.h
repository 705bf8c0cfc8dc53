#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {

/// Options of multilevel partitioning (Karypis & Kumar 1998), by the library METIS.
struct MetisOptions {
  int parts = 4;
  double max_imbalance = 0.05;
  int cuts = 1;
  void fields(auto&& field) {
    field("parts", parts, Range{1, 65536}, "Number of parts");
    field(
        "max_imbalance", max_imbalance, Range{0.001, 100},
        "A part holds at most 1 + max_imbalance times its share of the nodes (ufactor of METIS, in 1/1000)");
    field("cuts", cuts, Range{1, 1000}, "Partitions that are made, of which the one that cuts least is kept");
  }
};

/// Coarsens the graph by matchings, cuts the coarsest one and refines on the way back. Where METIS leaves a
/// part above the cap, nodes that lose least are moved. Gives the part of each node; every part has at most
/// the cap. One thread; calls wait for one another, for METIS draws from the C library's random numbers,
/// whose state it sets from the seed. Throws Error when there are more parts than nodes, or the graph has
/// more entries than the 32 bits that Debian's METIS counts in.
WHITNEY_API std::vector<uint32_t> metis_parts(const Graph& graph, const MetisOptions& options,
                                              const Context& context);

/// The same of rows.
std::vector<uint32_t> metis_parts(const SymmetricRows& rows, const MetisOptions& options, uint64_t seed);

/// The most nodes, and the most entries, that Debian's METIS can count.
int64_t most_for_metis();

/// The same of rows that stand for `sizes` nodes each (empty: for one), as METIS leaves it: a part may be
/// above the cap.
std::vector<uint32_t> metis_cut(const SymmetricRows& rows, std::span<const int32_t> sizes,
                                const MetisOptions& options, uint64_t seed);

/// As metis_parts: a table with the column `part`; the record tells cut, border and balance.
WHITNEY_API Table metis(const Graph& graph, const MetisOptions& options, const Context& context);

}  // namespace whitney::graph
