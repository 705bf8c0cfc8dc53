#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/fast_random.h"
#include "whitney/text/skip_gram_huffman.h"

namespace whitney::text {

/// A row of the input table that is to predict a row of the output table, with HuffmanTree::kLabelZero added
/// where the label is 0.
struct SkipGramPair {
  uint32_t input;
  uint32_t output;
};

/// Which rows the items have, and, for hierarchical softmax, the way to each output.
struct PairRows {
  std::span<const uint32_t> inputs;
  std::span<const uint32_t> outputs;
  /// Its nodes are output rows; null: an output is one row.
  const HuffmanTree* tree = nullptr;
};

/// Collects pairs of items as pairs of rows.
class WHITNEY_API PairBuffer {
 public:
  explicit PairBuffer(const PairRows& rows) : rows_(rows) {}

  void clear() { pairs_.clear(); }
  void reserve(int64_t count) { pairs_.reserve(static_cast<size_t>(count)); }
  std::span<const SkipGramPair> pairs() const { return pairs_; }

  void add(uint32_t input, uint32_t output) { add_row(rows_.inputs[input], output); }
  /// Adds (centre, context) for each place of a sequence and the places around it: within b of it, b drawn
  /// uniformly from 1..window for each centre, so that near contexts count more (word2vec).
  void add_sequence(std::span<const uint32_t> items, int64_t window, FastRandom& random);

 private:
  void add_row(uint32_t input_row, uint32_t output) {
    if (rows_.tree == nullptr) {
      pairs_.push_back({input_row, rows_.outputs[output]});
      return;
    }
    for (const uint32_t node : rows_.tree->path(output)) pairs_.push_back({input_row, node});
  }

  PairRows rows_;
  std::vector<SkipGramPair> pairs_;
};

/// Gives the pairs that are trained on, in chunks; reads may come from several threads.
class WHITNEY_API PairSource {
 public:
  virtual ~PairSource() = default;
  /// Chunks of the whole training, all passes over the data.
  virtual int64_t num_chunks() const = 0;
  /// Pairs that a chunk has on average.
  virtual double pairs_per_chunk() const = 0;
  /// Adds the pairs of a chunk: a function of its number only.
  virtual void read(int64_t chunk, PairBuffer& pairs) const = 0;
};

}  // namespace whitney::text
