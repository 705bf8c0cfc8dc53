#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace whitney::search {

/// What an index makes of the rows that a filter allows, kept beside these: the next search under the filter
/// finds it there. Thread-safe.
class FilterMemo {
 public:
  /// Larger content is not kept: there is one for each filter that is.
  static constexpr int64_t kMostBytes = int64_t{1} << 20;

  struct Content {
    virtual ~Content() = default;
    /// At most, once all of it has been made.
    virtual int64_t size_bytes() const = 0;
  };

  /// Whether somebody asked so before: what takes longer to make than one search gains by it waits for the
  /// second.
  bool is_met_again() { return was_met_.exchange(true, std::memory_order_relaxed); }

  /// What was kept, or else what `make` gives, a shared_ptr<const T>: T is a Content.
  template <class T, class Make>
  std::shared_ptr<const T> get(const Make& make) {
    {
      const std::lock_guard lock(mutex_);
      if (auto kept = std::dynamic_pointer_cast<const T>(content_)) return kept;
    }
    // Two searches may make it at once.
    std::shared_ptr<const T> made = make();
    if (made->size_bytes() > kMostBytes) return made;
    const std::lock_guard lock(mutex_);
    content_ = made;
    return made;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const Content> content_;
  std::atomic<bool> was_met_ = false;
};

}  // namespace whitney::search
