#pragma once

// Where tests find the files that the tree keeps for them.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace whitney {

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

/// All bytes of a file; none when it cannot be read.
inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace whitney
