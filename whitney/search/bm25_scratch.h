#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/search/bm25_walk.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// Remembers the lists of short words that were met lately, so that they need not be stemmed and looked up
/// again: a word takes the place of the last but one that fell there.
class Bm25WordMemo {
 public:
  /// What `find` gives for a word that is not remembered, and what is kept for one that the index lacks.
  static constexpr uint64_t kUnmet = 0xFFFFFFFFFFFFFFFF, kNoWord = kUnmet - 1;
  /// A word of 16 bytes at most as two numbers; longer ones (size 0) are never remembered.
  struct Key {
    uint64_t front = 0, back = 0;
    uint32_t size = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };

  static Key key_of(std::string_view word) {
    Key key;
    if (word.size() > 2 * sizeof(uint64_t)) return key;
    key.size = static_cast<uint32_t>(word.size());
    const auto load = [&]<class T>(T /*type*/, size_t at) {
      T value;
      std::memcpy(&value, word.data() + at, sizeof value);
      return uint64_t{value};
    };
    // Loads that overlap: together with the size they hold every byte.
    if (word.size() >= 8) {
      key.front = load(uint64_t{}, 0);
      key.back = load(uint64_t{}, word.size() - 8);
    } else if (word.size() >= 4) {
      key.front = load(uint32_t{}, 0);
      key.back = load(uint32_t{}, word.size() - 4);
    } else if (!word.empty()) {
      key.front = load(uint8_t{}, 0) | load(uint8_t{}, word.size() / 2) << 8;
      key.back = load(uint8_t{}, word.size() - 1);
    }
    return key;
  }
  /// What was kept: see Bm25Scratch::words.
  uint64_t find(const Key& key) const {
    const Pair& pair = pairs_[place_of(key)];
    if (key.size == 0) return kUnmet;
    return pair.last.key == key ? pair.last.word : pair.before.key == key ? pair.before.word : kUnmet;
  }
  void keep(const Key& key, uint64_t word) {
    if (key.size == 0) return;
    Pair& pair = pairs_[place_of(key)];
    pair.before = std::exchange(pair.last, {key, word});
  }

 private:
  static constexpr int kBits = 11;  // 128 KB
  struct Slot {
    Key key;
    uint64_t word = kUnmet;
  };
  struct alignas(64) Pair {
    Slot last, before;
  };
  static size_t place_of(const Key& key) {
    const uint64_t mixed = (key.front ^ std::rotl(key.back, 29) ^ key.size) * 0x9E3779B97F4A7C15ULL;
    return static_cast<size_t>((mixed ^ mixed >> 31) * 0xC2B2AE3D27D4EB4FULL >> (64 - kBits));
  }
  std::vector<Pair> pairs_ = std::vector<Pair>(size_t{1} << kBits);
};

/// A query on its way to its hits, and the memory that it needs; kept, so that the next one allocates
/// nothing.
struct Bm25Scratch {
  /// The words that the index knows, as often as they were met: rows of a word's list in the upper half, its
  /// list in the lower.
  std::vector<uint64_t> words;
  std::vector<Bm25Term> terms;
  /// Lists made of several words; terms point at them.
  std::deque<PostingLists> merged;
  /// The rows that phrases leave.
  std::optional<RowSet> phrase_rows;
  double constant = 0;
  int64_t num_postings = 0;
  std::string word;
  Bm25WordMemo memo;
  Bm25WalkScratch walk;

  void reset() {
    words.clear();
    terms.clear();
    merged.clear();
    phrase_rows.reset();
    constant = 0;
    num_postings = 0;
  }
};

}  // namespace whitney::search
