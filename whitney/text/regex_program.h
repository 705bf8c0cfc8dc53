#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "whitney/text/code_point_set.h"
#include "whitney/text/regex_syntax.h"

namespace whitney::text::regex {

/// A set made for looking up: bits for the first plane, ranges beyond.
class FastSet {
 public:
  explicit FastSet(CodePointSet set) : set_(std::move(set)), bits_(1024) {
    for (const auto& [first, last] : set_.ranges()) {
      for (char32_t c = first; c <= last && c < 0x10000; ++c) bits_[c / 64] |= uint64_t{1} << (c % 64);
    }
  }
  bool contains(char32_t c) const {
    return c < 0x10000 ? (bits_[c / 64] >> (c % 64) & 1) != 0 : set_.contains(c);
  }
  const CodePointSet& set() const { return set_; }

 private:
  CodePointSet set_;
  std::vector<uint64_t> bits_;
};

enum class Op : uint8_t {
  kMatch,
  kSet,        // one character of set a
  kJump,       // to a
  kSplit,      // to a, then to b; not where the next byte is none of the way's (splits[min], splits[max])
  kRunGreedy,  // min to max characters of set a, as many as possible first
  kRunLazy,    // as few as possible first
  kRunPossessive,
  kSlotSave,   // remembers the place in slot a
  kSlotCheck,  // to b when nothing was taken since slot a was saved
  kTry,        // begins a body that kTryEnd closes; what its end means is in Try. Fails over to b if negated
  kTryEnd,
  kLook,   // the next character is (or, negated, is not) of set a
  kBack,   // a characters back
  kAnchor  // a: NodeKind
};

enum class Try : uint8_t { kAtomic, kAhead, kNotAhead };

struct Instruction {
  Op op;
  Try attempt = Try::kAtomic;
  bool negated = false;
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t min = 0;
  uint32_t max = 0;
};

/// What a pattern is compiled to.
struct Code {
  std::vector<Instruction> instructions;
  std::vector<FastSet> sets;
  std::vector<std::bitset<256>> splits;  // sets of first bytes that splits ask
  uint32_t num_slots = 0;
  /// First bytes that a match can have; all when a match can be empty.
  std::bitset<256> first_bytes;
};

/// Throws Error when the program would be too long, or a look-behind has no fixed length.
Code compile(const Node& node, std::string_view pattern);

}  // namespace whitney::text::regex
