#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "whitney/core/parallel_producers.h"

namespace whitney {

/// Items 0, 1, ..., count - 1 that threads of their own make ahead of whoever takes them: producers and a
/// consumer around a bounded queue. Items come in their order whoever made them, so that what is taken does
/// not depend on the number of producers as long as `make` is a function of the item's number. `make` is
/// called from several threads at once; what it throws, `take` throws in its turn. Taking is for one thread.
template <class T>
class MadeAhead {
 public:
  using Make = std::function<T(int64_t item)>;

  /// Without producers each item is made when it is taken. At most `depth` (1 or more) wait to be taken.
  MadeAhead(int64_t count, int producers, int depth, Make make)
      : make_(std::move(make)), slots_(static_cast<size_t>(depth)) {
    if (producers < 1) return;
    producers_ = std::make_unique<Producers>(count, producers, depth, [this](int64_t item, int slot) {
      slots_[static_cast<size_t>(slot)] = make_(item);
    });
  }

  MadeAhead(const MadeAhead&) = delete;
  MadeAhead& operator=(const MadeAhead&) = delete;

  /// The next item.
  T take() {
    const int64_t item = next_++;
    if (!producers_) return make_(item);
    T taken = std::move(slots_[static_cast<size_t>(producers_->wait_for(item))]);
    producers_->release(item);
    return taken;
  }

 private:
  Make make_;
  std::vector<T> slots_;
  int64_t next_ = 0;
  /// Last, so that its threads end before what they fill.
  std::unique_ptr<Producers> producers_;
};

}  // namespace whitney
