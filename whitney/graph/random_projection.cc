#include "whitney/graph/random_projection.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/random.h"

namespace whitney::graph {

uint64_t random_key(const Ids& ids, int64_t row) {
  if (!ids.is_integer()) return hash64(ids.string(row));
  std::array<char, 24> digits{};
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), ids.integer(row)).ptr;
  return hash64(std::string_view(digits.data(), static_cast<size_t>(end - digits.data())));
}

RandomProjection::RandomProjection(Projection law, int64_t dim, double sparsity, uint64_t seed,
                                   std::string purpose)
    : law_(law), dim_(dim), seed_(seed), purpose_(std::move(purpose)) {
  WHITNEY_CHECK(dim >= 1 && sparsity >= 1, "dim ", dim, ", sparsity ", sparsity);
  const double variance = 1.0 / static_cast<double>(dim);
  if (law == Projection::kGaussian) {
    magnitude_ = static_cast<float>(std::sqrt(variance));
    return;
  }
  magnitude_ = static_cast<float>(std::sqrt(sparsity * variance));
  // Powers by multiplication, not by the mathematical library: equal bits on every machine.
  const double zero = 1 - 1 / sparsity;
  double probability = 1;
  survival_.reserve(static_cast<size_t>(dim));
  for (int64_t g = 0; g < dim; ++g) survival_.push_back(probability *= zero);
}

void RandomProjection::sparse_row(uint64_t key, std::vector<Entry>& entries) const {
  WHITNEY_CHECK(law_ == Projection::kVerySparse);
  entries.clear();
  RandomStream stream(seed_, purpose_, key);
  // Independent entries have geometric gaps between the non-zero ones: one draw per non-zero entry instead of
  // one per entry. The upper 53 bits of a draw choose the gap, the lowest bit the sign.
  for (int64_t column = 0;; ++column) {
    const uint64_t bits = stream.next_u64();
    const double u = static_cast<double>((bits >> 11) + 1) * 0x1p-53;
    const auto gap =
        std::partition_point(survival_.begin(), survival_.end(), [u](double p) { return p >= u; });
    column += gap - survival_.begin();
    if (column >= dim_) return;
    entries.push_back({static_cast<int32_t>(column), (bits & 1) != 0 ? magnitude_ : -magnitude_});
  }
}

void RandomProjection::write_row(uint64_t key, float* out) const {
  if (law_ == Projection::kGaussian) {
    RandomStream stream(seed_, purpose_, key);
    for (int64_t j = 0; j < dim_; ++j) out[j] = static_cast<float>(stream.normal()) * magnitude_;
    return;
  }
  thread_local std::vector<Entry> entries;
  sparse_row(key, entries);
  std::fill(out, out + dim_, 0.0F);
  for (const Entry& entry : entries) out[entry.column] = entry.value;
}

}  // namespace whitney::graph
