#pragma once

#include <cstdint>
#include <span>

#include "whitney/data/recommender_model.h"

namespace whitney::recommend {

/// A user, an item that the user took, and one that the user did not take.
struct BprTriple {
  uint32_t user, taken, other;
};

/// What a triple costs (Rendle et al. 2009, arXiv 1205.2618):
///   ln(1 + exp(-x)) + regularization / 2 (|p|^2 + |q|^2 + |r|^2),  x = <p, q - r>,
/// with the vectors p of the user, q of the item taken and r of the other.
double bpr_loss(const Factors& factors, const BprTriple& triple, double regularization);

/// Vectors that are trained: rows of `width` values, a multiple of 16, of which those behind the vector's are
/// 0 and stay so.
struct BprTables {
  float* users = nullptr;
  float* items = nullptr;
  int64_t width = 0;
};

/// Goes `learning_rate` down the gradient of each triple's loss, one triple after the other: 6 d
/// multiply-adds each. Rows are asked for some triples ahead, for tables are larger than caches. One thread;
/// the same bytes at a SIMD level.
void bpr_steps(std::span<const BprTriple> triples, float learning_rate, float regularization,
               const BprTables& tables);

}  // namespace whitney::recommend
