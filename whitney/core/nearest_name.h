#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney {

/// Finds the name that the user probably meant: the least edits (a swap of neighbours is one), at most a
/// third of the length and at least 1; nothing when none is that near. Equal distance: the earlier name.
WHITNEY_API std::optional<std::string> nearest_name(std::string_view wrong,
                                                    std::span<const std::string> names);

/// Gives `; did you mean "NAME"?` or an empty text: the tail of an error's sentence.
WHITNEY_API std::string did_you_mean(std::string_view wrong, std::span<const std::string> names);

}  // namespace whitney
