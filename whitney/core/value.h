#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/error.h"

namespace whitney {

/// A JSON value: what options, records and reports are made of. Objects keep the order of their keys.
class WHITNEY_API Value {
 public:
  using List = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;
  enum class Kind : uint8_t { kNull, kBool, kInt, kReal, kString, kList, kObject };

  Value() = default;
  Value(bool value) : data_(value) {}                           // NOLINT(google-explicit-constructor)
  Value(int value) : data_(int64_t{value}) {}                   // NOLINT(google-explicit-constructor)
  Value(int64_t value) : data_(value) {}                        // NOLINT(google-explicit-constructor)
  Value(double value) : data_(value) {}                         // NOLINT(google-explicit-constructor)
  Value(const char* value) : data_(std::string(value)) {}       // NOLINT(google-explicit-constructor)
  Value(std::string_view value) : data_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string value) : data_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Value(List value) : data_(std::move(value)) {}                // NOLINT(google-explicit-constructor)
  static Value object(Object members = {});

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_int() const { return kind() == Kind::kInt; }
  bool is_number() const { return kind() == Kind::kInt || kind() == Kind::kReal; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_list() const { return kind() == Kind::kList; }
  bool is_object() const { return kind() == Kind::kObject; }

  /// Each throws Error when the value is of another kind; as_real takes integers too.
  bool as_bool() const;
  int64_t as_int() const;
  double as_real() const;
  const std::string& as_string() const;
  const List& as_list() const;
  const Object& as_object() const;

  /// The member named `key`, or null when there is none (or this is no object). Linear in the number of
  /// members.
  const Value* find(std::string_view key) const;
  /// As find, but throws Error when it is missing.
  const Value& at(std::string_view key) const;
  /// Replaces or appends a member; a null value becomes an object first.
  Value& set(std::string_view key, Value value);
  /// Appends to a list; a null value becomes a list first.
  void push_back(Value value);

  friend bool operator==(const Value&, const Value&);

  /// Writes JSON; `indent` spaces a level, or one line when negative. Reals are the shortest text that reads
  /// back equal and always look like reals; NaN and infinities become null.
  std::string to_json(int indent = -1) const;
  /// Reads one JSON text; `where` begins the sentence of an Error ("table.jsonl:17"). Repeated keys are an
  /// Error.
  static Value parse_json(std::string_view text, std::string_view where);

 private:
  struct Members {
    Object list;
  };
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Members> data_;
};

/// The shortest text that reads back as `value`.
WHITNEY_API std::string shortest(double value);

}  // namespace whitney
