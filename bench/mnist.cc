#include "bench/mnist.h"

#include <algorithm>

#include "whitney/core/context.h"
#include "whitney/data/readers.h"

namespace whitney::bench {
namespace {

// The reader keeps bytes as they are; benches compare float32.
Matrix first_rows(const std::string& path, int64_t limit) {
  const Matrix stored = read_vectors(path, {}, Context()).vectors;
  return Matrix::copy_of(stored.view().slice(0, std::min(limit, stored.rows()))).to_float32();
}

}  // namespace

Matrix read_mnist_images(const std::string& path, int64_t limit) { return first_rows(path, limit); }

std::vector<int> read_mnist_digits(const std::string& path, int64_t limit) {
  const Matrix labels = first_rows(path, limit);
  std::vector<int> digits;
  for (int64_t row = 0; row < labels.rows(); ++row)
    digits.push_back(static_cast<int>(labels.row<float>(row)[0]));
  return digits;
}

}  // namespace whitney::bench
