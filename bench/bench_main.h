#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "whitney/core/context.h"

namespace whitney::bench {

/// Runs what a bench does and gives its exit code: 0 where `body` gives true, 1 where it gives false (a claim
/// is missed) or throws, which becomes a line on stderr behind the bench's name. Lines of stdout appear as
/// they are printed.
int bench_main(std::string_view name, const std::function<bool()>& body);

/// Gives the settings of runs on one thread.
Context one_thread();

/// Writes a number as printf does: digits(0.5, "%.2f").
std::string digits(double value, const char* format);

}  // namespace whitney::bench
