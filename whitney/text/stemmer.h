#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "whitney/core/api.h"

namespace whitney::text {

/// How words are brought to a common stem.
enum class Stemmer : uint8_t { kNone, kEnglish };
inline constexpr auto enum_names(Stemmer) { return std::array{"none", "english"}; }

/// Replaces an English word in lower case (UTF-8) by its stem: Porter2, as
/// https://snowballstem.org/algorithms/english/stemmer.html describes it (Snowball 3.1). Words of two letters
/// or less stay. "flows", "flowing" -> "flow"; "universities" -> "universiti".
WHITNEY_API void stem_english(std::string& word);

}  // namespace whitney::text
