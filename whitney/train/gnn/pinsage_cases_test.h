#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/data/interactions.h"
#include "whitney/train/gnn/pinsage_options.h"

namespace whitney::gnn {

/// Contexts as they are given, their items in the order of time.
inline Interactions contexts_of(int64_t num_items, const std::vector<std::vector<uint32_t>>& contexts) {
  std::vector<uint32_t> users, items;
  std::vector<int64_t> times;
  for (size_t c = 0; c < contexts.size(); ++c) {
    for (const uint32_t item : contexts[c]) {
      users.push_back(static_cast<uint32_t>(c));
      items.push_back(item);
      times.push_back(std::ssize(times));
    }
  }
  return build_interactions(Ids::row_numbers(std::ssize(contexts)), Ids::row_numbers(num_items),
                            {users, items, {}, times}, {});
}

/// Contexts of four items of one group each: items of a group are equal modulo `groups`.
inline Interactions grouped_contexts(int64_t num_items, int64_t num_contexts, int64_t groups) {
  std::vector<std::vector<uint32_t>> contexts;
  for (int64_t c = 0; c < num_contexts; ++c) {
    RandomStream random(3, "grouped contexts", static_cast<uint64_t>(c));
    std::vector<uint32_t> items;
    while (items.size() < 4) {
      const auto item = static_cast<uint32_t>(
          c % groups +
          groups * static_cast<int64_t>(random.below(static_cast<uint64_t>(num_items / groups))));
      if (std::ranges::find(items, item) == items.end()) items.push_back(item);
    }
    contexts.push_back(items);
  }
  return contexts_of(num_items, contexts);
}

/// Features of items 0 to n - 1 that say nothing of groups: one of eight places each, and a value of its own.
inline Matrix plain_features(int64_t num_items, int64_t width = 9) {
  Matrix features = Matrix::zeros(num_items, width);
  auto* values = features.mutable_data<float>();
  for (int64_t item = 0; item < num_items; ++item) {
    RandomStream random(5, "plain features", static_cast<uint64_t>(item));
    values[item * width + static_cast<int64_t>(random.below(static_cast<uint64_t>(width - 1)))] = 1;
    values[item * width + width - 1] = static_cast<float>(random.uniform());
  }
  return features;
}

inline PinSageOptions small_options() {
  PinSageOptions options;
  options.dim = 8;
  options.hidden = 8;
  options.neighbors = 5;
  options.exact = true;
  options.max_steps = 4;
  options.negatives = 20;
  options.learning_rate = 0.01;
  options.validation = 0.2;
  options.training.epochs = 4;
  options.training.batch_size = 64;
  return options;
}

}  // namespace whitney::gnn
