#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "whitney/search/filter_watch.h"

namespace whitney::search {

/// A part that is built at its first use, by one thread while others wait, and never changes afterwards. When
/// building throws (a requested stop, a deadline, a damaged file), the next use tries again.
template <class T>
class BuiltOnce {
 public:
  /// `build` returns a std::unique_ptr<const T>.
  template <class Build>
  const T& get(const Build& build) const {
    if (const T* ready = ready_.load(std::memory_order_acquire)) return *ready;
    return built(std::unique_lock(building_), build);
  }
  /// The same; where another thread builds and the watch's time passes meanwhile, throws what its check does.
  template <class Build>
  const T& get(const FilterWatch& watch, const Build& build) const {
    if (const T* ready = ready_.load(std::memory_order_acquire)) return *ready;
    if (!watch.deadline().at) return get(build);
    std::unique_lock lock(building_, std::try_to_lock);
    while (!lock.owns_lock()) {
      watch.check();
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      lock.try_lock();
    }
    return built(std::move(lock), build);
  }

 private:
  template <class Build>
  const T& built(std::unique_lock<std::mutex> /*lock*/, const Build& build) const {
    if (owner_ == nullptr) {
      owner_ = build();
      ready_.store(owner_.get(), std::memory_order_release);
    }
    return *owner_;
  }

  mutable std::mutex building_;
  mutable std::unique_ptr<const T> owner_;
  mutable std::atomic<const T*> ready_{nullptr};
};

}  // namespace whitney::search
