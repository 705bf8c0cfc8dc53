#pragma once

#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/artifact.h"
#include "whitney/data/interactions.h"
#include "whitney/data/interactions_reader.h"

namespace whitney {

/// Writes events whole as an artifact (kind `interactions`): users and items that have none are kept, ids of
/// any text, and the order of both, which lines between tabs (interactions_writer.h) cannot hold. Tensors:
/// users.ids.*, items.ids.*, events.offsets (I64, users + 1), events.items (U32), and where there are some
/// events.values (F32) and events.times (I64).
WHITNEY_API void save_interactions(const Interactions& events, const std::string& path, bool force,
                                   const Context& context);

/// Reads them back, mapped, and looks at every row once. Throws Error that names the file and what is wrong.
WHITNEY_API Interactions load_interactions(const Artifact& artifact);

namespace data {

/// Whether a file of events is to be read as an artifact: by its name, or by how it begins.
bool is_interactions_file(const std::string& path);

/// What read_interactions gives of such a file, packed or not: of the options those about values count.
Interactions read_interactions_file(const std::string& path, const InteractionsOptions& options,
                                    const Context& context);

}  // namespace data
}  // namespace whitney
