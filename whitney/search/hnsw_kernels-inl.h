// Distances of nodes by their codes and by their full vectors, compiled once per SIMD level (see Highway's
// quick reference on files of this form).
#if defined(WHITNEY_SEARCH_HNSW_KERNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_SEARCH_HNSW_KERNELS_INL_H_
#undef WHITNEY_SEARCH_HNSW_KERNELS_INL_H_
#else
#define WHITNEY_SEARCH_HNSW_KERNELS_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstdint>
#include <cstring>
#include <span>

#include "whitney/search/code_dots-inl.h"
#include "whitney/search/hnsw_walk.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// See CodeQuery: base + norm - 2 step (dot - correction) + extra (extra - 2 query's extra).
HWY_INLINE float CodeDistance(const CodeQuery& query, const NodeHead& head, int32_t dot) {
  const auto steps = static_cast<uint32_t>(dot) - static_cast<uint32_t>(query.correction);
  const float inner = static_cast<float>(static_cast<int32_t>(steps));
  return query.base + static_cast<float>(head.norm) - 2 * query.step * inner +
         head.extra * (head.extra - 2 * query.extra);
}

// The value of float16 bits that are no infinity: without a call, for it stands in the loop of a walk.
HWY_INLINE float FromHalf(uint32_t bits) {
  const uint32_t magnitude = (bits & 0x7FFF) << 13;
  float value;
  std::memcpy(&value, &magnitude, sizeof(value));
  value *= 5.192296858534828e33F;  // 2^112: the exponents' biases differ by so much
  return (bits & 0x8000) != 0 ? -value : value;
}

struct Grid {
  float offset, step;
};
HWY_INLINE Grid GridOf(const NodeHead& head) {
  const auto bits = static_cast<uint32_t>(head.sum);
  return {FromHalf(bits & 0xFFFF), FromHalf(bits >> 16)};
}

// As CodeDistance, of codes of LVQ: <q, offset + step c> = offset sum(q) + step <q, c>.
HWY_INLINE float LvqDistance(const CodeQuery& query, const NodeHead& head, int32_t dot) {
  const Grid grid = GridOf(head);
  float norm;
  std::memcpy(&norm, &head.norm, sizeof(norm));
  const float inner = grid.offset * query.sum + grid.step * (query.step * static_cast<float>(dot));
  return query.base + norm - 2 * inner + head.extra * (head.extra - 2 * query.extra);
}

HWY_INLINE void PrefetchNode(const GraphView& graph, uint32_t node) {
  const uint8_t* code = graph.code(node);
  const int64_t end = graph.head_offset + static_cast<int64_t>(sizeof(NodeHead));
  for (int64_t i = 0; i < end; i += 64) hwy::Prefetch(code + i);
}

HWY_INLINE void PrefetchLinks(const GraphView& graph, uint32_t node) {
  const uint8_t* head = graph.code(node) + graph.head_offset;
  for (int64_t i = 0; i < static_cast<int64_t>(sizeof(NodeHead)) + 8 * graph.m; i += 64)
    hwy::Prefetch(head + i);
}

// As CodeDistance, of the signs s of RaBitQ: <q, z> is about |z|^2 / <z, s> times <q, s>, and <q, s> twice
// the sum where s is set, less the sum of all.
HWY_INLINE float RabitqDistance(const CodeQuery& query, const NodeHead& head, int32_t dot) {
  float square, rescale;
  std::memcpy(&square, &head.norm, sizeof(square));
  std::memcpy(&rescale, &head.sum, sizeof(rescale));
  const float inner = rescale * (2 * query.step * static_cast<float>(dot) - query.sum);
  return query.base + square - 2 * inner + head.extra * (head.extra - 2 * query.extra);
}

// Distances of nodes, four at a time: the next four are on their way while these are computed.
// dot_rows(rows, dots): the sums of four; distance(head, dot): what they come to.
template <class DotFour, class Distance>
HWY_INLINE void DistancesByFours(const GraphView& graph, const uint32_t* nodes, int64_t count,
                                 const DotFour& dot_rows, const Distance& distance, float* out) {
  constexpr int64_t kAhead = 4;
  for (int64_t i = 0; i < count && i < kAhead; ++i) PrefetchNode(graph, nodes[i]);
  int32_t dots[4];
  for (int64_t i = 0; i < count; i += 4) {
    const uint8_t* rows[4];
    for (int64_t j = 0; j < 4; ++j) {
      rows[j] = graph.code(nodes[i + j < count ? i + j : count - 1]);
      if (i + j + kAhead < count) PrefetchNode(graph, nodes[i + j + kAhead]);
    }
    dot_rows(rows, dots);
    for (int64_t j = 0; j < 4 && i + j < count; ++j)
      out[i + j] = distance(*reinterpret_cast<const NodeHead*>(rows[j] + graph.head_offset), dots[j]);
  }
}

HWY_INLINE void CodeDistances(const GraphView& graph, const CodeQuery& query, const uint32_t* nodes,
                              int64_t count, float* out) {
  const auto dot_rows = [&](const uint8_t* const rows[4], int32_t* dots)
                            HWY_ATTR { DotRows(rows, query.codes, graph.padded_dim, dots); };
  if (!codes_stand_alone(graph.precision)) {
    const auto distance = [&](const NodeHead& head, int32_t dot) { return CodeDistance(query, head, dot); };
    return DistancesByFours(graph, nodes, count, dot_rows, distance, out);
  }
  if (graph.precision == Precision::kRabitq) {
    const auto dot_sign_rows = [&](const uint8_t* const rows[4], int32_t* dots)
                                   HWY_ATTR { DotSignRows(rows, query.codes, graph.padded_dim, dots); };
    const auto distance = [&](const NodeHead& head, int32_t dot) { return RabitqDistance(query, head, dot); };
    return DistancesByFours(graph, nodes, count, dot_sign_rows, distance, out);
  }
  const auto distance = [&](const NodeHead& head, int32_t dot) { return LvqDistance(query, head, dot); };
  if (graph.bits.first == 8) return DistancesByFours(graph, nodes, count, dot_rows, distance, out);
  const auto dot_half_rows = [&](const uint8_t* const rows[4], int32_t* dots)
                                 HWY_ATTR { DotHalfRows(rows, query.codes, graph.padded_dim, dots); };
  DistancesByFours(graph, nodes, count, dot_half_rows, distance, out);
}

// The distances of nodes[begin, end). At kScanAhead nodes ahead the second cache level is asked: it takes
// three times as many requests at once as the first, whose 16 would bound a scan that reads at random.
HWY_INLINE void ScanDistances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                              int64_t begin, int64_t end, bool asks_ahead, float* out) {
  constexpr int64_t kScanAhead = 16;
  const int64_t size = static_cast<int64_t>(nodes.size());
  const int64_t node_bytes = graph.head_offset + static_cast<int64_t>(sizeof(NodeHead));
  int32_t dots[4];
  for (int64_t i = begin; i < end; i += 4) {
    const uint8_t* rows[4];
    for (int64_t j = 0; j < 4; ++j) {
      rows[j] = graph.code(nodes[static_cast<size_t>(HWY_MIN(i + j, end - 1))]);
      if (!asks_ahead || i + j + kScanAhead >= size) continue;
      const uint8_t* next = graph.code(nodes[static_cast<size_t>(i + j + kScanAhead)]);
      for (int64_t b = 0; b < node_bytes; b += 64) __builtin_prefetch(next + b, 0, 2);
    }
    DotRows(rows, query.codes, graph.padded_dim, dots);
    for (int64_t j = 0; j < 4 && i + j < end; ++j) {
      const NodeHead& head = *reinterpret_cast<const NodeHead*>(rows[j] + graph.head_offset);
      out[i + j - begin] = CodeDistance(query, head, dots[j]);
    }
  }
}

HWY_INLINE void PrefetchExact(const GraphView& graph, uint32_t node) {
  const uint8_t* code = graph.code(node);
  const uint8_t* detail = graph.detail(node);
  // The hardware follows up on longer runs by itself.
  for (int64_t i = 0; i < HWY_MIN(graph.head_offset, int64_t{512}); i += 64) hwy::Prefetch(code + i);
  for (int64_t i = 0; i < HWY_MIN(graph.detail_stride, int64_t{1024}); i += 64) hwy::Prefetch(detail + i);
}

// Packed codes (pack_codes) of `Lanes` values from place i on.
template <class DI>
HWY_INLINE hn::Vec<DI> LoadPacked(DI ints, const uint8_t* packed, int bits, int64_t dim, int64_t i) {
  const hn::Rebind<uint8_t, DI> bytes;
  const auto lanes = static_cast<int64_t>(hn::Lanes(ints));
  const int64_t half = (dim + 1) / 2;
  if (bits == 8) return hn::PromoteTo(ints, hn::LoadU(bytes, packed + i));
  if (i + lanes <= half) return hn::And(hn::PromoteTo(ints, hn::LoadU(bytes, packed + i)), hn::Set(ints, 15));
  if (i >= half) return hn::ShiftRight<4>(hn::PromoteTo(ints, hn::LoadU(bytes, packed + i - half)));
  uint8_t values[16];
  for (int64_t j = 0; j < lanes; ++j)
    values[j] = static_cast<uint8_t>(i + j < half ? packed[i + j] & 15 : packed[i + j - half] >> 4);
  return hn::PromoteTo(ints, hn::LoadU(bytes, values));
}

// z of `Lanes` values of a node from place i on, by the second level of RaBitQ.
template <class D>
HWY_INLINE hn::Vec<D> LoadRabitq(D d, const GraphView& graph, const uint8_t* detail, int64_t i) {
  float factor;
  std::memcpy(&factor, detail, sizeof(factor));
  const float middle = static_cast<float>((1 << graph.bits.second) - 1) / 2;
  const hn::RebindToSigned<D> ints;
  const auto steps = LoadPacked(ints, detail + sizeof(factor), graph.bits.second, graph.dim, i);
  return hn::Mul(hn::Sub(hn::ConvertTo(d, steps), hn::Set(d, middle)), hn::Set(d, factor));
}

// z of `Lanes` values of a node from place i on, by both levels of LVQ.
template <class D>
HWY_INLINE hn::Vec<D> LoadLvq(D d, const GraphView& graph, Grid grid, const uint8_t* code,
                              const uint8_t* detail, int64_t i) {
  const hn::RebindToSigned<D> ints;
  const auto first = hn::ConvertTo(d, LoadPacked(ints, code, graph.bits.first, graph.dim, i));
  const auto z = hn::MulAdd(first, hn::Set(d, grid.step), hn::Set(d, grid.offset));
  if (graph.bits.second == 0) return z;
  const int half = 1 << (graph.bits.second - 1);
  const auto second = hn::Sub(LoadPacked(ints, detail, graph.bits.second, graph.dim, i), hn::Set(ints, half));
  return hn::MulAdd(hn::ConvertTo(d, second), hn::Set(d, grid.step / static_cast<float>(2 * half)), z);
}

// z of `Lanes` values of a node from place i on.
template <class D>
HWY_INLINE hn::Vec<D> LoadExact(D d, const GraphView& graph, const uint8_t* code, const uint8_t* detail,
                                int64_t i) {
  if (graph.precision == Precision::kFloat) return hn::LoadU(d, reinterpret_cast<const float*>(detail) + i);
  if (graph.precision == Precision::kRabitq) return LoadRabitq(d, graph, detail, i);
  if (graph.precision == Precision::kLvq) {
    const auto& head = *reinterpret_cast<const NodeHead*>(code + graph.head_offset);
    return LoadLvq(d, graph, GridOf(head), code, detail, i);
  }
  const hn::RebindToSigned<D> ints;
  const hn::Rebind<uint8_t, D> bytes;
  const auto steps = hn::Sub(hn::PromoteTo(ints, hn::LoadU(bytes, code + i)), hn::Set(ints, 128));
  if (graph.precision == Precision::kInteger) return hn::ConvertTo(d, steps);
  const hn::Rebind<uint16_t, D> words;
  const auto high = hn::PromoteTo(ints, hn::LoadU(words, reinterpret_cast<const uint16_t*>(detail) + i));
  const auto low = hn::PromoteTo(ints, hn::LoadU(bytes, detail + 2 * graph.dim + i));
  const auto fine = hn::Sub(hn::Or(hn::ShiftLeft<8>(high), low), hn::Set(ints, 1 << 23));
  return hn::MulAdd(hn::ConvertTo(d, fine), hn::Set(d, 1.0F / (1 << 24)), hn::ConvertTo(d, steps));
}

// Sum over the values of a node: of products with `query`, or of squared differences.
template <bool kDot>
HWY_INLINE float SumExact(const GraphView& graph, const float* query, uint32_t node) {
  const hn::CappedTag<float, 16> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const uint8_t* code = graph.code(node);
  const uint8_t* detail = graph.detail(node);
  auto sum = hn::Zero(d), other = hn::Zero(d);
  const auto add = [](auto q, auto z, auto total) HWY_ATTR {
    if constexpr (kDot) return hn::MulAdd(q, z, total);
    const auto difference = hn::Sub(q, z);
    return hn::MulAdd(difference, difference, total);
  };
  int64_t i = 0;
  for (; i + 2 * lanes <= graph.dim; i += 2 * lanes) {
    sum = add(hn::LoadU(d, query + i), LoadExact(d, graph, code, detail, i), sum);
    other = add(hn::LoadU(d, query + i + lanes), LoadExact(d, graph, code, detail, i + lanes), other);
  }
  if (i + lanes <= graph.dim) {
    sum = add(hn::LoadU(d, query + i), LoadExact(d, graph, code, detail, i), sum);
    i += lanes;
  }
  sum = hn::Add(sum, other);
  const hn::CappedTag<float, 1> one;
  auto rest = hn::Zero(one);
  for (; i < graph.dim; ++i)
    rest = add(hn::LoadU(one, query + i), LoadExact(one, graph, code, detail, i), rest);
  return hn::GetLane(hn::SumOfLanes(d, sum)) + hn::GetLane(rest);
}

HWY_INLINE float ExactDistance(const GraphView& graph, const CodeQuery& query, uint32_t node) {
  return query.inner_product ? SumExact<true>(graph, query.exact, node)
                             : SumExact<false>(graph, query.exact, node);
}

// What CodeDistance estimates, by the full vectors.
HWY_INLINE float WalkDistance(const GraphView& graph, const CodeQuery& query, uint32_t node) {
  const float extra = graph.head(node).extra - query.extra;
  return graph.walk_unit * SumExact<false>(graph, query.walk, node) + extra * extra;
}

// The distance of one node for a walk, which sums of four at once would take twice as long for.
HWY_INLINE float OneWalkDistance(const GraphView& graph, const CodeQuery& query, uint32_t node) {
  if (graph.exact_walk) return WalkDistance(graph, query, node);
  float distance = 0;
  if (codes_stand_alone(graph.precision))
    CodeDistances(graph, query, &node, 1, &distance);
  else
    distance = CodeDistance(query, graph.head(node), DotOne(graph.code(node), query.codes, graph.padded_dim));
  return distance;
}

// Distances of nodes for a walk: of their codes, or where these are too coarse of the full vectors.
HWY_INLINE void WalkDistances(const GraphView& graph, const CodeQuery& query, const uint32_t* nodes,
                              int64_t count, float* out) {
  if (!graph.exact_walk) return CodeDistances(graph, query, nodes, count, out);
  for (int64_t i = 0; i < count; ++i) {
    if (i + 1 < count) PrefetchExact(graph, nodes[i + 1]);
    out[i] = WalkDistance(graph, query, nodes[i]);
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_SEARCH_HNSW_KERNELS_INL_H_
