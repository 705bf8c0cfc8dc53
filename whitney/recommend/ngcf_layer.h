#pragma once

#include <cstdint>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/array.h"

namespace whitney::recommend {

/// A layer of NGCF (arXiv 1905.08108) as the kernel reads it. Of a node's vector e and the sum s of its
/// neighbours' it makes
///   phi(s W1 + b1) + phi((e o s) W2 + b2), or, with one activation, phi of the sum of both,
/// phi LeakyReLU, of which values are left out and the rest are multiplied with 1 / keep. With a self message
/// W1 maps s + e, or what is left of e (NgcfRows). T: float, or double for checks.
template <class T>
struct NgcfLayer {
  int64_t before = 0;
  int64_t after = 0;
  /// before x after.
  const T* weights1 = nullptr;
  const T* weights2 = nullptr;
  /// after x before, the transposes: for the way back.
  const T* turned1 = nullptr;
  const T* turned2 = nullptr;
  /// after values, or null.
  const T* bias1 = nullptr;
  const T* bias2 = nullptr;
  bool self_message = false;
  bool two_activations = true;
  double slope = 0.2;
  /// Share of values that are not left out.
  double keep = 1;
};

/// The layer's parameters' gradients, which are added to; biases may be null.
template <class T>
struct NgcfLayerGradient {
  T* weights1 = nullptr;
  T* weights2 = nullptr;
  T* bias1 = nullptr;
  T* bias2 = nullptr;
};

/// What the way back must know of a value beside e and s, in bits: whether the first and the second part were
/// not above zero, and whether it was left out.
inline constexpr uint8_t kNotAbove1 = 1, kNotAbove2 = 2, kLeftOut = 4;

/// Writes 0 with probability `keep`, else kLeftOut, for each of values [first, first + count): a function of
/// seed, purpose and a value's number alone.
WHITNEY_API void draw_left_out(uint64_t seed, std::string_view purpose, int64_t first, int64_t count,
                               double keep, uint8_t* codes);

/// Rows of nodes: s and e, rows x before, and codes, rows x after. `next_rows` more of all that a layer reads
/// or writes follow and come next: they are asked for while these are multiplied.
template <class T>
struct NgcfRows {
  int64_t rows = 0;
  int64_t next_rows = 0;
  const T* sums = nullptr;
  const T* own = nullptr;
  uint8_t* codes = nullptr;
  /// With a self message, what each row's e is multiplied with before it is added to s, `rows` values: 0
  /// where the message was left out. Null: 1.
  const T* self = nullptr;
};

/// Scratch memory of a block: mapped, products: rows x before; part1, part2: rows x after.
template <class T>
struct NgcfScratch {
  /// s + e, and the gradient of what W1 maps.
  T* mapped = nullptr;
  /// e o s, and its gradient.
  T* products = nullptr;
  /// What W1 and W2 give, and its gradient.
  T* part1 = nullptr;
  T* part2 = nullptr;
};

/// Takes blocks of rows through a layer and back while they lie in the cache: of what is as large as all
/// nodes, only what other steps read is written. Keeps scratch memory, so that each thread needs its own.
template <class T>
class WHITNEY_API NgcfBlock {
 public:
  explicit NgcfBlock(const NgcfLayer<T>& layer);

  /// Rows that a block has at most, by the layer's widths alone.
  static int64_t most_rows(int64_t before, int64_t after);

  /// out: rows x after. The codes hold what draw_left_out wrote where keep is below 1.
  void forward(const NgcfRows<T>& in, T* out);
  /// `given`: the gradient of forward's `out`. Writes those of s and e, which may stand where s and e do, and
  /// adds the parameters'.
  void backward(const NgcfRows<T>& in, const T* given, T* of_sums, T* of_own,
                const NgcfLayerGradient<T>& gradient);

 private:
  NgcfLayer<T> layer_;
  Array<T> memory_;
  NgcfScratch<T> scratch_;
};

}  // namespace whitney::recommend
