#include "bench/data_folder.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace whitney::bench {

std::string data_folder() {
  const char* given = std::getenv("WHITNEY_DATA");
  if (given != nullptr) return given;
  return (std::filesystem::path(WHITNEY_BENCH_FOLDER) / "../../shared/data").lexically_normal().string();
}

std::optional<std::string> find_data(const std::string& name) {
  std::string folder = data_folder() + "/" + name;
  if (std::filesystem::is_directory(folder)) return folder;
  std::fprintf(stderr, "skipped: %s is absent (WHITNEY_DATA names the folder of the data sets)\n",
               folder.c_str());
  return std::nullopt;
}

}  // namespace whitney::bench
