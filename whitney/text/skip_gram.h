#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/options.h"
#include "whitney/text/skip_gram_pairs.h"

namespace whitney::text {

/// What the softmax over all outputs is replaced by.
enum class Softmax : uint8_t { kNegativeSampling, kHierarchical };
inline constexpr auto enum_names(Softmax) {
  return std::array<std::string_view, 2>{"negative_sampling", "hierarchical"};
}

/// Options of training with negative samples (Mikolov et al. 2013, arXiv 1310.4546), part of several methods.
struct SkipGramOptions {
  int dim = 128;
  int negatives = 5;
  double noise_exponent = 0.75;
  double learning_rate = 0.025;
  bool deterministic = true;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("negatives", negatives, Range{1, 1000}, "Noise samples per pair, K");
    field("noise_exponent", noise_exponent, Range{0, 1},
          "Noise is drawn by frequency to this power: 0.75 in word2vec");
    field("learning_rate", learning_rate, Range{1e-6, 10},
          "Rate at the start, rho; it falls linearly to 1/10,000 of it");
    field("deterministic", deterministic,
          "Threads train disjoint blocks of vectors: the same bytes for any number of threads. False: they "
          "write to the same vectors without locks (Hogwild), so that no two runs are equal");
  }
};

/// What is trained on.
struct SkipGramData {
  const PairSource* source = nullptr;
  /// How often each item occurs: the law of the noise, or the tree's weights.
  std::span<const int64_t> counts;
  Softmax softmax = Softmax::kNegativeSampling;
  /// Outputs are the inputs' own vectors (LINE of first order), not a second table. Not with a tree.
  bool one_table = false;
};

/// Trains skip-gram: vectors x of inputs and y of outputs by stochastic gradient descent of -log
/// sigma(x_u.y_c)
/// - sum over K noise items c' of log sigma(-x_u.y_c') for each pair (u, c), or of a logistic regression at
/// each node on the way to c in Huffman's tree. x starts uniform in (-0.5, 0.5) / dim, y at 0.
/// Gives x, n x dim float32; items of count 0 get zero rows.
///
/// Deterministic: an episode of some 16 n pairs (up to 32 n for few items) is sorted by blocks of 1/16 of the
/// rows of x and of y, and blocks that have nothing in common are trained at once (by up to 16 threads), each
/// row of x with all its pairs in a row. Noise is drawn per row of x and block, with the mean that drawing
/// per pair has. Memory: both tables, and 24 bytes a pair of an episode.
WHITNEY_API Matrix train_skip_gram(const SkipGramData& data, const SkipGramOptions& options,
                                   const Context& context);

/// What train_skip_gram allocates at most at a time, for n items.
WHITNEY_API int64_t skip_gram_bytes(int64_t n, double total_pairs, double pairs_per_chunk, Softmax softmax,
                                    bool one_table, const SkipGramOptions& options);

/// An idea of the seconds that so many pairs take.
WHITNEY_API double skip_gram_seconds(int64_t n, double total_pairs, Softmax softmax,
                                     const SkipGramOptions& options, const Context& context);

}  // namespace whitney::text
