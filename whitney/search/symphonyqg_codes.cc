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

// As subset_sums: the same sums, a table at once.
void SubsetSums(const float* coordinates, int64_t num_parts, float* tables) {
  HWY_ALIGN static constexpr float kChosen[4][16] = {{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1},
                                                     {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1},
                                                     {0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1},
                                                     {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}};
  const hn::CappedTag<float, 16> d;
  for (int64_t m = 0; m < num_parts; ++m, coordinates += 4) {
    for (size_t i = 0; i < 16; i += hn::Lanes(d), tables += hn::Lanes(d)) {
      auto sum = hn::Mul(hn::Load(d, kChosen[0] + i), hn::Set(d, coordinates[0]));
      for (size_t bit = 1; bit < 4; ++bit)
        sum = hn::MulAdd(hn::Load(d, kChosen[bit] + i), hn::Set(d, coordinates[bit]), sum);
      hn::StoreU(sum, d, tables);
    }
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
namespace {

HWY_EXPORT(EncodeNeighbour);
HWY_EXPORT(SubsetSums);

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

LaneQuery::LaneQuery(std::span<const float> turned) {
  std::vector<float> sums(turned.size() * 4);
  HWY_DYNAMIC_DISPATCH(SubsetSums)(turned.data(), std::ssize(turned) / 4, sums.data());
  tables = quantize_tables(sums);
  double sum = 0;
  for (const float value : turned) sum += value;
  offset = static_cast<float>(-sum / 2);
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
