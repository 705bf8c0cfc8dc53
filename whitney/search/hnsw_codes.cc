#include "whitney/search/hnsw_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "whitney/codec/codec.h"
#include "whitney/codec/lvq.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/code_scores.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/search/graph_rabitq.h"

namespace whitney::search {
namespace {

constexpr double kDetailSteps = 1 << 24;  // steps of the fixed point within one code step
constexpr int32_t kDetailHalf = 1 << 23;
constexpr int64_t kBlockRows = 256;
/// The largest value that LVQ is given: float16 holds it, and what it is rounded up to.
constexpr double kMostLvqValue = 60'000;

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

double fixed_point(double z, double code) { return std::nearbyint((z - code) * kDetailSteps); }

codec::LvqBits lvq_bits(GraphCodes codes) {
  return static_cast<codec::LvqBits>(static_cast<int>(codes) - static_cast<int>(GraphCodes::kLvq4));
}

/// The mean squared error of a coordinate that is rounded to the grids of some rows: step^2 / 12.
double mean_code_error(const PreparedRows& rows, const CodeSpace& space) {
  const Matrix sample = sample_rows(rows, 1000);
  std::vector<float> z(static_cast<size_t>(rows.dim()));
  double sum = 0;
  for (int64_t i = 0; i < sample.rows(); ++i) {
    const auto row = sample.row<float>(i);
    const auto [least, most] = std::ranges::minmax_element(space.to_code_space(row.data(), z));
    const double step = (static_cast<double>(*most) - *least) / ((1 << space.bits.first) - 1);
    sum += step * step / 12;
  }
  return sum / static_cast<double>(std::max<int64_t>(1, sample.rows()));
}

CodeSpace fit_rabitq_space(const PreparedRows& rows, Metric metric, GraphCodes codes,
                           const Context& context) {
  CodeSpace space;
  space.dim = rows.dim();
  space.precision = Precision::kRabitq;
  space.bits = {1, codes == GraphCodes::kRabitq4 ? 4 : 8};
  space.rotation.emplace(rows.dim(), context.seed);
  // Estimates of one bit bound nothing: all that a walk keeps is ranked anew.
  space.code_error = 1e15;
  space.centre.assign(static_cast<size_t>(rows.dim()), 0.0F);
  if (rows.size() == 0) return space;
  codec::LvqOptions centred;
  centred.remove_mean = true;
  codec::LvqSpace fitted =
      codec::fit_lvq(codec::Rows(rows.view(), metric == Metric::kCosine), centred, context);
  space.centre = std::move(fitted.mean);
  space.scale = fitted.scale;
  if (metric == Metric::kInnerProduct) space.radius = measure(rows, context).largest_norm;
  return space;
}

CodeSpace fit_lvq_space(const PreparedRows& rows, Metric metric, GraphCodes codes, const Context& context) {
  CodeSpace space;
  space.dim = rows.dim();
  space.precision = Precision::kLvq;
  codec::LvqOptions options;
  options.bits = lvq_bits(codes);
  const codec::LvqLevels levels = codec::lvq_levels(options.bits);
  space.bits = {levels.first, levels.second};
  space.centre.assign(static_cast<size_t>(rows.dim()), 0.0F);
  if (rows.size() == 0) return space;
  const codec::Rows to_fit(rows.view(), metric == Metric::kCosine);
  codec::LvqSpace fitted = codec::fit_lvq(to_fit, options, context);
  space.centre = std::move(fitted.mean);
  space.scale = fitted.scale;
  if (metric == Metric::kInnerProduct) space.radius = measure(rows, context).largest_norm;
  // Ranked by the code itself, its error does not count.
  if (levels.second > 0) space.code_error = mean_code_error(rows, space);
  return space;
}

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

HnswGraph empty_graph(int64_t dim, int64_t m, GraphCodes codes) {
  if (codes == GraphCodes::kFloat32) return {dim, m, Precision::kFixed};
  if (codes == GraphCodes::kRabitq4 || codes == GraphCodes::kRabitq8)
    return {dim, m, Precision::kRabitq, {1, codes == GraphCodes::kRabitq4 ? 4 : 8}};
  const codec::LvqLevels levels = codec::lvq_levels(lvq_bits(codes));
  return {dim, m, Precision::kLvq, {levels.first, levels.second}};
}

CodeSpace CodeSpace::fit(const PreparedRows& rows, Metric metric, GraphCodes codes, const Context& context) {
  if (codes == GraphCodes::kFloat32) return fit(rows, metric, context);
  return codes == GraphCodes::kRabitq4 || codes == GraphCodes::kRabitq8
             ? fit_rabitq_space(rows, metric, codes, context)
             : fit_lvq_space(rows, metric, codes, context);
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

CodeSpace CodeSpace::widened(const PreparedRows& all, Metric metric, const Context& context) const {
  if (!codes_stand_alone(precision)) {
    CodeSpace space = fit(all, metric, context);
    // Room for the next ones, so that rows coming one by one do not widen it each time.
    if (space.precision == Precision::kFixed) space.scale *= 1.25;
    space.radius *= 1.1;
    return space;
  }
  CodeSpace space = *this;
  const Ranges ranges = measure(all, context);
  if (metric == Metric::kInnerProduct) space.radius = std::max(radius, 1.1 * ranges.largest_norm);
  double widest = 0;
  for (size_t j = 0; j < centre.size(); ++j) {
    widest = std::max({widest, std::abs(static_cast<double>(ranges.low[j]) - centre[j]),
                       std::abs(static_cast<double>(ranges.high[j]) - centre[j])});
  }
  // Powers of 2 leave grids as they are.
  for (; widest / space.scale > kMostLvqValue; space.code_error /= 4) space.scale *= 2;
  if (precision == Precision::kRabitq) space.code_error = code_error;
  return space;
}

GraphCodes CodeSpace::codes() const {
  if (precision == Precision::kRabitq) return bits.second == 4 ? GraphCodes::kRabitq4 : GraphCodes::kRabitq8;
  if (precision != Precision::kLvq) return GraphCodes::kFloat32;
  for (const GraphCodes codes : {GraphCodes::kLvq4, GraphCodes::kLvq8, GraphCodes::kLvq4x4,
                                 GraphCodes::kLvq4x8, GraphCodes::kLvq8x4}) {
    const codec::LvqLevels levels = codec::lvq_levels(lvq_bits(codes));
    if (bits == CodeBits{levels.first, levels.second}) return codes;
  }
  return GraphCodes::kLvq8x8;
}

std::span<const float> CodeSpace::to_code_space(const float* row, std::vector<float>& z) const {
  for (size_t j = 0; j < z.size(); ++j)
    z[j] = static_cast<float>((static_cast<double>(row[j]) - centre[j]) / scale);
  if (rotation) {
    const std::vector<float> straight = z;
    rotation->apply(straight.data(), z.data());
  }
  return z;
}

HnswGraph CodeSpace::make_graph(int64_t m) const {
  HnswGraph graph(dim, m, precision, bits);
  graph.exact_walk = exact_walk;
  graph.walk_unit = precision == Precision::kFloat ? static_cast<float>(1 / (scale * scale)) : 1.0F;
  return graph;
}

bool CodeSpace::holds(const float* row, double norm, Metric metric) const {
  if (metric == Metric::kInnerProduct && norm > radius) return false;
  if (precision == Precision::kFloat) return true;
  for (int64_t j = 0; j < dim; ++j) {
    const double z = (static_cast<double>(row[j]) - centre[static_cast<size_t>(j)]) / scale;
    if (codes_stand_alone(precision)) {
      if (std::abs(z) > kMostLvqValue) return false;
      continue;
    }
    if (std::abs(z) > (precision == Precision::kInteger ? 128 : 127.49) || z > 127.49) return false;
    if (precision == Precision::kInteger && z != std::nearbyint(z)) return false;
  }
  return true;
}

void CodeSpace::encode(const float* row, double norm, Metric metric, HnswGraph& graph, uint32_t node) const {
  const double extra = radius * radius - norm * norm;
  graph.head(node).extra =
      metric == Metric::kInnerProduct && extra > 0 ? static_cast<float>(std::sqrt(extra) / scale) : 0.0F;
  if (precision == Precision::kLvq) return encode_on_grid(row, graph, node);
  if (precision == Precision::kRabitq) return encode_by_signs(row, graph, node);
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
}

double CodeSpace::loss_of(const GraphView& graph, uint32_t node) const {
  if (precision != Precision::kFixed) return 0;
  const uint8_t* detail = graph.detail(node);
  double squares = 0;
  for (int64_t j = 0; j < dim; ++j) {
    uint16_t high = 0;
    std::memcpy(&high, detail + 2 * j, sizeof(high));
    const int32_t biased = (static_cast<int32_t>(high) << 8) | detail[2 * dim + j];
    const double lost = biased - kDetailHalf;
    squares += lost * lost;
  }
  return std::sqrt(squares) / kDetailSteps;
}

void CodeSpace::encode_on_grid(const float* row, HnswGraph& graph, uint32_t node) const {
  std::vector<float> z(static_cast<size_t>(dim));
  std::vector<uint8_t> code(static_cast<size_t>(codec::kLvqHead + packed_code_bytes(dim, bits.first)));
  const codec::LvqGrid grid = codec::encode_lvq(to_code_space(row, z), {bits.first, bits.second}, code.data(),
                                                bits.second == 0 ? nullptr : graph.detail(node));
  WHITNEY_CHECK(grid.is_finite(), "a row beyond float16, which holds() lets through");
  NodeHead& head = graph.head(node);
  static_assert(sizeof(head.sum) == codec::kLvqHead);
  std::memcpy(&head.sum, code.data(), codec::kLvqHead);
  std::memcpy(graph.code(node), code.data() + codec::kLvqHead, code.size() - codec::kLvqHead);
  std::vector<uint8_t> values(z.size());
  unpack_codes(code.data() + codec::kLvqHead, dim, bits.first, values.data());
  double squares = 0;
  for (const uint8_t value : values) {
    const double decoded = grid.offset + static_cast<double>(grid.step) * value;
    squares += decoded * decoded;
  }
  const auto sum = static_cast<float>(squares);
  std::memcpy(&head.norm, &sum, sizeof(head.norm));
}

void CodeSpace::encode_by_signs(const float* row, HnswGraph& graph, uint32_t node) const {
  std::vector<float> z(static_cast<size_t>(dim));
  const RabitqHead code =
      encode_rabitq(to_code_space(row, z), bits.second, graph.code(node), graph.detail(node));
  NodeHead& head = graph.head(node);
  std::memcpy(&head.norm, &code.square, sizeof(head.norm));
  std::memcpy(&head.sum, &code.rescale, sizeof(head.sum));
}

void CodeSpace::decode_turned(const GraphView& graph, uint32_t node, float* out) const {
  std::vector<float> z(static_cast<size_t>(dim));
  decode_rabitq(graph.detail(node), bits.second, z);
  rotation->invert(z.data(), out);
  for (size_t j = 0; j < z.size(); ++j) out[j] = static_cast<float>(centre[j] + scale * out[j]);
}

void CodeSpace::decode_from_grid(const GraphView& graph, uint32_t node, float* out) const {
  const codec::LvqGrid grid = codec::read_lvq_grid(graph.grid(node));
  std::vector<uint8_t> values(static_cast<size_t>(dim)), fine(values);
  unpack_codes(graph.code(node), dim, bits.first, values.data());
  const int half = bits.second == 0 ? 0 : 1 << (bits.second - 1);
  const float fine_step = bits.second == 0 ? 0 : grid.step / static_cast<float>(2 * half);
  if (bits.second > 0) unpack_codes(graph.detail(node), dim, bits.second, fine.data());
  for (size_t j = 0; j < values.size(); ++j) {
    const double z = grid.offset + static_cast<double>(grid.step) * values[j] +
                     static_cast<double>(fine_step) * (fine[j] - half);
    out[j] = static_cast<float>(centre[j] + scale * z);
  }
}

void CodeSpace::decode(const GraphView& graph, uint32_t node, float* out) const {
  if (precision == Precision::kLvq) return decode_from_grid(graph, node, out);
  if (precision == Precision::kRabitq) return decode_turned(graph, node, out);
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

}  // namespace whitney::search
