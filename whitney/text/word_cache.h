#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace whitney::text {

/// Remembers the ids of short words that were met lately: one word a cache line, the newer in the place of
/// the older. Text repeats its words; a hit costs one look at memory where a model costs several a byte.
class WordCache {
 public:
  static constexpr size_t kLongestWord = 24;

  /// A word of 1 to kLongestWord bytes, ready for find and keep.
  struct Key {
    std::array<uint64_t, 3> parts;
    uint32_t size;
    uint32_t place;
  };

  WordCache() : slots_(kNumSlots) {}

  static Key key_of(std::string_view word) {
    Key key{{0, 0, 0}, static_cast<uint32_t>(word.size()), 0};
    // Loads that overlap: together with the size they hold every byte.
    const char* p = word.data();
    const size_t n = word.size();
    if (n >= 8) {
      key.parts[0] = load<uint64_t>(p);
      key.parts[1] = load<uint64_t>(p + n - 8);
      if (n > 16) key.parts[2] = load<uint64_t>(p + 8);
    } else if (n >= 4) {
      key.parts[0] = load<uint32_t>(p) | uint64_t{load<uint32_t>(p + n - 4)} << 32;
    } else {
      const auto byte = [p](size_t i) { return uint64_t{static_cast<unsigned char>(p[i])}; };
      key.parts[0] = byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16;
    }
    uint64_t hash = (key.parts[0] + n) * 0x9E3779B97F4A7C15ULL;
    hash = std::rotl(hash, 32) ^ (key.parts[1] * 0xC2B2AE3D27D4EB4FULL);
    hash = std::rotl(hash, 29) ^ (key.parts[2] * 0x165667B19E3779F9ULL);
    key.place = 2 * static_cast<uint32_t>((hash * 0x9E3779B97F4A7C15ULL) >> (64 - kBits));
    return key;
  }

  /// Appends the ids of a word; false when it is not remembered.
  bool find(const Key& key, std::vector<int32_t>& ids) const {
    const Slot* slot = &slots_[key.place];
    if (!slot->holds(key)) ++slot;
    if (!slot->holds(key)) return false;
    if (slot->num_ids == 1) {
      ids.push_back(slot->ids[0]);
    } else {
      ids.insert(ids.end(), slot->ids.begin(), slot->ids.begin() + slot->num_ids);
    }
    return true;
  }

  /// Remembers a word that is not found.
  void keep(const Key& key, std::span<const int32_t> ids) {
    if (ids.size() > kMostIds) return;
    Slot& slot = slots_[key.place];
    slots_[key.place + 1] = slot;
    slot.parts = key.parts;
    slot.size = static_cast<uint16_t>(key.size);
    slot.num_ids = static_cast<uint16_t>(ids.size());
    std::ranges::copy(ids, slot.ids.begin());
  }

 private:
  static constexpr int kBits = 14;  // 2 MiB, a second-level cache
  static constexpr size_t kNumSlots = size_t{2} << kBits;
  static constexpr size_t kMostIds = 9;

  struct alignas(64) Slot {
    std::array<uint64_t, 3> parts{};
    uint16_t size = 0;
    uint16_t num_ids = 0;
    std::array<int32_t, kMostIds> ids{};

    bool holds(const Key& key) const {
      return size == key.size && parts[0] == key.parts[0] && parts[1] == key.parts[1] &&
             parts[2] == key.parts[2];
    }
  };

  template <class T>
  static T load(const char* p) {
    T value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }

  std::vector<Slot> slots_;
};

}  // namespace whitney::text
