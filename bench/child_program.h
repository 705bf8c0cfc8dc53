#pragma once

#include <string>
#include <vector>

namespace whitney::bench {

/// Runs a program to its end, its standard output into `output` (a file descriptor). Throws Error when it
/// fails.
void run_to_end(const std::vector<std::string>& words, int output);

/// What a program writes to standard output, up to a pipe's room. Throws Error when it fails.
std::string answer_of(const std::vector<std::string>& words);

}  // namespace whitney::bench
