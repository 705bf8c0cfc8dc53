#include "bench/mnist.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::bench {

Matrix read_mnist_images(const std::string& path, int64_t limit) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  uint8_t head[16];
  if (file == nullptr || gzread(file.get(), head, 16) != 16) fail(path, ": cannot be read; set WHITNEY_DATA");
  const auto number = [&](int at) {
    return (int64_t{head[at]} << 24) | (head[at + 1] << 16) | (head[at + 2] << 8) | head[at + 3];
  };
  if (number(0) != 0x803) fail(path, ": is no IDX file of images");
  Matrix images(std::min(number(4), limit), number(8) * number(12));
  float* to = images.mutable_data<float>();
  std::vector<uint8_t> pixels(static_cast<size_t>(images.cols()));
  for (int64_t i = 0; i < images.rows(); ++i) {
    if (gzread(file.get(), pixels.data(), static_cast<unsigned>(pixels.size())) != std::ssize(pixels)) {
      fail(path, ": ends in image ", i);
    }
    to = std::copy(pixels.begin(), pixels.end(), to);
  }
  return images;
}

std::string data_folder() {
  const char* given = std::getenv("WHITNEY_DATA");
  if (given != nullptr) return given;
  return (std::filesystem::path(__FILE__).parent_path() / "../../shared/data").lexically_normal().string();
}

}  // namespace whitney::bench
