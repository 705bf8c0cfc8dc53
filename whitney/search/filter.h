#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney {

/// A filter's tree; the language of docs/filters.md and later Qdrant's JSON compile to it.
struct WHITNEY_API Filter {
  enum class Op : uint8_t {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIn,
    kBetween,
    kContains,
    kExists,
    kIdIn
  };
  Op op = Op::kAnd;
  /// The attribute of a condition; empty for kAnd, kOr, kNot and kIdIn.
  std::string field;
  /// Operands of a condition: a bool, int, real, string, or a date (see date_operand). kIn and kIdIn have any
  /// number, kBetween two (both ends included), kExists none, the others one.
  std::vector<Value> values;
  /// Of kAnd and kOr: any number (none: every row, no row); of kNot: one.
  std::vector<Filter> children;

  /// Writes the language's canonical text, which parses back to an equal tree. Trees that the language cannot
  /// write (a list without values, a group of less than two) give a text that does not parse.
  std::string to_text() const;
  friend WHITNEY_API bool operator==(const Filter& a, const Filter& b);
};

/// Parses the filter language. Throws UsageError with the position (in characters, from 1) and what was
/// expected. Parentheses and `not` nest at most kMaxFilterDepth deep. O(length).
WHITNEY_API Filter parse_filter(std::string_view text);

/// How deep a filter may nest.
inline constexpr int kMaxFilterDepth = 200;

/// Makes the operand of a date, {"date": microseconds since 1970 UTC}.
WHITNEY_API Value date_operand(int64_t microseconds);
/// Gives the microseconds of such an operand; nothing for other values.
WHITNEY_API std::optional<int64_t> date_of(const Value& operand);
/// Writes an operand as the language does: "sound", 3, true, date "2026-11-24".
WHITNEY_API std::string operand_text(const Value& operand);

}  // namespace whitney
