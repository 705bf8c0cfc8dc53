#include "whitney/core/array.h"

#include <cstdlib>

namespace whitney {

std::shared_ptr<void> allocate_aligned(int64_t size_bytes) {
  constexpr int64_t kAlignment = 64;
  if (size_bytes < 0 || size_bytes > INT64_MAX - kAlignment) fail("cannot allocate ", size_bytes, " bytes");
  // At least one line, so that even an empty array has an address; whole lines, as aligned_alloc wants.
  const int64_t rounded =
      size_bytes == 0 ? kAlignment : (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, static_cast<size_t>(rounded));
  if (memory == nullptr) fail("out of memory: ", size_bytes, " bytes could not be allocated");
  return {memory, [](void* p) { std::free(p); }};
}

}  // namespace whitney
