#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace whitney::bench {

/// hnswlib as its authors ship it, compiled for the very processor. Ids are row numbers.
class HnswlibIndex {
 public:
  HnswlibIndex(int64_t dim, int64_t num_rows, int m, int ef_construction, bool inner_product);
  ~HnswlibIndex();
  HnswlibIndex(const HnswlibIndex&) = delete;
  HnswlibIndex& operator=(const HnswlibIndex&) = delete;

  /// May be called by several threads at once.
  void add(const float* row, int64_t id);
  void set_ef(int64_t ef);
  /// Writes the k nearest ids, in any order.
  void search(const float* query, int64_t k, int64_t* ids) const;
  /// The same among ids whose bit (id % 64 of word id / 64) is set; ids beyond the bits are not.
  void search_allowed(const float* query, int64_t k, std::span<const uint64_t> bits, int64_t* ids) const;
  /// As large as its file.
  int64_t size_bytes() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace whitney::bench
