#include "apps/whitney/file_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

namespace whitney::app {

FileFormat format_of(const std::string& path) {
  static constexpr std::array<std::string_view, 12> kVectors{".npy",  ".fvecs", ".ivecs", ".bvecs",
                                                             ".fbin", ".u8bin", ".i8bin", ".ibin",
                                                             ".idx",  ".vec",   ".w2v",   ".bin"};
  static constexpr std::array<std::string_view, 4> kTables{".jsonl", ".ndjson", ".csv", ".tsv"};
  std::filesystem::path name(path);
  const std::string packing = name.extension();
  if (packing == ".gz" || packing == ".xz" || packing == ".zst") name = name.stem();
  std::string extension = name.extension();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".safetensors") return FileFormat::kArtifact;
  if (std::find(kVectors.begin(), kVectors.end(), extension) != kVectors.end()) return FileFormat::kVectors;
  if (name.string().ends_with("-ubyte")) return FileFormat::kVectors;
  if (std::find(kTables.begin(), kTables.end(), extension) != kTables.end()) return FileFormat::kTable;
  return FileFormat::kText;
}

}  // namespace whitney::app
