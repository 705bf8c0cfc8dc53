#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/data_folder.h"
#include "whitney/core/matrix.h"

namespace whitney::bench {

/// Reads the images of a gzipped IDX file of MNIST, pixels 0..255 as float32, a row for each; at most
/// `limit`. Throws Error that names the file.
Matrix read_mnist_images(const std::string& path, int64_t limit);

/// Reads the digits of a gzipped IDX file of MNIST's labels; at most `limit`.
std::vector<int> read_mnist_digits(const std::string& path, int64_t limit);

}  // namespace whitney::bench
