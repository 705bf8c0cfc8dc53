#include "whitney/core/parallel_producers.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace whitney {

struct Producers::State {
  enum class Slot : uint8_t { kFree, kFilling, kFull };

  void produce();
  int slot_of(int64_t item) const { return static_cast<int>(item % std::ssize(slots)); }

  int64_t count = 0, next = 0;
  std::function<void(int64_t, int)> make;
  std::vector<Slot> slots;
  std::vector<std::exception_ptr> failures;
  bool stopping = false;
  std::mutex mutex;
  std::condition_variable freed, filled;
  std::vector<std::thread> threads;
};

void Producers::State::produce() {
  std::unique_lock lock(mutex);
  for (;;) {
    // Items are begun in order, and an item's slot was that of the item `depth` before.
    freed.wait(lock, [&] {
      return stopping || next >= count || slots[static_cast<size_t>(slot_of(next))] == Slot::kFree;
    });
    if (stopping || next >= count) return;
    const int64_t item = next++;
    const auto slot = static_cast<size_t>(slot_of(item));
    slots[slot] = Slot::kFilling;
    lock.unlock();
    std::exception_ptr failure;
    try {
      make(item, static_cast<int>(slot));
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failures[slot] = failure;
    slots[slot] = Slot::kFull;
    filled.notify_one();
    freed.notify_all();  // those that see that the last item is begun
  }
}

Producers::Producers(int64_t count, int threads, int depth, std::function<void(int64_t, int)> make)
    : state_(std::make_unique<State>()) {
  state_->count = count;
  state_->make = std::move(make);
  state_->slots.resize(static_cast<size_t>(depth));
  state_->failures.resize(static_cast<size_t>(depth));
  for (int thread = 0; thread < threads; ++thread)
    state_->threads.emplace_back([state = state_.get()] { state->produce(); });
}

Producers::~Producers() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->freed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

int Producers::wait_for(int64_t item) {
  const auto slot = static_cast<size_t>(state_->slot_of(item));
  std::unique_lock lock(state_->mutex);
  state_->filled.wait(lock, [&] { return state_->slots[slot] == State::Slot::kFull; });
  if (state_->failures[slot]) std::rethrow_exception(state_->failures[slot]);
  return static_cast<int>(slot);
}

void Producers::release(int64_t item) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->slots[static_cast<size_t>(state_->slot_of(item))] = State::Slot::kFree;
  }
  state_->freed.notify_all();
}

}  // namespace whitney
