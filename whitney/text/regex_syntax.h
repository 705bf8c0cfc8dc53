#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/text/code_point_set.h"

namespace whitney::text::regex {

inline constexpr uint32_t kUnlimited = UINT32_MAX;

enum class NodeKind : uint8_t {
  kEmpty,
  kSet,                // one character of `set`
  kSequence,           // all of `children`
  kChoice,             // the first of `children` that lets the rest match
  kRepeat,             // children[0], min to max times
  kAtomic,             // children[0], which then gives nothing back
  kAhead,              // children[0] matches here, or not if negated
  kBehind,             // children[0] matches up to here, or not if negated
  kTextBegin,          // \A
  kTextEnd,            // \z
  kTextEndOrLastLine,  // \Z
  kLineBegin,          // ^
  kLineEnd,            // $
  kWordBorder          // \b, or \B if negated
};

enum class Greed : uint8_t { kGreedy, kLazy, kPossessive };

/// What (?i) asks of a set beyond its members in other cases: see regex_folds.h.
enum class Folds : uint8_t { kNone, kLiteral, kClass };

struct Node {
  NodeKind kind = NodeKind::kEmpty;
  bool negated = false;
  /// It stood in plain parentheses: what is beside it is not one text with it.
  bool captures = false;
  Folds folds = Folds::kNone;
  Greed greed = Greed::kGreedy;
  uint32_t min = 0;
  uint32_t max = 0;
  CodePointSet set;
  std::vector<Node> children;
};

/// Reads a pattern in Oniguruma's Ruby syntax. Throws Error naming what cannot be served and where.
Node parse(std::string_view pattern);

}  // namespace whitney::text::regex
