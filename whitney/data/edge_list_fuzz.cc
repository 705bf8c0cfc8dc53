// Any bytes as an edge list, plain or packed; the first byte picks the options.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/edge_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  whitney::EdgeListOptions options;
  options.directed = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) options.weighted = (data[0] & 4) != 0;
  whitney::Context context;
  context.threads = 1;
  context.max_memory_bytes = int64_t{1} << 28;
  try {
    auto input =
        whitney::data::InputStream::over({reinterpret_cast<const char*>(data) + 1, size - 1}, "edges.tsv");
    auto list = whitney::data::parse_edge_list(input, options, context);
    const auto graph = whitney::build_graph(
        list.ids, {list.sources.span(), list.targets.span(), list.weights.span()}, options.directed, context);
    WHITNEY_CHECK(graph.num_nodes() == list.ids.size() && !list.ids.first_duplicate());
    for (int64_t node = 0; node < graph.num_nodes(); ++node) {
      const auto row = graph.neighbors(node);
      WHITNEY_CHECK(std::is_sorted(row.begin(), row.end()));
      WHITNEY_CHECK(row.empty() || row.back() < graph.num_nodes());
    }
  } catch (const whitney::Error&) {
    return 0;  // refused, as most inputs should be
  }
  return 0;
}
