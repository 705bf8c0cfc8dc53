#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace whitney::search {

/// Keeps the k rows of the highest scores, of equal ones the smaller rows. Few are kept in order; of many,
/// what is offered is collected, and cut to the best k now and then. Scores are not NaN.
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
  static float score_of(uint64_t key) {
    const auto ordered = ~static_cast<uint32_t>(key >> 32);
    return std::bit_cast<float>((ordered & kSign) != 0 ? ordered ^ kSign : ~ordered);
  }
  static uint32_t row_of(uint64_t key) { return static_cast<uint32_t>(key); }

 private:
  static constexpr uint32_t kSign = uint32_t{1} << 31;

  // Bits of floats order as they do once those of negative ones are turned over; -0 becomes 0. The best key
  // is the smallest.
  static uint64_t key_of(float score, uint32_t row) {
    const auto bits = std::bit_cast<uint32_t>(score + 0.0F);
    const uint32_t ordered = (bits & kSign) != 0 ? ~bits : bits ^ kSign;
    return uint64_t{~ordered} << 32 | row;
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
