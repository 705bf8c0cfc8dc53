#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"

namespace whitney {

/// Pairs of ids in the order of their file, repeated ones too: queries and what answers them, labels of
/// pairs.
struct IdPairs {
  std::vector<std::string> first, second;
  /// The line of each in the file `name`, for errors.
  std::vector<int64_t> lines;
  std::string name;

  int64_t size() const { return static_cast<int64_t>(first.size()); }
};

/// Reads a pair a line, its ids between tabs, or between blanks where the line has no tab; blank lines are
/// skipped, no line is a comment or a heading; gz, xz, zst. Throws Error that names file and line.
WHITNEY_API IdPairs read_id_pairs(const std::string& path, const Context& context);

/// Throws Error that names file and line of a pair whose ids are one: an item is no answer to itself.
[[noreturn]] WHITNEY_API void refuse_pair_with_itself(const IdPairs& pairs, size_t place);

}  // namespace whitney
