#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace whitney::search {

/// Values in a full block of a posting list.
inline constexpr int64_t kPostingBlock = 128;

/// Bits that the largest of some values needs, 0 when all are 0.
int bit_width_of(std::span<const uint32_t> values);

/// Appends values, `width` bits each, behind one another; ends at a whole word.
void pack_run(std::span<const uint32_t> values, int width, std::vector<uint32_t>& out);
/// The words that a run of values takes.
constexpr int64_t run_words(int64_t num_values, int width) { return (num_values * width + 31) / 32; }
/// Value i of such a run. Reads 8 bytes from the byte where it begins, at most 7 behind the run.
inline uint32_t run_value(const uint32_t* run, int width, int64_t i) {
  const uint64_t bit = static_cast<uint64_t>(i) * static_cast<uint64_t>(width);
  uint64_t bytes;
  std::memcpy(&bytes, reinterpret_cast<const char*>(run) + bit / 8, sizeof(bytes));
  return static_cast<uint32_t>((bytes >> (bit % 8)) & ((uint64_t{1} << width) - 1));
}
/// All values of such a run.
void unpack_run(const uint32_t* run, int width, int64_t num_values, uint32_t* out);

/// Appends a full block of 128 values as four interleaved lanes of 32, value i in lane i % 4: compilers turn
/// the loop over lanes into one instruction, whatever the processor.
void pack_block(std::span<const uint32_t, kPostingBlock> values, int width, std::vector<uint32_t>& out);
/// Unpacks such a block; 4 * width words are read.
void unpack_block(const uint32_t* block, int width, uint32_t* out);
/// Value i of such a block.
inline uint32_t block_value(const uint32_t* block, int width, int64_t i) {
  const int64_t bit = (i / 4) * width, word = bit / 32, shift = bit % 32;
  const uint32_t* lane = block + i % 4;
  uint64_t bits = lane[4 * word] >> shift;
  if (shift + width > 32) bits |= uint64_t{lane[4 * (word + 1)]} << (32 - shift);
  return static_cast<uint32_t>(bits & ((uint64_t{1} << width) - 1));
}

}  // namespace whitney::search
