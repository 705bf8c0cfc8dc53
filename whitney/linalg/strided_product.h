#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney {

/// A small dense product, out = bias + A B, or out + bias + A B where `add`. A's value (i, t) stands at a[i *
/// a_row + t * a_term], so that A may be the transpose of what is stored; B (terms x cols) and `out` (rows x
/// cols) are stored row by row.
template <class T>
struct StridedProduct {
  int64_t rows = 0;
  int64_t terms = 0;
  int64_t cols = 0;
  const T* a = nullptr;
  int64_t a_row = 0;
  int64_t a_term = 1;
  const T* b = nullptr;
  int64_t b_stride = 0;
  /// cols values; null: none.
  const T* bias = nullptr;
  bool add = false;
  T* out = nullptr;
  int64_t out_stride = 0;
  /// Memory that is read or written next, which is asked for between the products, a part before each few
  /// rows: it then comes while the processor multiplies.
  std::array<std::span<const T>, 2> ahead{};
};

/// Computes a product whose operands lie in the caches, on this thread, without packing either: for many
/// products of some hundred rows with a matrix of some hundred squared (dense.h is for large ones). Terms of
/// an element are summed in order, from the bias on: it depends on its row, its column and the SIMD level
/// alone.
WHITNEY_API void multiply_strided(const StridedProduct<float>& product);
WHITNEY_API void multiply_strided(const StridedProduct<double>& product);

}  // namespace whitney
