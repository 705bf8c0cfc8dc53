#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/error.h"

namespace whitney {

/// Allocates `size_bytes` bytes aligned to 64; the content is not set. Throws Error when memory runs out.
WHITNEY_API std::shared_ptr<void> allocate_aligned(int64_t size_bytes);

/// A run of `size` values in one 64-byte aligned allocation, or a view of memory that somebody else keeps
/// alive (a mapped file, a numpy array). Copies share the memory; `mutable_data` copies first when it is
/// shared or foreign.
template <class T>
class Array {
 public:
  Array() = default;
  /// Makes `size` values that are not set.
  explicit Array(int64_t size) : size_(size) {
    auto owned = std::static_pointer_cast<T>(allocate_aligned(size * static_cast<int64_t>(sizeof(T))));
    data_ = owned.get();
    owner_ = std::move(owned);
    owned_ = true;
  }
  Array(int64_t size, T value) : Array(size) {
    T* data = const_cast<T*>(data_);
    for (int64_t i = 0; i < size; ++i) data[i] = value;
  }
  Array(std::initializer_list<T> values) : Array(static_cast<int64_t>(values.size())) {
    if (size_ > 0) std::memcpy(const_cast<T*>(data_), values.begin(), values.size() * sizeof(T));
  }
  static Array copy_of(std::span<const T> values) {
    Array result(static_cast<int64_t>(values.size()));
    if (!values.empty()) std::memcpy(const_cast<T*>(result.data_), values.data(), values.size_bytes());
    return result;
  }
  /// Shows memory that `owner` keeps alive; never written through.
  static Array view(std::shared_ptr<const void> owner, const T* data, int64_t size) {
    Array result;
    result.owner_ = std::move(owner);
    result.data_ = data;
    result.size_ = size;
    return result;
  }

  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T* data() const { return data_; }
  const T& operator[](int64_t i) const { return data_[i]; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  std::span<const T> span() const { return {data_, static_cast<size_t>(size_)}; }
  /// What keeps the memory alive (for views made of this one).
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// Gives memory that only this array sees: copies when it is shared or foreign.
  T* mutable_data() {
    if (size_ > 0 && (!owned_ || owner_.use_count() != 1)) *this = copy_of(span());
    return const_cast<T*>(data_);
  }
  std::span<T> mutable_span() { return {mutable_data(), static_cast<size_t>(size_)}; }

 private:
  std::shared_ptr<const void> owner_;
  const T* data_ = nullptr;
  int64_t size_ = 0;
  bool owned_ = false;
};

}  // namespace whitney
