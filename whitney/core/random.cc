#include "whitney/core/random.h"

#include <cmath>
#include <numbers>

#include "whitney/core/hash.h"

namespace whitney {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }
uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }

}  // namespace

// The key is the seed mixed with the purpose; the item is the upper half of the counter, so that items never
// meet.
RandomStream::RandomStream(uint64_t seed, std::string_view purpose, uint64_t item) {
  const uint64_t key = seed ^ hash64(purpose);
  key_ = {low(key), high(key)};
  counter_ = {0, 0, low(item), high(item)};
}

void RandomStream::refill() {
  std::array<uint32_t, 4> x = counter_;
  uint32_t key0 = key_[0], key1 = key_[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{kMultiplier0} * x[0], p1 = uint64_t{kMultiplier1} * x[2];
    x = {high(p1) ^ x[1] ^ key0, low(p1), high(p0) ^ x[3] ^ key1, low(p0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  block_ = x;
  used_ = 0;
  if (++counter_[0] == 0) ++counter_[1];
}

uint32_t RandomStream::next_u32() {
  if (used_ == 4) refill();
  return block_[static_cast<size_t>(used_++)];
}

uint64_t RandomStream::next_u64() {
  const uint64_t first = next_u32();
  return first << 32 | next_u32();
}

double RandomStream::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

double RandomStream::uniform_positive() { return static_cast<double>((next_u64() >> 11) + 1) * 0x1p-53; }

// Lemire's multiplication with rejection (arXiv 1805.10941).
uint64_t RandomStream::below(uint64_t bound) {
  using Wide = unsigned __int128;
  Wide product = Wide{next_u64()} * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t threshold = (0 - bound) % bound;
    while (static_cast<uint64_t>(product) < threshold) product = Wide{next_u64()} * bound;
  }
  return static_cast<uint64_t>(product >> 64);
}

double RandomStream::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2 * std::log(uniform_positive()));
  const double angle = 2 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

}  // namespace whitney
