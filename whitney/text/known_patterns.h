#pragma once

#include <string_view>

namespace whitney::text {

/// Gives the end of the match that begins at p, below `end`. The patterns match everywhere, without gaps.
using PatternMatcher = const char* (*)(const char* p, const char* end);

/// The hand-written matcher of a well-known pattern, or null: GPT-2's, those of Llama 3, Qwen 2 and cl100k.
/// Gives what Regex gives, by hand-written loops.
PatternMatcher known_matcher(std::string_view pattern);

inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace whitney::text
