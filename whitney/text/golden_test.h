#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace whitney::text {

/// The lines of a file of tests/data/text, which ctest tells the place of, else one above the folder that the
/// test runs in; empty when there is none. The environment variable `instead` names another file.
inline std::vector<std::string> golden_lines(const std::string& name, const char* instead = nullptr) {
  std::string path;
  if (const char* other = instead != nullptr ? std::getenv(instead) : nullptr) {
    path = other;
  } else if (const char* root = std::getenv("WHITNEY_ROOT")) {
    path = std::string(root) + "/tests/data/text/" + name;
  } else {
    std::filesystem::path up = std::filesystem::current_path();
    while (!std::filesystem::exists(up / "tests/data/text") && up != up.parent_path()) up = up.parent_path();
    path = (up / "tests/data/text" / name).string();
  }
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace whitney::text
