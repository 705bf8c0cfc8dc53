#pragma once

#include <cstdint>
#include <string>

#include "whitney/core/matrix.h"

namespace whitney::bench {

/// Reads the images of a gzipped IDX file of MNIST, pixels 0..255 as float32, a row for each; at most
/// `limit`. Throws Error that names the file.
Matrix read_mnist_images(const std::string& path, int64_t limit);

/// Gives the folder of the real data: WHITNEY_DATA, or ../shared/data beside the checkout.
std::string data_folder();

}  // namespace whitney::bench
