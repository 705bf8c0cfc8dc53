#include "whitney/search/symphonyqg_codes.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/symphonyqg_codes.cc"
#include <hwy/foreach_target.h>
// After the loop over the levels.
#include <hwy/highway.h>

#ifndef WHITNEY_SEARCH_SYMPHONYQG_CODES
#define WHITNEY_SEARCH_SYMPHONYQG_CODES
namespace whitney::search {

// What the tables of 4 coordinates each span: a table's least number is the sum of its negative coordinates,
// and from there to the greatest it is the sum of their sizes.
struct TableSpans {
  float widest = 0;
  float least_sum = 0;
  float sum = 0;
};

}  // namespace whitney::search
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// D is a multiple of 16, the most lanes that a level has here.
LaneFactors EncodeNeighbour(const float* centre, const float* neighbour, int64_t padded_dim, uint8_t* bits) {
  const hn::CappedTag<float, 16> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto squares = hn::Zero(d), sizes = hn::Zero(d), centre_dot = hn::Zero(d);
  std::memset(bits, 0, static_cast<size_t>(padded_dim / 8));
  for (int64_t i = 0; i < padded_dim; i += lanes) {
    const auto c = hn::LoadU(d, centre + i);
    const auto r = hn::Sub(hn::LoadU(d, neighbour + i), c);
    const auto is_positive = hn::Gt(r, hn::Zero(d));
    squares = hn::MulAdd(r, r, squares);
    sizes = hn::Add(sizes, hn::Abs(r));
    centre_dot = hn::Add(centre_dot, hn::IfThenElse(is_positive, c, hn::Neg(c)));
    uint8_t stored[8] = {};
    hn::StoreMaskBits(d, is_positive, stored);
    bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | stored[0] << (i % 8));
    if (lanes > 8) bits[i / 8 + 1] = stored[1];
  }
  const double square = hn::GetLane(hn::SumOfLanes(d, squares));
  const double size = hn::GetLane(hn::SumOfLanes(d, sizes));      // 2 <r, xb>
  const double dot = hn::GetLane(hn::SumOfLanes(d, centre_dot));  // 2 <R c, xb>
  if (!(size > 0)) return {};
  return {static_cast<float>(square + 2 * square * dot / size), static_cast<float>(-4 * square / size)};
}

TableSpans SpansOf(const float* coordinates, int64_t num_parts) {
  const hn::CappedTag<float, 4> d;
  auto least = hn::Zero(d), sum = hn::Zero(d);
  float widest = 0;
  if constexpr (hn::MaxLanes(d) == 4) {
    for (int64_t m = 0; m < num_parts; ++m) {
      const auto x = hn::LoadU(d, coordinates + 4 * m);
      least = hn::Add(least, hn::Min(x, hn::Zero(d)));
      sum = hn::Add(sum, x);
      widest = HWY_MAX(widest, hn::GetLane(hn::SumOfLanes(d, hn::Abs(x))));
    }
  } else {
    for (int64_t m = 0; m < num_parts; ++m) {
      float size = 0;
      for (int64_t i = 4 * m; i < 4 * m + 4; ++i) {
        const auto x = hn::LoadU(d, coordinates + i);
        least = hn::Add(least, hn::Min(x, hn::Zero(d)));
        sum = hn::Add(sum, x);
        size += hn::GetLane(hn::Abs(x));
      }
      widest = HWY_MAX(widest, size);
    }
  }
  return {widest, hn::GetLane(hn::SumOfLanes(d, least)), hn::GetLane(hn::SumOfLanes(d, sum))};
}

// Writes the entries of each part's table: number j, the sum of the coordinates whose bits j has, less the
// least, in steps. That is the sum of the sizes of the positive ones that it has and of the negative ones
// that it lacks.
void QuantizeSubsetSums(const float* coordinates, int64_t num_parts, float inverse_step, uint8_t* entries) {
  HWY_ALIGN static constexpr float kSigns[4][16] = {{-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1},
                                                    {-1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1, -1, -1, 1, 1},
                                                    {-1, -1, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, 1},
                                                    {-1, -1, -1, -1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1, 1}};
  const hn::CappedTag<float, 16> d;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  for (int64_t m = 0; m < num_parts; ++m, coordinates += 4) {
    for (size_t i = 0; i < 16; i += hn::Lanes(d), entries += hn::Lanes(d)) {
      auto sum = hn::Zero(d);
      for (size_t bit = 0; bit < 4; ++bit) {
        // max(0, sign x): the size of x where its sign is that of the bit.
        const auto x = hn::Set(d, coordinates[bit] * inverse_step);
        sum = hn::Add(sum, hn::Max(hn::Zero(d), hn::Mul(hn::Load(d, kSigns[bit] + i), x)));
      }
      hn::StoreU(hn::DemoteTo(bytes, hn::NearestInt(sum)), bytes, entries);
    }
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
namespace {

HWY_EXPORT(EncodeNeighbour);
HWY_EXPORT(SpansOf);
HWY_EXPORT(QuantizeSubsetSums);

// Of the widest vectors, the extra coordinate and the padding included.
constexpr int64_t kMostCodeBytes = (kMaxCodedDim + 16) / 8;

}  // namespace

LaneFactors encode_neighbour(const float* centre, const float* neighbour, int64_t padded_dim, uint8_t* bits) {
  return HWY_DYNAMIC_DISPATCH(EncodeNeighbour)(centre, neighbour, padded_dim, bits);
}

NeighbourCodes::NeighbourCodes(int64_t dim, int64_t degree, codec::RotationTransform rotation)
    : dim_(dim), degree_(degree), rotation_(std::move(rotation)) {}

void NeighbourCodes::arrange(std::span<const uint32_t> sources) {
  const int64_t count = std::ssize(sources);
  const auto is_in_place = [&](int64_t row) { return sources[static_cast<size_t>(row)] == row; };
  int64_t num_kept = 0;
  while (num_kept < std::min(count, num_rows_) && is_in_place(num_kept)) ++num_kept;
  const auto comes_from_elsewhere = [](uint32_t source) { return source != kNoNode; };
  const bool moves =
      std::ranges::any_of(sources.subspan(static_cast<size_t>(num_kept)), comes_from_elsewhere);
  if (moves || rows_.size() < count * stride()) {
    // Room for a quarter more, so that rows coming one by one are moved now and then only.
    const int64_t room = num_rows_ == 0 || count <= num_rows_ ? count : std::max(count, num_rows_ * 5 / 4);
    Array<uint8_t> moved = allocate_for_walks(room * stride());
    uint8_t* out = moved.mutable_data();
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t source = sources[static_cast<size_t>(i)];
      if (source != kNoNode) std::memcpy(out + i * stride(), row(source), static_cast<size_t>(stride()));
    }
    rows_ = std::move(moved);
    num_kept = 0;
  }
  writable_ = rows_.mutable_data();
  num_rows_ = count;
  for (int64_t i = num_kept; i < count; ++i) {
    if (sources[static_cast<size_t>(i)] == kNoNode) clear_row(static_cast<uint32_t>(i));
  }
}

void NeighbourCodes::clear_row(uint32_t node) {
  std::memset(writable_ + static_cast<int64_t>(node) * stride(), 0, static_cast<size_t>(stride()));
  for (int64_t lane = 0; lane < degree_; ++lane)
    set_factors(node, lane, {std::numeric_limits<float>::infinity(), 0});
}

void NeighbourCodes::turn(const float* in, float* out) const {
  rotation_->apply(in, out);
  std::fill(out + dim_, out + padded_dim(), 0.0F);
}

void NeighbourCodes::set_factors(uint32_t node, int64_t lane, LaneFactors factors) {
  auto* all = reinterpret_cast<float*>(block(node, lane) + 4 * padded_dim());
  all[lane % kLanes] = factors.add;
  all[kLanes + lane % kLanes] = factors.rescale;
}

void NeighbourCodes::set_lane(uint32_t node, int64_t lane, const float* centre, const float* neighbour) {
  uint8_t bits[kMostCodeBytes];
  const LaneFactors factors = encode_neighbour(centre, neighbour, padded_dim(), bits);
  write_fast_scan_lane(bits, padded_dim() / 4, lane % kLanes, block(node, lane));
  set_factors(node, lane, factors);
}

void NeighbourCodes::clear_lane(uint32_t node, int64_t lane) {
  constexpr uint8_t kZeros[kMostCodeBytes] = {};
  write_fast_scan_lane(kZeros, padded_dim() / 4, lane % kLanes, block(node, lane));
  set_factors(node, lane, {std::numeric_limits<float>::infinity(), 0});
}

LaneFactors NeighbourCodes::read_lane(uint32_t node, int64_t lane, uint8_t* bits) const {
  const uint8_t* begin = row(node) + lane / kLanes * block_bytes();
  read_fast_scan_lane(begin, padded_dim() / 4, lane % kLanes, bits);
  const auto* all = reinterpret_cast<const float*>(begin + 4 * padded_dim());
  return {all[lane % kLanes], all[kLanes + lane % kLanes]};
}

void LaneQuery::prepare(std::span<const float> turned) {
  const auto num_parts = std::ssize(turned) / 4;
  const int64_t num_entries = (16 * num_parts + 63) / 64 * 64;
  if (tables.entries.size() != num_entries) tables.entries = Array<uint8_t>(num_entries, uint8_t{0});
  const TableSpans spans = HWY_DYNAMIC_DISPATCH(SpansOf)(turned.data(), num_parts);
  tables.num_parts = num_parts;
  tables.step = spans.widest / 255;
  tables.base = spans.least_sum;
  tables.error = static_cast<float>(num_parts) * tables.step / 2;
  tables.size = 0;
  offset = -spans.sum / 2;
  // Below, 255 / widest is no float32: all entries are 0.
  const float inverse_step = spans.widest > 1e-30F ? 255 / spans.widest : 0;
  HWY_DYNAMIC_DISPATCH(QuantizeSubsetSums)
  (turned.data(), num_parts, inverse_step, tables.entries.mutable_data());
}

void read_in_code_space(const CodeSpace& space, const GraphView& graph, uint32_t node, bool with_extra,
                        std::vector<float>& x, float* out) {
  x.resize(static_cast<size_t>(space.dim));
  space.decode(graph, node, x.data());
  const auto unit = static_cast<float>(1 / space.scale);
  for (size_t i = 0; i < x.size(); ++i) out[i] = (x[i] - space.centre[i]) * unit;
  if (with_extra) out[space.dim] = graph.head(node).extra;
}

}  // namespace whitney::search
#endif  // HWY_ONCE
