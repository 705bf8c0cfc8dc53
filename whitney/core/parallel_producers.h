#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "whitney/core/api.h"

namespace whitney {

/// Threads that fill numbered slots ahead of whoever empties them in order: what MadeAhead is made of.
class WHITNEY_API Producers {
 public:
  /// Calls `make(item, slot)` for item 0, 1, ... count - 1, slot = item % depth, once the slot is free.
  Producers(int64_t count, int threads, int depth, std::function<void(int64_t item, int slot)> make);
  /// Ends the threads after the items they are at.
  ~Producers();
  Producers(const Producers&) = delete;
  Producers& operator=(const Producers&) = delete;

  /// Waits until the item is made and gives its slot; throws what making it threw.
  int wait_for(int64_t item);
  /// Says that the slot of the item is free.
  void release(int64_t item);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whitney
