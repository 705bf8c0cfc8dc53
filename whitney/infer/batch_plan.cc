#include "whitney/infer/batch_plan.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

namespace whitney::infer {

std::vector<std::vector<int64_t>> plan_batches(std::span<const int64_t> lengths, int64_t batch_tokens,
                                               int64_t least_batches) {
  const int64_t num_pieces = std::ssize(lengths);
  const int64_t tokens = std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
  const int64_t wanted = std::max((tokens + batch_tokens - 1) / batch_tokens, least_batches);
  std::vector<std::vector<int64_t>> batches(static_cast<size_t>(std::min(wanted, num_pieces)));
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return lengths[static_cast<size_t>(a)] > lengths[static_cast<size_t>(b)];
  });
  using Load = std::pair<int64_t, size_t>;  // tokens, batch
  std::priority_queue<Load, std::vector<Load>, std::greater<>> lightest;
  for (size_t b = 0; b < batches.size(); ++b) lightest.emplace(0, b);
  for (const int64_t piece : order) {
    auto [load, batch] = lightest.top();
    lightest.pop();
    batches[batch].push_back(piece);
    lightest.emplace(load + lengths[static_cast<size_t>(piece)], batch);
  }
  return batches;
}

}  // namespace whitney::infer
