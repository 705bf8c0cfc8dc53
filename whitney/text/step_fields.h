#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "whitney/core/value.h"
#include "whitney/text/known_members.h"

namespace whitney::text {

/// Reads the members of one step that a tokenizer.json declares; errors name the step.
class StepFields {
 public:
  /// Throws Error when `declaration` is no object with a "type", or has a member that check_members does not
  /// know. `part` is what the step is of: "normalizer".
  StepFields(const Value& declaration, std::string_view part) : declaration_(declaration), part_(part) {
    const Value* type = declaration.find("type");
    if (type == nullptr || !type->is_string()) fail("tokenizer.json: ", part_, ": a step without a \"type\"");
    type_ = type->as_string();
    check_members(concat("tokenizer.json: ", part_, " "), part_, type_, declaration);
  }

  const std::string& type() const { return type_; }

  /// The member, or null where it is absent or null.
  const Value* find(std::string_view key) const {
    const Value* value = declaration_.find(key);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  const Value& at(std::string_view key) const {
    const Value* value = find(key);
    if (value == nullptr) wrong(key, "is missing");
    return *value;
  }
  bool flag(std::string_view key, bool otherwise) const {
    const Value* value = find(key);
    if (value == nullptr) return otherwise;
    if (!value->is_bool()) wrong(key, "is not true or false");
    return value->as_bool();
  }
  bool flag(std::string_view key) const {
    static_cast<void>(at(key));
    return flag(key, false);
  }
  const std::string& text(std::string_view key) const {
    const Value& value = at(key);
    if (!value.is_string()) wrong(key, "is not a string");
    return value.as_string();
  }
  const Value::List& list(std::string_view key) const {
    const Value& value = at(key);
    if (!value.is_list()) wrong(key, "is not a list");
    return value.as_list();
  }

  /// Throws Error about the step, or one of its members.
  [[noreturn]] void wrong(std::string_view key, std::string_view what) const {
    fail("tokenizer.json: ", part_, " ", type_, ": \"", key, "\" ", what);
  }
  [[noreturn]] void unknown() const {
    fail("tokenizer.json: the ", part_, " \"", type_, "\" cannot be served");
  }

 private:
  const Value& declaration_;
  std::string part_;
  std::string type_;
};

}  // namespace whitney::text
