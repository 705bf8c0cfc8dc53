#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace whitney {

/// Collects rows that may be among the k of lowest key, where keys are known up to a margin. Rows that cannot
/// be among them are dropped from time to time: appending and then selecting costs less than a heap.
class Candidates {
 public:
  /// `limit`: what limit() says at first, where k rows are known elsewhere.
  explicit Candidates(int64_t k, float limit = std::numeric_limits<float>::infinity());
  /// k rows have keys of at most this for certain: a row whose key less its margin is above cannot be among
  /// the k best.
  float limit() const { return limit_; }
  /// Adds a row whose exact key lies within `margin` of `key`.
  void add(float key, float margin, uint32_t row) { append({key - margin, key + margin, row}); }
  /// Adds a row whose exact key lies between two numbers.
  void add_between(float least, float greatest, uint32_t row) { append({least, greatest, row}); }
  /// Adds a row about whose key nothing is known.
  void add_always(uint32_t row) {
    append({-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity(), row});
  }
  /// Calls body(least, row) for the rows that may be among the k best, in no order, with the least key that
  /// each may have; none are left.
  template <class Body>
  void take(const Body& body) {
    shrink();
    for (const Entry& entry : entries_) body(entry.lower, entry.row);
    entries_.clear();
  }
  /// Drops what can be dropped and gives back the memory.
  void finish() {
    shrink();
    entries_.shrink_to_fit();
  }

 private:
  friend std::vector<uint32_t> merge_candidates(std::span<Candidates> parts, int64_t k);
  struct Entry {
    float lower;
    float upper;
    uint32_t row;
  };
  void append(const Entry& entry) {
    entries_.push_back(entry);
    if (entries_.size() >= capacity_) shrink();
  }
  void shrink();

  size_t k_;
  size_t capacity_;
  float limit_;
  std::vector<Entry> entries_;
};

/// Gives the rows of all parts that may be among the k best of them together, ascending; empties the parts.
std::vector<uint32_t> merge_candidates(std::span<Candidates> parts, int64_t k);

}  // namespace whitney
