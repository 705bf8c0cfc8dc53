#pragma once

#include "whitney/core/context.h"

namespace whitney::app {

/// The flag that Ctrl-C (SIGINT), SIGTERM and SIGHUP raise.
const CancellationToken& interruption();

/// Lets these signals raise the flag, so that work stops at its next block border and leaves no output; a
/// second one ends the program at once.
void catch_interruptions();

}  // namespace whitney::app
