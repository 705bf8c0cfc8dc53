#pragma once

#include <mutex>
#include <shared_mutex>
#include <utility>

#include "whitney/search/searcher.h"

namespace whitney {

/// A searcher that threads share: they read it together and change it alone. A change waits for the reads
/// that are under way, and reads that come after it wait for the change, so that a stream of searches cannot
/// keep it out. What `read` hands out is valid within it. The time that a search waits is no part of its
/// timeout.
class SharedSearcher {
 public:
  explicit SharedSearcher(Searcher searcher) : searcher_(std::move(searcher)) {}

  /// Gives what work(const Searcher&) returns.
  template <class Work>
  auto read(const Work& work) const {
    std::unique_lock turn(turnstile_);
    const std::shared_lock lock(mutex_);
    turn.unlock();
    return work(searcher_);
  }
  /// Gives what work(Searcher&) returns; an exception leaves the searcher as the change that threw left it.
  template <class Work>
  auto change(const Work& work) {
    std::unique_lock turn(turnstile_);
    const std::unique_lock lock(mutex_);
    turn.unlock();
    return work(searcher_);
  }

 private:
  // Held while one waits for the other: std::shared_mutex alone prefers readers.
  mutable std::mutex turnstile_;
  mutable std::shared_mutex mutex_;
  Searcher searcher_;
};

}  // namespace whitney
