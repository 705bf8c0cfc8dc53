#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace whitney::search {

/// Keeps the k rows of the highest scores, of equal ones the smaller rows. Few are kept in order; of many,
/// what is offered is collected, and cut to the best k now and then. Scores are not negative.
class BestRows {
 public:
  /// Empties it.
  void reset(int64_t k) {
    k_ = static_cast<size_t>(k);
    size_ = 0;
    bound_ = k > 0 ? std::numeric_limits<uint64_t>::max() : 0;
    keys_.resize(std::max(keys_.size(), 2 * k_ + 32));
  }
  int64_t k() const { return static_cast<int64_t>(k_); }
  void offer(float score, uint32_t row) {
    const uint64_t key = key_of(score, row);
    if (key >= bound_) return;
    if (k_ <= kFew) return insert(key);
    keys_[size_++] = key;
    if (size_ >= 2 * k_ + 32) cut();
  }
  /// The score of the last of the best k, of many as they were cut last; rows below it need not be offered.
  /// Less than all scores while there are fewer.
  float threshold() const {
    return bound_ == std::numeric_limits<uint64_t>::max() ? -std::numeric_limits<float>::infinity()
                                                          : score_of(bound_);
  }
  /// Brings the threshold up to date.
  void cut() {
    if (size_ < k_ || k_ <= kFew) return;
    const auto last = keys_.begin() + static_cast<int64_t>(k_) - 1;
    std::nth_element(keys_.begin(), last, keys_.begin() + static_cast<int64_t>(size_));
    size_ = k_;
    bound_ = *last;
  }
  /// The best as keys, best first; valid until the next reset.
  std::span<const uint64_t> take() {
    cut();
    if (k_ > kFew) std::sort(keys_.begin(), keys_.begin() + static_cast<int64_t>(size_));
    return {keys_.data(), size_};
  }
  static float score_of(uint64_t key) { return std::bit_cast<float>(~static_cast<uint32_t>(key >> 32)); }
  static uint32_t row_of(uint64_t key) { return static_cast<uint32_t>(key); }

 private:
  // Bits of floats that are not negative order as they do; the best key is the smallest.
  static uint64_t key_of(float score, uint32_t row) {
    return uint64_t{~std::bit_cast<uint32_t>(score)} << 32 | row;
  }

  // The place of a new key is found from the end: the later it comes, the nearer it is.
  void insert(uint64_t key) {
    size_t place = size_ < k_ ? size_++ : k_ - 1;
    for (; place > 0 && keys_[place - 1] > key; --place) keys_[place] = keys_[place - 1];
    keys_[place] = key;
    if (size_ == k_) bound_ = keys_[k_ - 1];
  }

  static constexpr size_t kFew = 64;
  size_t k_ = 0, size_ = 0;
  uint64_t bound_ = 0;
  std::vector<uint64_t> keys_;
};

}  // namespace whitney::search
