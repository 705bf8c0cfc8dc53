#include "whitney/graph/line_edges.h"

#include <algorithm>
#include <cmath>

namespace whitney::graph {

DrawnEdge EdgeSampler::draw(FastRandom& random) const {
  const uint32_t source = draw_alias(nodes_, random.next_u64());
  const auto begin = static_cast<size_t>(graph_.offsets[source]);
  const auto degree = static_cast<size_t>(graph_.offsets[int64_t{source} + 1]) - begin;
  const uint64_t bits = random.next_u64();
  const uint64_t place = edges_.empty() ? place_and_rest(bits, degree).place
                                        : draw_alias(edges_.span().subspan(begin, degree), bits);
  return {source, graph_.targets[static_cast<int64_t>(begin + place)]};
}

int64_t EdgePairs::chunk_size(double num_samples) {
  constexpr double kChunks = 1024, kFewest = 64, kMost = 4096;
  return std::llround(std::clamp(num_samples / kChunks, kFewest, kMost));
}

EdgePairs::EdgePairs(const EdgeSampler& edges, double num_samples, uint64_t seed)
    : edges_(edges),
      chunk_size_(chunk_size(num_samples)),
      num_chunks_(std::max<int64_t>(1, std::llround(num_samples / static_cast<double>(chunk_size_)))),
      seed_(seed) {}

void EdgePairs::read(int64_t chunk, text::PairBuffer& pairs) const {
  FastRandom random(seed_, "line edges", static_cast<uint64_t>(chunk));
  for (int64_t i = 0; i < chunk_size_; ++i) {
    const DrawnEdge edge = edges_.draw(random);
    pairs.add(edge.source, edge.target);
  }
}

}  // namespace whitney::graph
