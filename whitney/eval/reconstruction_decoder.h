#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/infer/model_folder.h"
#include "whitney/linalg/dense_weights.h"
#include "whitney/linalg/distance.h"

namespace whitney::eval {

/// How the vectors of two nodes give the score of an edge; a higher score is a likelier edge.
enum class Decoder : uint8_t { kDot, kCosine, kEuclid, kSourceTarget, kAutoEncoder };
inline constexpr auto enum_names(Decoder) {
  return std::array<std::string_view, 5>{"dot", "cosine", "euclid", "source_target", "auto_encoder"};
}

/// Decoders to measure, of which one is never chosen but is the record's own: `own` stands for the one that
/// the record of the embeddings names.
enum class DecoderChoice : uint8_t { kOwn, kDot, kCosine, kEuclid, kSourceTarget };
inline constexpr auto enum_names(DecoderChoice) {
  return std::array<std::string_view, 5>{"own", "dot", "cosine", "euclid", "source_target"};
}

/// The decoder that the record of embeddings names: its "decoder", else that of its "metric" (cosine;
/// inner_product: dot; l2: euclid), else dot. Throws Error for an unknown decoder.
WHITNEY_API Decoder decoder_of(const Value& record);
/// What an auto-encoder's record says of its last layer: its "activation". Throws Error for an unknown one.
/// Of other records: none, the identity.
WHITNEY_API infer::Activation activation_of(const Value& record);
/// The decoders chosen for embeddings of this record, each once, in the order of the choices. Those of an
/// auto-encoder's layers have this one alone: no similarity compares them.
WHITNEY_API std::vector<Decoder> chosen_decoders(std::span<const DecoderChoice> choices, const Value& record);

/// The scores of pairs of nodes, from their vectors. With x_u the vector of u: x_u . x_v (dot), the same of
/// rows scaled to length 1 (cosine), -|x_u - x_v|^2 (euclid, which ranks as exp of it does), or the first
/// half of x_u times the second half of x_v (source_target: HOPE, any asymmetric method), s_uv. With f the
/// activation of an auto-encoder's last layer: (f(s_uv) + f(s_vu)) / 2 (auto_encoder: SDNE, whose halves are
/// what goes into that layer and a 1, and the weights of the node's output and its offset).
class WHITNEY_API PairScores {
 public:
  /// vectors: n x d, any numeric type; float32 ones are shared, not copied. activation: for auto_encoder.
  /// Throws Error when halves are asked of an odd width.
  PairScores(const Matrix& vectors, Decoder decoder, const Context& context,
             infer::Activation activation = infer::Activation::kIdentity);

  /// Writes out[s * n + v], the score of the pair (sources[s], v), for every node v. On this thread. A row
  /// depends on its source and the vectors only, never on the other sources.
  void score(std::span<const int64_t> sources, std::span<float> out) const;
  /// The score of one pair, as `score` gives it but for the order of the sum.
  float score(int64_t source, int64_t target) const;

  int64_t num_nodes() const { return targets_.rows; }
  /// Whether a score of 0 says that a pair is no edge: -|x_u - x_v|^2 ranks as exp of it, which is above 0.
  bool has_zero() const { return kernel_ != Kernel::kSquaredL2; }

 private:
  Matrix vectors_;
  /// n x d each: what stands on the left and on the right of a product.
  MatrixView sources_, targets_;
  /// The right side, packed once for the products of all blocks (inner products only).
  DenseWeights packed_;
  /// The left side likewise, where pairs are scored both ways.
  DenseWeights packed_sources_;
  Kernel kernel_;
  Decoder decoder_;
  infer::Activation activation_;
};

}  // namespace whitney::eval
