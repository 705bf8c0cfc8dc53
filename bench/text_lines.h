#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace whitney::bench {

/// Gives the parts between separators: one more than there are of these, empty ones included.
std::vector<std::string> split(std::string_view text, char separator);

/// Gives the lines of a file, unpacked where it is compressed. Throws Error where it cannot be read.
std::vector<std::string> lines_of(const std::string& path);

}  // namespace whitney::bench
