#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

#include "whitney/core/error.h"

namespace whitney {

/// A new empty folder that is removed with all it holds at the end: where tests write, and where long work
/// spills what would not fit into memory.
class TemporaryFolder {
 public:
  /// In the system's folder of temporary files.
  TemporaryFolder() : TemporaryFolder(std::filesystem::temp_directory_path().string()) {}
  explicit TemporaryFolder(const std::string& under) : path_(under + "/whitney-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) fail(under, ": no folder can be made in it");
  }
  ~TemporaryFolder() {
    std::error_code ignored;  // a destructor has nobody to tell
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  /// The path of a file in it.
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// How many files and folders stand in it.
  int64_t num_entries() const {
    return std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator());
  }

 private:
  std::string path_;
};

}  // namespace whitney
