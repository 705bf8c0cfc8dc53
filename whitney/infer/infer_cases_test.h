#pragma once

// Where the tests of this room find their files, and how they write small ones.

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "whitney/core/array.h"

namespace whitney::infer {

/// A file or folder below tests/data: where ctest tells, else above the folder that the test runs in; empty
/// when neither has it.
inline std::string kept_file(const std::string& name) {
  const std::string below = "tests/data/" + name;
  if (const char* root = std::getenv("WHITNEY_ROOT")) return std::string(root) + "/" + below;
  for (std::filesystem::path up = std::filesystem::current_path();; up = up.parent_path()) {
    if (std::filesystem::exists(up / below)) return (up / below).string();
    if (up == up.parent_path()) return {};
  }
}

/// A folder of the real data, empty when it is not there.
inline std::string data_folder(const std::string& name) {
  const char* data = std::getenv("WHITNEY_DATA");
  if (data == nullptr) return {};
  const std::string path = std::string(data) + "/" + name;
  return std::filesystem::exists(path) ? path : std::string();
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Array<std::byte> bytes_of(std::string_view text) {
  return Array<std::byte>::copy_of(std::as_bytes(std::span(text)));
}

/// A safetensors file of a header and its data.
inline std::string safetensors(std::string_view header, std::string_view data) {
  const uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file.append(header).append(data);
}

}  // namespace whitney::infer
