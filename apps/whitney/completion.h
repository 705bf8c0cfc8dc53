#pragma once

#include <span>
#include <string>

namespace whitney::app {

/// Gives what may stand in the place of the last word (which may be empty), one a line: verbs, methods,
/// options and their choices, all from the declarations. Nothing: a file. The completion scripts call it.
std::string complete(std::span<const std::string> words);

}  // namespace whitney::app
