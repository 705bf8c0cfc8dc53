#include "apps/whitney/verbs.h"

namespace whitney::app {

const std::vector<VerbCommand>& verbs() {
  static const std::vector<VerbCommand> all{learn_verb(),   encode_verb(),   compress_verb(), index_verb(),
                                            search_verb(),  evaluate_verb(), diagnose_verb(), serve_verb(),
                                            convert_verb(), inspect_verb(),  methods_verb(),  estimate_verb(),
                                            info_verb()};
  return all;
}

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const VerbCommand& verb : verbs()) names.push_back(verb.name);
  return names;
}

const VerbCommand* find_verb(std::string_view name) {
  for (const VerbCommand& verb : verbs()) {
    if (verb.name == name) return &verb;
  }
  return nullptr;
}

}  // namespace whitney::app
