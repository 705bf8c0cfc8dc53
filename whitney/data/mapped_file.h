#pragma once

#include <cstddef>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/array.h"

namespace whitney {

/// Maps a file for reading, shared between processes; the array keeps the mapping alive. An empty file gives
/// an empty array. Throws Error that names the file when it is missing, cannot be read or is no plain file.
/// The file must not be cut short while it is mapped (Whitney itself replaces files by renaming, which leaves
/// a mapping whole).
WHITNEY_API Array<std::byte> map_file(const std::string& path);

}  // namespace whitney
