#pragma once

#include <string>
#include <utility>

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

}  // namespace whitney
