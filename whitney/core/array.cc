#include "whitney/core/array.h"

#include <sys/mman.h>

#include <cstdlib>

namespace whitney {

std::shared_ptr<void> allocate_aligned(int64_t size_bytes) {
  constexpr int64_t kLine = 64, kHugePage = int64_t{1} << 21, kHugeFrom = 2 * kHugePage;
  if (size_bytes < 0 || size_bytes > INT64_MAX - kHugePage) fail("cannot allocate ", size_bytes, " bytes");
  // Rows read here and there of a matrix of 1 GiB miss the address cache at every row with pages of 4 KiB: a
  // sparse product takes 1.2 to 2 times as long.
  const int64_t alignment = size_bytes >= kHugeFrom ? kHugePage : kLine;
  // At least one line, so that even an empty array has an address; whole lines, as aligned_alloc wants.
  const int64_t rounded = size_bytes == 0 ? alignment : (size_bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(static_cast<size_t>(alignment), static_cast<size_t>(rounded));
  if (memory == nullptr) fail("out of memory: ", size_bytes, " bytes could not be allocated");
  // Only a wish: where the system gives no huge pages, the memory is as good.
  if (alignment == kHugePage) static_cast<void>(madvise(memory, static_cast<size_t>(rounded), MADV_HUGEPAGE));
  return {memory, [](void* p) { std::free(p); }};
}

}  // namespace whitney
