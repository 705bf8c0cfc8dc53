#include "whitney/linalg/standardize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/parallel.h"

namespace whitney {
namespace {

// A sum per column, formed block by block of rows and then in the order of the blocks. At most kMostBlocks
// rows of sums are kept, whatever the size.
template <class Add>
std::vector<double> sum_columns(const Context& context, const float* matrix, int64_t rows, int64_t cols,
                                const Add& add) {
  constexpr int64_t kMostBlocks = 512, kLeastRows = 256;
  const int64_t block = std::max(kLeastRows, (rows + kMostBlocks - 1) / kMostBlocks);
  const int64_t num_blocks = (rows + block - 1) / block;
  std::vector<double> partial(static_cast<size_t>(num_blocks * cols), 0.0);
  parallel_blocks(context, rows, block, [&](int64_t begin, int64_t end) {
    double* sums = partial.data() + begin / block * cols;
    for (int64_t r = begin; r < end; ++r) add(matrix + r * cols, sums);
  });
  std::vector<double> total(static_cast<size_t>(cols), 0.0);
  for (int64_t b = 0; b < num_blocks; ++b) {
    const double* sums = partial.data() + b * cols;
    for (int64_t c = 0; c < cols; ++c) total[static_cast<size_t>(c)] += sums[c];
  }
  return total;
}

}  // namespace

void standardize_columns(const Context& context, float* matrix, int64_t rows, int64_t cols) {
  if (rows == 0 || cols == 0) return;
  // Equal values sum exactly in float64, so a constant column has a deviation of exactly 0.
  std::vector<double> mean = sum_columns(context, matrix, rows, cols, [cols](const float* row, double* sums) {
    for (int64_t c = 0; c < cols; ++c) sums[c] += static_cast<double>(row[c]);
  });
  for (double& value : mean) value /= static_cast<double>(rows);
  std::vector<double> scale = sum_columns(context, matrix, rows, cols, [&](const float* row, double* sums) {
    for (int64_t c = 0; c < cols; ++c) {
      const double deviation = static_cast<double>(row[c]) - mean[static_cast<size_t>(c)];
      sums[c] += deviation * deviation;
    }
  });
  for (double& value : scale) value = value > 0 ? 1.0 / std::sqrt(value / static_cast<double>(rows)) : value;
  parallel_blocks(context, rows, 256, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* row = matrix + r * cols;
      for (int64_t c = 0; c < cols; ++c) {
        const size_t at = static_cast<size_t>(c);
        row[c] = static_cast<float>((static_cast<double>(row[c]) - mean[at]) * scale[at]);
      }
    }
  });
}

}  // namespace whitney
