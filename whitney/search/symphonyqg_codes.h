#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "whitney/codec/rotation_transform.h"
#include "whitney/core/array.h"
#include "whitney/linalg/fast_scan.h"
#include "whitney/search/hnsw_codes.h"

namespace whitney::search {

/// Neighbours that are scored at once.
inline constexpr int64_t kLanes = kFastScanLanes;

/// What a lane keeps besides its code. With c the node, x its neighbour, r = R (x - c) turned, b its bits
/// [r_i > 0], xb = b - 1/2: the squared distance of a query q to x is estimated, without bias, by
///   add + |q - c|^2 + rescale <R q, xb>,   rescale = -2 |r|^2 / <r, xb>,   add = |r|^2 - rescale <R c, xb>.
struct LaneFactors {
  float add = 0;
  float rescale = 0;
};

/// The 1-bit codes (RaBitQ) of the neighbours of each node, relative to the node itself: a row a node, in the
/// order of its links.
///
/// Row, `stride` bytes: for every 32 lanes a block [codes: 4 D bytes | add: 32 floats | rescale: 32 floats];
/// D is `padded_dim`. A lane without a link has a code of zeros and an infinite `add`. Vectors are those of
/// the code space (see CodeSpace), and for inner products the extra coordinate behind.
class NeighbourCodes {
 public:
  NeighbourCodes() = default;
  /// No rows yet. dim: of the vectors, the extra coordinate included; degree: a multiple of 32.
  NeighbourCodes(int64_t dim, int64_t degree, codec::RotationTransform rotation);

  int64_t dim() const { return dim_; }
  int64_t degree() const { return degree_; }
  /// D: whole runs of 16 dimensions, which keep every part of a row at a multiple of 64 bytes.
  int64_t padded_dim() const { return (dim_ + 15) / 16 * 16; }
  int64_t block_bytes() const { return 4 * padded_dim() + 2 * kLanes * static_cast<int64_t>(sizeof(float)); }
  int64_t stride() const { return degree_ / kLanes * block_bytes(); }
  const codec::RotationTransform& rotation() const { return *rotation_; }
  const Array<uint8_t>& rows() const { return rows_; }
  int64_t size_bytes() const { return rows_.size(); }
  const uint8_t* row(uint32_t node) const { return rows_.data() + static_cast<int64_t>(node) * stride(); }

  /// Takes the rows of a file.
  void set_rows(Array<uint8_t> rows, int64_t num_rows) {
    rows_ = std::move(rows);
    num_rows_ = num_rows;
  }
  /// Makes rows, which may be written: of node i what was row sources[i], or empty lanes for kNoNode. Where
  /// rows only join behind those there were, none is moved.
  void arrange(std::span<const uint32_t> sources);

  /// Writes the turned vector, zeros from dim() to padded_dim(). `in`: dim() values.
  void turn(const float* in, float* out) const;
  /// Writes the lane of a link: from the turned vectors of the node and its neighbour. Rows must be writable.
  void set_lane(uint32_t node, int64_t lane, const float* centre, const float* neighbour);
  void clear_lane(uint32_t node, int64_t lane);

  /// What a lane holds: its D bits, packed 8 a byte, and its factors.
  LaneFactors read_lane(uint32_t node, int64_t lane, uint8_t* bits) const;

 private:
  uint8_t* block(uint32_t node, int64_t lane) {
    return writable_ + static_cast<int64_t>(node) * stride() + lane / kLanes * block_bytes();
  }
  void clear_row(uint32_t node);
  void set_factors(uint32_t node, int64_t lane, LaneFactors factors);

  int64_t dim_ = 0, degree_ = kLanes;
  std::optional<codec::RotationTransform> rotation_;
  /// May be longer than what is in use.
  Array<uint8_t> rows_;
  int64_t num_rows_ = 0;
  uint8_t* writable_ = nullptr;
};

/// A query as lanes are scored: <R q, xb> = tables.sum_of(sum of the entries) + offset.
struct LaneQuery {
  FastScanTables tables;
  /// Minus half the sum of R q.
  float offset = 0;

  LaneQuery() = default;
  explicit LaneQuery(std::span<const float> turned) { prepare(turned); }
  /// turned: R q, D values. The memory of an earlier query serves again.
  void prepare(std::span<const float> turned);
};

/// Writes the vector of a node in code space, and the extra coordinate behind where there is one: what lanes
/// are made of. `x`: room for the node's vector.
void read_in_code_space(const CodeSpace& space, const GraphView& graph, uint32_t node, bool with_extra,
                        std::vector<float>& x, float* out);

/// Computes the factors of a link and its D bits, packed 8 a byte, from turned vectors of D values.
LaneFactors encode_neighbour(const float* centre, const float* neighbour, int64_t padded_dim, uint8_t* bits);

}  // namespace whitney::search
