#include "whitney/text/regex_program.h"

#include <algorithm>
#include <optional>

#include "whitney/core/error.h"
#include "whitney/text/unicode.h"

namespace whitney::text::regex {

namespace {

constexpr size_t kLongestProgram = 20000;

/// Says whether the node can match without taking a character.
bool can_be_empty(const Node& node) {
  switch (node.kind) {
    case NodeKind::kSet:
      return false;
    case NodeKind::kSequence:
      return std::all_of(node.children.begin(), node.children.end(), can_be_empty);
    case NodeKind::kChoice:
      return std::any_of(node.children.begin(), node.children.end(), can_be_empty);
    case NodeKind::kRepeat:
      return node.min == 0 || can_be_empty(node.children[0]);
    case NodeKind::kAtomic:
      return can_be_empty(node.children[0]);
    default:
      return true;
  }
}

/// The number of characters that every match has, where there is one.
std::optional<uint32_t> fixed_length(const Node& node) {
  switch (node.kind) {
    case NodeKind::kSet:
      return 1;
    case NodeKind::kSequence: {
      uint32_t sum = 0;
      for (const Node& child : node.children) {
        const auto length = fixed_length(child);
        if (!length) return std::nullopt;
        sum += *length;
      }
      return sum;
    }
    case NodeKind::kChoice: {
      const auto length = fixed_length(node.children[0]);
      for (const Node& child : node.children) {
        if (fixed_length(child) != length) return std::nullopt;
      }
      return length;
    }
    case NodeKind::kRepeat: {
      const auto length = fixed_length(node.children[0]);
      if (!length || node.min != node.max) return std::nullopt;
      return *length * node.min;
    }
    case NodeKind::kAtomic:
      return fixed_length(node.children[0]);
    default:
      return 0;
  }
}

void add_first_bytes(const CodePointSet& set, std::bitset<256>& bytes) {
  for (const auto& [first, last] : set.ranges()) {
    std::string low, high;
    append_utf8(low, first);
    append_utf8(high, last);
    for (int b = static_cast<unsigned char>(low[0]); b <= static_cast<unsigned char>(high[0]); ++b) {
      if (b < 0x80 || b >= 0xC0) bytes.set(static_cast<size_t>(b));  // none begins with a byte between
    }
  }
}

/// Adds the bytes that a match of `node` can begin with.
void add_first_bytes(const Node& node, std::bitset<256>& bytes) {
  switch (node.kind) {
    case NodeKind::kSet:
      add_first_bytes(node.set, bytes);
      break;
    case NodeKind::kSequence:
      for (const Node& child : node.children) {
        add_first_bytes(child, bytes);
        if (!can_be_empty(child)) break;
      }
      break;
    case NodeKind::kChoice:
    case NodeKind::kRepeat:
    case NodeKind::kAtomic:
      for (const Node& child : node.children) add_first_bytes(child, bytes);
      break;
    default:
      break;  // takes no character
  }
}

/// All bytes where it can match without one.
std::bitset<256> first_bytes_of(const Node& node) {
  std::bitset<256> bytes;
  if (can_be_empty(node)) {
    bytes.set();
  } else {
    add_first_bytes(node, bytes);
  }
  return bytes;
}

class Compiler {
 public:
  explicit Compiler(std::string_view pattern) : pattern_(pattern) {}

  Code compile(const Node& node) {
    emit(node);
    add({.op = Op::kMatch});
    code_.first_bytes = first_bytes_of(node);
    return std::move(code_);
  }

 private:
  uint32_t here() const { return static_cast<uint32_t>(code_.instructions.size()); }

  uint32_t add(const Instruction& instruction) {
    if (code_.instructions.size() >= kLongestProgram) {
      fail("regular expression ", pattern_, ": cannot serve repeats of this size");
    }
    code_.instructions.push_back(instruction);
    return here() - 1;
  }
  Instruction& operator[](uint32_t i) { return code_.instructions[i]; }

  uint32_t set_index(const CodePointSet& set) {
    for (size_t i = 0; i < code_.sets.size(); ++i) {
      if (code_.sets[i].set() == set) return static_cast<uint32_t>(i);
    }
    code_.sets.emplace_back(set);
    return static_cast<uint32_t>(code_.sets.size() - 1);
  }

  void emit(const Node& node) {
    switch (node.kind) {
      case NodeKind::kEmpty:
        break;
      case NodeKind::kSet:
        add({.op = Op::kSet, .a = set_index(node.set)});
        break;
      case NodeKind::kSequence:
        for (const Node& child : node.children) emit(child);
        break;
      case NodeKind::kChoice:
        emit_choice(node);
        break;
      case NodeKind::kRepeat:
        emit_repeat(node);
        break;
      case NodeKind::kAtomic:
        emit_try(Try::kAtomic, node.children[0], 0);
        break;
      case NodeKind::kAhead:
        emit_ahead(node);
        break;
      case NodeKind::kBehind:
        emit_behind(node);
        break;
      default:
        add({.op = Op::kAnchor, .negated = node.negated, .a = static_cast<uint32_t>(node.kind)});
    }
  }

  /// An index of code_.splits; kUnlimited for all bytes.
  uint32_t split_index(const std::bitset<256>& bytes) {
    if (bytes.all()) return kUnlimited;
    const auto found = std::find(code_.splits.begin(), code_.splits.end(), bytes);
    if (found != code_.splits.end()) return static_cast<uint32_t>(found - code_.splits.begin());
    code_.splits.push_back(bytes);
    return static_cast<uint32_t>(code_.splits.size() - 1);
  }

  void emit_choice(const Node& node) {
    const size_t count = node.children.size();
    std::vector<std::bitset<256>> bytes(count), rest(count);
    for (size_t i = count; i-- > 0;) {
      bytes[i] = first_bytes_of(node.children[i]);
      rest[i] = i + 1 < count ? bytes[i] | rest[i + 1] : bytes[i];
    }
    std::vector<uint32_t> jumps;
    for (size_t i = 0; i + 1 < count; ++i) {
      const uint32_t split =
          add({.op = Op::kSplit, .min = split_index(bytes[i]), .max = split_index(rest[i + 1])});
      (*this)[split].a = here();
      emit(node.children[i]);
      jumps.push_back(add({.op = Op::kJump}));
      (*this)[split].b = here();
    }
    emit(node.children.back());
    for (const uint32_t jump : jumps) (*this)[jump].a = here();
  }

  void emit_repeat(const Node& node) {
    const Node& body = node.children[0];
    if (body.kind == NodeKind::kSet) {
      const Op op = node.greed == Greed::kGreedy ? Op::kRunGreedy
                    : node.greed == Greed::kLazy ? Op::kRunLazy
                                                 : Op::kRunPossessive;
      add({.op = op, .a = set_index(body.set), .min = node.min, .max = node.max});
      return;
    }
    const uint32_t begin = node.greed == Greed::kPossessive ? add({.op = Op::kTry}) : 0;
    for (uint32_t i = 0; i < node.min; ++i) emit(body);
    if (node.max == kUnlimited) {
      emit_loop(body, node.greed == Greed::kLazy);
    } else {
      std::vector<uint32_t> splits;
      for (uint32_t i = node.min; i < node.max; ++i) {
        splits.push_back(add_split(body, node.greed == Greed::kLazy));
        emit(body);
      }
      for (const uint32_t split : splits) set_exit(split, node.greed == Greed::kLazy);
    }
    if (node.greed == Greed::kPossessive) {
      (*this)[begin].b = add({.op = Op::kTryEnd});
    }
  }

  /// A split before a body that may be left out; set_exit fills in where to.
  uint32_t add_split(const Node& body, bool lazy) {
    const uint32_t bytes = split_index(first_bytes_of(body));
    const uint32_t split =
        add({.op = Op::kSplit, .min = lazy ? kUnlimited : bytes, .max = lazy ? bytes : kUnlimited});
    (lazy ? (*this)[split].b : (*this)[split].a) = split + 1;
    return split;
  }
  void set_exit(uint32_t split, bool lazy) { (lazy ? (*this)[split].a : (*this)[split].b) = here(); }

  void emit_loop(const Node& body, bool lazy) {
    const uint32_t split = add_split(body, lazy);
    const bool guarded = can_be_empty(body);
    const uint32_t slot = guarded ? code_.num_slots++ : 0;
    if (guarded) add({.op = Op::kSlotSave, .a = slot});
    emit(body);
    const uint32_t check = guarded ? add({.op = Op::kSlotCheck, .a = slot}) : 0;
    add({.op = Op::kJump, .a = split});
    set_exit(split, lazy);
    if (guarded) (*this)[check].b = here();
  }

  void emit_try(Try attempt, const Node& body, uint32_t back) {
    const uint32_t begin = add({.op = Op::kTry, .attempt = attempt});
    if (back > 0) add({.op = Op::kBack, .a = back});
    emit(body);
    add({.op = Op::kTryEnd});
    (*this)[begin].b = here();
  }

  void emit_ahead(const Node& node) {
    const Node* body = &node.children[0];
    while (body->kind == NodeKind::kSequence && body->children.size() == 1) body = &body->children[0];
    if (body->kind == NodeKind::kSet) {
      add({.op = Op::kLook, .negated = node.negated, .a = set_index(body->set)});
    } else {
      emit_try(node.negated ? Try::kNotAhead : Try::kAhead, *body, 0);
    }
  }

  /// (?<=a|bc) is (?:(?<=a)|(?<=bc)); (?<!a|bc) is (?<!a)(?<!bc).
  void emit_behind(const Node& node) {
    const Node* body = &node.children[0];
    while (body->kind == NodeKind::kSequence && body->children.size() == 1) body = &body->children[0];
    if (body->kind == NodeKind::kChoice) {
      Node parts;
      parts.kind = node.negated ? NodeKind::kSequence : NodeKind::kChoice;
      for (const Node& branch : body->children) {
        Node part;
        part.kind = NodeKind::kBehind;
        part.negated = node.negated;
        part.children.push_back(branch);
        parts.children.push_back(std::move(part));
      }
      emit(parts);
      return;
    }
    const auto length = fixed_length(*body);
    if (!length) fail("regular expression ", pattern_, ": cannot serve a look-behind without a fixed length");
    emit_try(node.negated ? Try::kNotAhead : Try::kAhead, *body, *length);
  }

  std::string_view pattern_;
  Code code_;
};

}  // namespace

Code compile(const Node& node, std::string_view pattern) { return Compiler(pattern).compile(node); }

}  // namespace whitney::text::regex
