#pragma once

#include <memory>
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
  std::string field;
  /// Operands of a condition: a bool, int, real, string, or a date as {"date": microseconds}.
  std::vector<Value> values;
  std::vector<Filter> children;

  /// Writes the language's canonical text, which parses back to an equal tree.
  std::string to_text() const;
};

/// Parses the filter language. Throws UsageError with the position and what was expected. Depth is bounded.
WHITNEY_API Filter parse_filter(std::string_view text);

}  // namespace whitney
