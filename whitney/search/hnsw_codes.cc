#include "whitney/search/hnsw_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "whitney/core/parallel.h"
#include "whitney/linalg/exact_search.h"

namespace whitney::search {
namespace {

constexpr double kDetailSteps = 1 << 24;  // steps of the fixed point within one code step
constexpr int32_t kDetailHalf = 1 << 23;
constexpr int64_t kBlockRows = 256;

/// Ranges of the coordinates of some rows.
struct Ranges {
  std::vector<float> low, high;
  bool integral = true;
  double largest_norm = 0;
};

Ranges measure(const PreparedRows& rows, const Context& context) {
  const auto dim = static_cast<size_t>(rows.dim());
  const Ranges start{std::vector<float>(dim, std::numeric_limits<float>::infinity()),
                     std::vector<float>(dim, -std::numeric_limits<float>::infinity())};
  const auto map = [&](int64_t begin, int64_t end) {
    Ranges ranges = start;
    std::vector<float> row(dim);
    for (int64_t i = begin; i < end; ++i) {
      ranges.largest_norm = std::max(ranges.largest_norm, rows.read(i, row.data()));
      for (size_t j = 0; j < dim; ++j) {
        ranges.low[j] = std::min(ranges.low[j], row[j]);
        ranges.high[j] = std::max(ranges.high[j], row[j]);
        ranges.integral = ranges.integral && row[j] == std::nearbyint(row[j]);
      }
    }
    return ranges;
  };
  const auto combine = [&](Ranges a, const Ranges& b) {
    for (size_t j = 0; j < dim; ++j) {
      a.low[j] = std::min(a.low[j], b.low[j]);
      a.high[j] = std::max(a.high[j], b.high[j]);
    }
    a.integral = a.integral && b.integral;
    a.largest_norm = std::max(a.largest_norm, b.largest_norm);
    return a;
  };
  return ordered_reduce(context, rows.size(), std::max<int64_t>(4096, rows.size() / 64), start, map, combine);
}

/// What 99.9 % of the values of a sample keep within of their coordinate's centre.
double typical_reach(const PreparedRows& rows, const std::vector<float>& centre) {
  const auto dim = static_cast<size_t>(rows.dim());
  const int64_t sample =
      std::min<int64_t>(rows.size(), std::max<int64_t>(16, (int64_t{1} << 20) / rows.dim()));
  std::vector<float> row(dim), reach;
  reach.reserve(static_cast<size_t>(sample) * dim);
  for (int64_t s = 0; s < sample; ++s) {
    rows.read(s * rows.size() / sample, row.data());
    for (size_t j = 0; j < dim; ++j) reach.push_back(std::abs(row[j] - centre[j]));
  }
  const auto at = reach.begin() + static_cast<int64_t>(static_cast<double>(reach.size() - 1) * 0.999);
  std::nth_element(reach.begin(), at, reach.end());
  return *at;
}

/// The centre of a coordinate for a robust range: the median of a sample.
std::vector<float> medians(const PreparedRows& rows) {
  const auto dim = static_cast<size_t>(rows.dim());
  const int64_t sample = std::min<int64_t>(rows.size(), 255);
  std::vector<float> values(static_cast<size_t>(sample) * dim), row(dim), centre(dim);
  for (int64_t s = 0; s < sample; ++s) {
    rows.read(s * rows.size() / sample, row.data());
    for (size_t j = 0; j < dim; ++j)
      values[j * static_cast<size_t>(sample) + static_cast<size_t>(s)] = row[j];
  }
  for (size_t j = 0; j < dim; ++j) {
    const auto begin = values.begin() + static_cast<int64_t>(j) * sample;
    std::nth_element(begin, begin + sample / 2, begin + sample);
    centre[j] = *(begin + sample / 2);
  }
  return centre;
}

Matrix sample_rows(const PreparedRows& rows, int64_t count) {
  Matrix sample(std::min(count, rows.size()), rows.dim());
  auto* values = sample.mutable_data<float>();
  for (int64_t s = 0; s < sample.rows(); ++s)
    rows.read(s * rows.size() / sample.rows(), values + s * rows.dim());
  return sample;
}

/// Whether typical neighbours are too few steps of the codes apart. A comparison of codes errs by 0.8 of the
/// root of the distance (two roundings of variance 1 / 12, twice): at 16 steps by 5 %.
bool is_too_coarse(const PreparedRows& rows, double scale, const Context& context) {
  constexpr int64_t kQueries = 64, kBase = 16'384, kNearest = 8;
  constexpr double kSteps = 16;
  const Matrix queries = sample_rows(rows, kQueries), base = sample_rows(rows, kBase);
  const Neighbors found = exact_search(queries, base, std::min(kNearest, base.rows()), Metric::kL2, context);
  std::vector<double> nearest;
  for (int64_t q = 0; q < queries.rows(); ++q) {
    for (int64_t i = 0; i < found.k; ++i) {
      const double distance = found.values[static_cast<size_t>(q * found.k + i)];
      if (!(distance > 1e-3 * scale)) continue;  // the row itself and its equals
      nearest.push_back(distance);
      break;
    }
  }
  if (nearest.empty()) return false;
  std::ranges::sort(nearest);
  // Among all rows the nearest is nearer than in the sample.
  const double thinned = static_cast<double>(base.rows()) / static_cast<double>(rows.size());
  const double typical =
      nearest[nearest.size() / 2] * std::pow(thinned, 1.0 / static_cast<double>(rows.dim()));
  return typical < kSteps * scale;
}

/// Rounds to even as std::nearbyint does for what is below 2^51, and without a call: a query of 384 values is
/// prepared in half the time.
double round_to_even(double value) {
  constexpr double kOnes = 6'755'399'441'055'744.0;  // 1.5 * 2^52: the last bit is worth 1
  return (value + kOnes) - kOnes;
}

double fixed_point(double z, double code) { return std::nearbyint((z - code) * kDetailSteps); }

}  // namespace

double PreparedRows::read(int64_t i, float* out) const {
  copy_row_as_float(view_, i, out);
  // Four sums in a fixed order: one would wait for itself at every step.
  double sums[4] = {0, 0, 0, 0};
  for (int64_t j = 0; j < view_.cols; ++j) sums[j & 3] += static_cast<double>(out[j]) * out[j];
  const double norm = std::sqrt((sums[0] + sums[1]) + (sums[2] + sums[3]));
  const bool normalize = metric_ == Metric::kCosine && norm > 0;
  for (int64_t j = 0; j < view_.cols; ++j) {
    // Adding zero turns -0 into 0, so that equal vectors have equal bytes.
    out[j] = (normalize ? static_cast<float>(out[j] / norm) : out[j]) + 0.0F;
  }
  return norm;
}

CodeSpace CodeSpace::fit(const PreparedRows& rows, Metric metric, const Context& context) {
  CodeSpace space;
  space.dim = rows.dim();
  space.centre.assign(static_cast<size_t>(rows.dim()), 0.0F);
  if (rows.size() == 0) return space;
  const Ranges ranges = measure(rows, context);
  space.radius = metric == Metric::kInnerProduct ? ranges.largest_norm : 0;
  double widest = 0;
  bool exact_integers = ranges.integral;
  for (size_t j = 0; j < space.centre.size(); ++j) {
    const double low = ranges.low[j], high = ranges.high[j];
    widest = std::max(widest, high - low);
    space.centre[j] = static_cast<float>(low / 2 + high / 2);
    exact_integers = exact_integers && std::max(std::abs(low), std::abs(high)) < (1 << 23);
  }
  if (exact_integers && widest <= 255) {
    // Rounded up: a range of 255 is -128..127 around it.
    for (size_t j = 0; j < space.centre.size(); ++j) {
      space.centre[j] = std::ceil((ranges.low[j] + ranges.high[j]) / 2);
    }
    return space;
  }
  space.precision = Precision::kFixed;
  space.scale = widest > 0 ? widest / 254 : 1;  // half a step of room, so that no end is cut off
  const std::vector<float> robust_centre = medians(rows);
  const double reach = typical_reach(rows, robust_centre);
  if (reach > 0 && widest / 2 > 4 * reach) {
    space.precision = Precision::kFloat;
    space.centre = robust_centre;
    space.scale = 2 * reach / 127;
  }
  space.exact_walk = is_too_coarse(rows, space.scale, context);
  return space;
}

HnswGraph CodeSpace::make_graph(int64_t m) const {
  HnswGraph graph(dim, m, precision);
  graph.exact_walk = exact_walk;
  graph.walk_unit = precision == Precision::kFloat ? static_cast<float>(1 / (scale * scale)) : 1.0F;
  return graph;
}

bool CodeSpace::holds(const float* row, double norm, Metric metric) const {
  if (metric == Metric::kInnerProduct && norm > radius) return false;
  if (precision == Precision::kFloat) return true;
  for (int64_t j = 0; j < dim; ++j) {
    const double z = (static_cast<double>(row[j]) - centre[static_cast<size_t>(j)]) / scale;
    if (std::abs(z) > (precision == Precision::kInteger ? 128 : 127.49) || z > 127.49) return false;
    if (precision == Precision::kInteger && z != std::nearbyint(z)) return false;
  }
  return true;
}

void CodeSpace::encode(const float* row, double norm, Metric metric, HnswGraph& graph, uint32_t node) const {
  uint8_t* code = graph.code(node);
  uint8_t* detail = graph.detail(node);
  int32_t sum = 0, squares = 0;
  for (int64_t j = 0; j < dim; ++j) {
    const double z = (static_cast<double>(row[j]) - centre[static_cast<size_t>(j)]) / scale;
    const double rounded = std::clamp(std::nearbyint(z), -128.0, 127.0);
    const auto value = static_cast<int32_t>(rounded);
    code[j] = static_cast<uint8_t>(value + 128);
    sum += value;
    squares += value * value;
    if (precision != Precision::kFixed) continue;
    const auto steps = static_cast<int32_t>(
        std::clamp(fixed_point(z, rounded), -double{kDetailHalf}, double{kDetailHalf - 1}));
    const auto biased = static_cast<uint32_t>(steps + kDetailHalf);
    const auto high = static_cast<uint16_t>(biased >> 8);
    std::memcpy(detail + 2 * j, &high, sizeof(high));
    detail[2 * dim + j] = static_cast<uint8_t>(biased & 0xFF);
  }
  if (precision == Precision::kFloat) std::memcpy(detail, row, static_cast<size_t>(dim) * sizeof(float));
  NodeHead& head = graph.head(node);
  head.norm = squares;
  head.sum = sum;
  const double extra = radius * radius - norm * norm;
  head.extra =
      metric == Metric::kInnerProduct && extra > 0 ? static_cast<float>(std::sqrt(extra) / scale) : 0.0F;
}

void CodeSpace::decode(const GraphView& graph, uint32_t node, float* out) const {
  const uint8_t* code = graph.code(node);
  const uint8_t* detail = graph.detail(node);
  if (precision == Precision::kFloat) {
    std::memcpy(out, detail, static_cast<size_t>(dim) * sizeof(float));
    return;
  }
  for (int64_t j = 0; j < dim; ++j) {
    double z = static_cast<double>(code[j]) - 128;
    if (precision == Precision::kFixed) {
      uint16_t high = 0;
      std::memcpy(&high, detail + 2 * j, sizeof(high));
      const int32_t biased = (static_cast<int32_t>(high) << 8) | detail[2 * dim + j];
      z += (biased - kDetailHalf) / kDetailSteps;
    }
    out[j] = static_cast<float>(centre[static_cast<size_t>(j)] + scale * z);
  }
}

void PreparedQuery::prepare(const CodeSpace& space, Metric metric, const float* query, double norm,
                            int64_t padded_dim) {
  const int64_t dim = space.dim;
  is_zero = norm == 0;
  exact.assign(static_cast<size_t>(dim), 0.0F);
  if (codes.size() != padded_dim) codes = Array<int8_t>(padded_dim);
  int8_t* code_data = codes.mutable_data();
  const bool inner_product = metric == Metric::kInnerProduct;
  // Only the direction of the query decides the order; at the norm R its differences are largest against
  // rounding.
  const double stretch = inner_product && norm > 0 && space.radius > 0 ? space.radius / norm : 1;
  double widest = 0, squares = 0, centre_dot = 0;
  bool integral = space.precision == Precision::kInteger;
  for (int64_t j = 0; j < dim; ++j) {
    const double centre = space.centre[static_cast<size_t>(j)], x = query[j] * stretch;
    const double z = (x - centre) / space.scale;
    exact[static_cast<size_t>(j)] = static_cast<float>(z);
    widest = std::max(widest, std::abs(z));
    integral = integral && z == round_to_even(z) && z >= -128 && z <= 127;
    squares += z * z;
    centre_dot += x * centre;
  }
  const double step = integral ? 1 : std::max(widest, 1e-30) / 127;
  int32_t sum = 0;
  double code_squares = 0, lost_squares = 0;
  for (int64_t j = 0; j < dim; ++j) {
    const auto value = static_cast<int32_t>(round_to_even(exact[static_cast<size_t>(j)] / step));
    const double rest = exact[static_cast<size_t>(j)] - value * step;
    lost_squares += rest * rest;
    code_data[j] = static_cast<int8_t>(value);
    sum += value;
    code_squares += static_cast<double>(value) * value;
  }
  std::fill(code_data + dim, code_data + padded_dim, int8_t{0});
  lost = std::sqrt(lost_squares);
  code.codes = code_data;
  code.base = static_cast<float>(code_squares * step * step);
  code.step = static_cast<float>(step);
  code.extra = 0;
  code.correction = 128 * sum;
  // A rounded coordinate is uniform within half a step: variance step^2 / 12.
  const double variance =
      (integral ? 0 : step * step / 12) + (space.precision == Precision::kInteger ? 0 : 1.0 / 12);
  code.error = static_cast<float>(2 * std::sqrt(variance));
  code.rounding = static_cast<float>(squares * 1e-6);
  code.inner_product = inner_product;
  if (inner_product) {
    for (int64_t j = 0; j < dim; ++j) exact[static_cast<size_t>(j)] = static_cast<float>(query[j] * stretch);
    dot_base = centre_dot;
    dot_scale = space.scale;
    dist_base = space.radius * space.radius + norm * norm * stretch * stretch;
    value_scale = 1 / stretch;
  }
  unit = 1;
  if (space.precision == Precision::kFloat) {
    // The exact kernel sees the float32 vectors themselves.
    for (int64_t j = 0; j < dim; ++j) exact[static_cast<size_t>(j)] = static_cast<float>(query[j] * stretch);
    unit = 1 / (space.scale * space.scale);
    dot_base = 0;
    dot_scale = 1;
  }
  code.exact = exact.data();
  if (!space.exact_walk) return;
  walk = exact;
  if (inner_product && space.precision != Precision::kFloat) {
    for (int64_t j = 0; j < dim; ++j) {
      walk[static_cast<size_t>(j)] =
          static_cast<float>((query[j] * stretch - space.centre[static_cast<size_t>(j)]) / space.scale);
    }
  }
  code.walk = walk.data();
  code.error = 0;
}

double PreparedQuery::distance_of(float kernel_result, double scale) const {
  if (!code.inner_product) return kernel_result * unit;
  return (dist_base - 2 * (dot_base + dot_scale * kernel_result)) / (scale * scale);
}

float PreparedQuery::value_of(float kernel_result, double scale, Metric metric) const {
  switch (metric) {
    case Metric::kL2:
      return static_cast<float>(std::sqrt(kernel_result * unit) * scale);
    // |a - b|^2 = 2 - 2 a.b for unit vectors.
    case Metric::kCosine:
      return static_cast<float>(1 - kernel_result * unit * scale * scale / 2);
    case Metric::kInnerProduct:
      break;
  }
  return static_cast<float>((dot_base + dot_scale * kernel_result) * value_scale);
}

}  // namespace whitney::search
