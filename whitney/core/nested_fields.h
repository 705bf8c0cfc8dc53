#pragma once

#include <string>
#include <string_view>

#include "whitney/core/context.h"
#include "whitney/core/error.h"
#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney {

/// Declares the options of a part under its name: `encode.fields(NestedFields{field, "encode"})` in a
/// declaration makes "encode.pooling" of the part's "pooling", for the command line, Python and config files
/// alike. The part is fixed; a part that the user chooses is a MethodChoice.
template <class Field>
class NestedFields {
 public:
  /// Both must outlive the object.
  NestedFields(Field& field, const char* part) : field_(field), part_(part) {}
  template <class T, class... Rest>
  void operator()(const char* name, T& value, const Rest&... rest) const {
    field_((std::string(part_) + "." + name).c_str(), value, rest...);
  }

 private:
  Field& field_;
  const char* part_;
};

/// Notes which options of a part a user gave although the part does nothing here; `why` ends the sentence
/// "option "encode.pooling" has no effect ...".
template <class Part>
void note_idle_part(const Context& context, const Value& resolved, const std::string& part,
                    std::string_view why) {
  for (const OptionSpec& spec : option_specs<Part>()) {
    const std::string name = part + "." + spec.name;
    const Value* given = resolved.find(name);
    if (given != nullptr && *given != spec.default_value)
      context.note(concat("option \"", name, "\" has no effect ", why));
  }
}

}  // namespace whitney
