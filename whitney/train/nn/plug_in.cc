#include "whitney/core/api.h"

/// What libwhitney.so asks before it calls anything of libwhitney_train.so.
extern "C" WHITNEY_API const char* whitney_plug_in_version();

const char* whitney_plug_in_version() { return whitney::kVersion; }
