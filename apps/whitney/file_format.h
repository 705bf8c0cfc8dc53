#pragma once

#include <string>

namespace whitney::app {

/// What a file holds, told by its extension (behind .gz, .xz or .zst) as the readers tell it.
enum class FileFormat { kArtifact, kVectors, kTable, kText };

FileFormat format_of(const std::string& path);

}  // namespace whitney::app
