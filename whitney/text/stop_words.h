#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney::text {

/// Words that are left out because they stand in nearly every text: none; the 33 of Lucene's list for
/// English; or the longer list for English with pronouns, auxiliary verbs and the ends of contractions.
enum class StopWords : uint8_t { kNone, kEnglish, kEnglishLong };
inline constexpr auto enum_names(StopWords) { return std::array{"none", "english", "english_long"}; }

/// True when a word in lower case is on the list.
WHITNEY_API bool is_stop_word(StopWords list, std::string_view word);

}  // namespace whitney::text
