#include "bench/pairs.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace whitney::bench {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Pairs run_pairs(int num_pairs, const std::function<double()>& ours, const std::function<double()>& peer) {
  ours();
  peer();
  std::vector<double> our_seconds, peer_seconds, ratios;
  for (int i = 0; i < num_pairs; ++i) {
    our_seconds.push_back(ours());
    peer_seconds.push_back(peer());
    ratios.push_back(peer_seconds.back() / our_seconds.back());
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return {median(our_seconds), median(peer_seconds), median(ratios), *low, *high};
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace whitney::bench
