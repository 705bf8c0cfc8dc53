#pragma once

#include <string_view>

#include "whitney/text/regex_syntax.h"

namespace whitney::text::regex {

/// True when a set of (?i) holds a letter that is several letters in another case.
bool has_long_folds(const Node& node);

/// Lets what is compared without case take a letter for several, as Oniguruma does: "ss" takes U+00DF, U+00DF
/// takes "SS", [U+00DF] too. In a run of literals the longest such letters from the left are looked for;
/// within a look-behind, and in negated classes and \p{..}, a letter stands for one only. Throws Error that
/// names the pattern when it would grow beyond measure.
void expand_folds(Node& node, std::string_view pattern);

}  // namespace whitney::text::regex
