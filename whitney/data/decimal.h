#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace whitney::data {

/// The whole text as a float32, rounded once ("1", "+2.5", "-3e-4"); nothing when it is no number, "inf" or
/// "nan" or beyond float32's range. What is too small becomes zero.
std::optional<float> parse_float(std::string_view text);

/// Appends the shortest digits that read back as the same float32.
void append_float(std::string& out, float value);

}  // namespace whitney::data
