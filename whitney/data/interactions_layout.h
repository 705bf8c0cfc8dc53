#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/interactions_reader.h"

namespace whitney::data {

/// Where the fields of a file of events stand.
struct InteractionsLayout {
  /// " ": any white space.
  std::string_view separator = " ";
  bool is_list = false, has_heading = false;
  size_t user = 0, item = 1;
  std::optional<size_t> value, time;
  size_t num_fields = 0;
  /// The lines could be columns as well as lists.
  bool is_ambiguous = false;
};

/// Cuts a line at a separator; at " " in words.
std::vector<std::string_view> split_fields(std::string_view line, std::string_view separator);

/// Tells the layout by the first lines of a file that are neither blank nor comments, of which there must be
/// one. A note tells what is read where both forms fit. Throws Error that names the file and what its heading
/// lacks. The layout views no line. name: of the file.
InteractionsLayout layout_of(std::span<const std::string_view> lines, const std::string& name,
                             const InteractionsOptions& options, const Context& context);

}  // namespace whitney::data
