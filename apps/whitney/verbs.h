#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/whitney/command.h"

namespace whitney::app {

VerbCommand learn_verb();
VerbCommand encode_verb();
VerbCommand compress_verb();
VerbCommand index_verb();
VerbCommand search_verb();
VerbCommand evaluate_verb();
VerbCommand diagnose_verb();
VerbCommand serve_verb();
VerbCommand convert_verb();
VerbCommand inspect_verb();
VerbCommand methods_verb();
VerbCommand estimate_verb();
VerbCommand info_verb();

/// All verbs, in the order of the help.
const std::vector<VerbCommand>& verbs();
std::vector<std::string> verb_names();
/// Null when there is none.
const VerbCommand* find_verb(std::string_view name);

}  // namespace whitney::app
