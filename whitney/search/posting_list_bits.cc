#include "whitney/search/posting_list_bits.h"

#include <algorithm>
#include <array>
#include <utility>

namespace whitney::search {
namespace {

constexpr int kLanes = 4, kRowsOfLanes = 32;

template <int width>
void unpack_width(const uint32_t* block, uint32_t* out) {
  if constexpr (width == 0) {
    std::fill_n(out, kPostingBlock, 0U);
  } else {
    constexpr uint32_t kMask = static_cast<uint32_t>((uint64_t{1} << width) - 1);
#pragma GCC unroll 32
    for (int row = 0; row < kRowsOfLanes; ++row) {
      const int bit = row * width, word = bit / 32, shift = bit % 32;
      for (int lane = 0; lane < kLanes; ++lane) {
        uint32_t value = block[kLanes * word + lane] >> shift;
        if (shift + width > 32) value |= block[kLanes * (word + 1) + lane] << (32 - shift);
        out[kLanes * row + lane] = value & kMask;
      }
    }
  }
}

// Eight values take `width` bytes: each is a load, a shift and a mask by constants.
template <int width>
int64_t unpack_eights(const uint32_t* run, int64_t num_values, uint32_t* out) {
  constexpr uint64_t kMask = (uint64_t{1} << width) - 1;
  const char* bytes = reinterpret_cast<const char*>(run);
  int64_t i = 0;
  for (; i + 8 <= num_values; i += 8, bytes += width) {
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) {
      uint64_t value;
      std::memcpy(&value, bytes + j * width / 8, sizeof value);
      out[i + j] = static_cast<uint32_t>(value >> (j * width % 8) & kMask);
    }
  }
  return i;
}

template <size_t... widths>
constexpr auto unpackers(std::index_sequence<widths...> /*unused*/) {
  return std::array{&unpack_width<static_cast<int>(widths)>...};
}
template <size_t... widths>
constexpr auto run_unpackers(std::index_sequence<widths...> /*unused*/) {
  return std::array{&unpack_eights<static_cast<int>(widths)>...};
}
constexpr auto kUnpackers = unpackers(std::make_index_sequence<33>());
constexpr auto kRunUnpackers = run_unpackers(std::make_index_sequence<33>());

}  // namespace

int bit_width_of(std::span<const uint32_t> values) {
  uint32_t all = 0;
  for (const uint32_t value : values) all |= value;
  return std::bit_width(all);
}

void pack_run(std::span<const uint32_t> values, int width, std::vector<uint32_t>& out) {
  uint64_t pending = 0;
  int num_pending = 0;
  for (const uint32_t value : values) {
    pending |= uint64_t{value} << num_pending;
    num_pending += width;
    if (num_pending < 32) continue;
    out.push_back(static_cast<uint32_t>(pending));
    pending >>= 32;
    num_pending -= 32;
  }
  if (num_pending > 0) out.push_back(static_cast<uint32_t>(pending));
}

void unpack_run(const uint32_t* run, int width, int64_t num_values, uint32_t* out) {
  int64_t i = kRunUnpackers[static_cast<size_t>(width)](run, num_values, out);
  for (; i < num_values; ++i) out[i] = run_value(run, width, i);
}

void pack_block(std::span<const uint32_t, kPostingBlock> values, int width, std::vector<uint32_t>& out) {
  const size_t first = out.size();
  out.resize(first + static_cast<size_t>(kLanes * width), 0);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto bit = static_cast<size_t>(width) * (i / kLanes), shift = bit % 32;
    uint32_t* word = out.data() + first + kLanes * (bit / 32) + i % kLanes;
    if (width == 0) continue;
    *word |= values[i] << shift;
    if (shift + static_cast<size_t>(width) > 32) word[kLanes] |= values[i] >> (32 - shift);
  }
}

void unpack_block(const uint32_t* block, int width, uint32_t* out) {
  kUnpackers[static_cast<size_t>(width)](block, out);
}

}  // namespace whitney::search
