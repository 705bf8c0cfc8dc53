#include "whitney/text/skip_gram_pairs.h"

#include <algorithm>

namespace whitney::text {

void PairBuffer::add_sequence(std::span<const uint32_t> items, int64_t window, FastRandom& random) {
  const int64_t length = std::ssize(items);
  if (length < 2) return;
  for (int64_t centre = 0; centre < length; ++centre) {
    const auto reach =
        1 + static_cast<int64_t>(place_and_rest(random.next_u64(), static_cast<uint64_t>(window)).place);
    const int64_t first = std::max<int64_t>(0, centre - reach);
    const int64_t last = std::min(length - 1, centre + reach);
    const uint32_t row = rows_.inputs[items[static_cast<size_t>(centre)]];
    for (int64_t i = first; i <= last; ++i) {
      if (i != centre) add_row(row, items[static_cast<size_t>(i)]);
    }
  }
}

}  // namespace whitney::text
