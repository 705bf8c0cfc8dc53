// Replays a fuzzer's kept corpus as a plain test: each file as it is, cut short at every byte (at 4,096
// evenly spaced places when it is larger), and with each single bit flipped when it is small. No crash and no
// leak is the test.
//   whitney_fuzz_<name> [--bits N] FOLDER_OR_FILE ...   flips N bits of a byte, other ones in each, not all

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMostCuts = 4096;
constexpr size_t kMostFlippedBytes = 1024;

// A copy that ends where the input ends, so that a sanitizer sees a read past it.
void run(std::span<const uint8_t> input) {
  const auto copy = std::make_unique<uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), copy.get());
  LLVMFuzzerTestOneInput(copy.get(), input.size());
}

size_t replay(std::vector<uint8_t> bytes, size_t num_bits) {
  size_t count = 1;
  run(bytes);
  const size_t step = std::max<size_t>(1, bytes.size() / kMostCuts);
  for (size_t size = 0; size < bytes.size(); size += step, ++count) run(std::span(bytes).first(size));
  if (bytes.size() > kMostFlippedBytes) return count;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (size_t bit = 0; bit < num_bits; ++bit, ++count) {
      const uint8_t before = bytes[i];
      bytes[i] = static_cast<uint8_t>(before ^ (1U << ((i * num_bits + bit) % 8)));
      run(bytes);
      bytes[i] = before;
    }
  }
  return count;
}

std::vector<std::filesystem::path> files_under(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    size_t num_files = 0;
    size_t num_inputs = 0;
    size_t num_bits = 8;
    for (int i = 1; i < argc; ++i) {
      if (std::string_view(argv[i]) == "--bits" && i + 1 < argc) {
        num_bits = std::stoul(argv[++i]);
        continue;
      }
      for (const auto& file : files_under(argv[i])) {
        std::ifstream stream(file, std::ios::binary);
        std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
        if (!stream) throw std::runtime_error("cannot read " + file.string());
        std::printf("%s\n", file.c_str());
        std::fflush(stdout);  // the last name printed is the file that crashed
        num_inputs += replay(std::move(bytes), num_bits);
        ++num_files;
      }
    }
    std::printf("%zu files, %zu inputs\n", num_files, num_inputs);
    return num_files > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
