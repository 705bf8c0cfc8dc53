#include "bench/rmat.h"

#include <numeric>
#include <span>
#include <vector>

#include "whitney/core/random.h"

namespace whitney::bench {

Graph rmat(int scale, int64_t num_edges, uint64_t seed) {
  const int64_t n = int64_t{1} << scale;
  std::vector<uint32_t> number(static_cast<size_t>(n));
  std::iota(number.begin(), number.end(), 0U);
  RandomStream random(seed, "rmat", 0);
  random.shuffle(std::span(number));
  std::vector<uint32_t> sources, targets;
  for (int64_t e = 0; e < num_edges; ++e) {
    uint32_t u = 0, v = 0;
    for (int bit = 0; bit < scale; ++bit) {
      const double p = random.uniform();
      u = 2 * u + (p >= 0.76 ? 1 : 0);
      v = 2 * v + ((p >= 0.57 && p < 0.76) || p >= 0.95 ? 1 : 0);
    }
    if (u == v) continue;
    sources.push_back(number[u]);
    targets.push_back(number[v]);
  }
  return build_graph(Ids::row_numbers(n), {sources, targets, {}}, false, Context());
}

}  // namespace whitney::bench
