#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace whitney::search {

/// Keeps the scratch of finished searches for the next ones, so that these allocate nothing.
template <class Scratch>
class SpareScratch {
 public:
  std::unique_ptr<Scratch> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<Scratch>();
    std::unique_ptr<Scratch> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }
  void give(std::unique_ptr<Scratch> scratch) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Scratch>> free_;
};

}  // namespace whitney::search
