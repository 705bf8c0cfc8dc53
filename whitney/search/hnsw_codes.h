#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "whitney/codec/rotation_transform.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/metric.h"
#include "whitney/search/graph_codes.h"
#include "whitney/search/hnsw_graph.h"

namespace whitney::search {

/// The rows of a matrix as an index sees them: float32, normalised under cosine, without negative zeros.
class PreparedRows {
 public:
  PreparedRows(const MatrixView& view, Metric metric) : view_(view), metric_(metric) {}
  int64_t size() const { return view_.rows; }
  int64_t dim() const { return view_.cols; }
  const MatrixView& view() const { return view_; }
  /// Writes row i (dim values) and returns its Euclidean norm before it was normalised.
  double read(int64_t i, float* out) const;

 private:
  MatrixView view_;
  Metric metric_;
};

/// The affine map between vectors x and the code space z = (x - centre) / scale, in which codes are the
/// integers -128..127 (stored + 128), or those of LVQ on a grid of each vector's own. Distances in code space
/// are distances of vectors over `scale`; one scale for all coordinates keeps that true, a centre per
/// coordinate keeps the range small.
struct CodeSpace {
  int64_t dim = 0;
  Precision precision = Precision::kInteger;
  CodeBits bits;
  double scale = 1;
  std::vector<float> centre;
  /// Inner product: the largest norm R. The extra coordinate sqrt(R^2 - |x|^2) makes the nearest by l2 the
  /// largest by inner product (Bachrach et al. 2014).
  double radius = 0;
  /// Neighbours are only some steps of the codes apart: walks must compare the full vectors.
  bool exact_walk = false;
  /// Codes that stand alone: the typical squared error of a coordinate of the code, for hits are ranked anew
  /// as far down as it may matter.
  double code_error = 0;
  /// Precision::kFixed: the longest way from a vector of the graph to its code, which is half the root of
  /// `dim` at most; 0: not known.
  double code_loss = 0;
  /// RaBitQ: z is turned by it.
  std::optional<codec::RotationTransform> rotation;

  /// Chooses the map for the rows by the codes asked for.
  static CodeSpace fit(const PreparedRows& rows, Metric metric, GraphCodes codes, const Context& context);
  /// GraphCodes::kFloat32: integers as they are where their range allows it, else the full range;
  /// where rare values lie far outside (more than four times the range of 99.9 % of a sample), that range
  /// with the values kept as float32 beside.
  static CodeSpace fit(const PreparedRows& rows, Metric metric, const Context& context);

  /// The same map, or where it cannot hold rows of such values and norms one that can, with room for further
  /// ones; `all`: rows that need holding. LVQ keeps the grids that codes are on.
  CodeSpace widened(const PreparedRows& all, Metric metric, const Context& context) const;

  GraphCodes codes() const;
  /// An empty graph for vectors in this space.
  HnswGraph make_graph(int64_t m) const;
  /// True when the row can be stored without another map.
  bool holds(const float* row, double norm, Metric metric) const;
  /// Writes code, details and head constants of a row into a node.
  void encode(const float* row, double norm, Metric metric, HnswGraph& graph, uint32_t node) const;
  /// Precision::kFixed: how far a node's code is from its vector; 0 for others.
  double loss_of(const GraphView& graph, uint32_t node) const;
  /// Writes the vector of a node.
  void decode(const GraphView& graph, uint32_t node, float* out) const;
  /// Fills z, `dim` values, with (row - centre) / scale, turned where codes are of turned values, and gives
  /// it.
  std::span<const float> to_code_space(const float* row, std::vector<float>& z) const;

 private:
  void encode_on_grid(const float* row, HnswGraph& graph, uint32_t node) const;
  void encode_by_signs(const float* row, HnswGraph& graph, uint32_t node) const;
  void decode_from_grid(const GraphView& graph, uint32_t node, float* out) const;
  void decode_turned(const GraphView& graph, uint32_t node, float* out) const;
};

/// An empty graph laid out for such codes; of GraphCodes::kFloat32 for values of any kind.
HnswGraph empty_graph(int64_t dim, int64_t m, GraphCodes codes);

/// A query in code space.
struct CodeQuery {
  /// For the exact kernel: z of the query (l2), or the query itself (inner product, Precision::kFloat).
  const float* exact = nullptr;
  /// For exact walks: z of the query, or the query itself (Precision::kFloat). Distance =
  /// GraphView::walk_unit times the squared l2 to the node's, plus (extra(x) - extra)^2.
  const float* walk = nullptr;
  /// z in steps of `step`, padded_dim values, zeros beyond dim.
  const int8_t* codes = nullptr;
  /// Distance to node x = base + norm(x) - 2 step (dot - 128 sum of codes) + extra(x) (extra(x) - 2 extra).
  float base = 0;
  float step = 1;
  float extra = 0;
  int32_t correction = 0;
  /// Precision::kLvq and kRabitq: the sum of the rounded z.
  float sum = 0;
  /// Twice the standard error of one rounded coordinate of query and code together: an estimate D is off by
  /// about error * sqrt(D).
  float error = 0;
  /// What the sums lose by float32.
  float rounding = 0;
  bool inner_product = false;
};

/// The query's buffers and what turns its distances into values.
struct PreparedQuery {
  CodeQuery code;
  std::vector<float> exact, walk, turned;
  /// Aligned to 64 bytes.
  Array<int8_t> codes;
  /// Cosine: a zero vector scores 0 with everything.
  bool is_zero = false;
  /// Norm of what rounding took from z.
  double lost = 0;
  /// Distance in code space = unit times what the exact kernel returned (l2).
  double unit = 1;
  /// Inner product: value = dot_base + dot_scale * sum of query * z; distance = (dist_base - 2 dot) /
  /// scale^2.
  double dot_base = 0, dot_scale = 0, dist_base = 0, value_scale = 1;

  void prepare(const CodeSpace& space, Metric metric, const float* query, double norm, int64_t padded_dim);
  /// The distance in code space, and the value as people see it, of what the exact kernel returned.
  double distance_of(float kernel_result, double scale) const;
  float value_of(float kernel_result, double scale, Metric metric) const;

 private:
  /// Turns values as the vectors of the space are; returns the greatest magnitude.
  float turn(const CodeSpace& space, std::vector<float>& values);
};

}  // namespace whitney::search
