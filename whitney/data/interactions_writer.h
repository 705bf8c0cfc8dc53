#pragma once

#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"

namespace whitney {

/// Writes events as lines `user item [value [time]]` between tabs (a .csv: commas) below the heading
/// `user_id item_id [rating [timestamp]]`, users in their order: `read_interactions` reads the same events
/// back, but for users and items that have none; a .safetensors holds these, too (interactions_file.h). "-"
/// is standard output. Throws Error for another extension, for an id that such a line cannot hold (a
/// separator, a line's end, a space at an end, # at the beginning), and as AtomicFile does.
WHITNEY_API void write_interactions(const Interactions& events, const std::string& path, bool force,
                                    const Context& context);

}  // namespace whitney
