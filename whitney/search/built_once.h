#pragma once

#include <atomic>
#include <memory>
#include <mutex>

namespace whitney::search {

/// A part that is built at its first use, by one thread while others wait, and never changes afterwards. When
/// building throws (a requested stop, a damaged file), the next use tries again.
template <class T>
class BuiltOnce {
 public:
  /// `build` returns a std::unique_ptr<const T>.
  template <class Build>
  const T& get(const Build& build) const {
    if (const T* ready = ready_.load(std::memory_order_acquire)) return *ready;
    const std::lock_guard lock(building_);
    if (owner_ == nullptr) {
      owner_ = build();
      ready_.store(owner_.get(), std::memory_order_release);
    }
    return *owner_;
  }

 private:
  mutable std::mutex building_;
  mutable std::unique_ptr<const T> owner_;
  mutable std::atomic<const T*> ready_{nullptr};
};

}  // namespace whitney::search
