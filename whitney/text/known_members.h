#pragma once

#include <string_view>

#include "whitney/core/value.h"

namespace whitney::text {

/// Throws Error about a member of a step that no version of the `tokenizers` library writes, for what it asks
/// for would change ids unseen; one that is null asks for nothing. `where` begins the sentence. `part` is
/// what the step is of ("normalizer"); steps of an unknown type are left to those who read them.
void check_members(std::string_view where, std::string_view part, std::string_view type,
                   const Value& declaration);

}  // namespace whitney::text
