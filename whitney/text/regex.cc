#include "whitney/text/regex.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/text/regex_program.h"
#include "whitney/text/regex_syntax.h"
#include "whitney/text/unicode.h"

namespace whitney::text {

struct Regex::Program {
  std::string pattern;
  regex::Code code;
};

namespace {

using regex::Instruction;
using regex::NodeKind;
using regex::Op;
using regex::Try;

// What a pattern may cost: ordinary ones take below 20 steps a byte.
constexpr uint64_t kStepsPerByte = 200, kStepsAtLeast = 1'000'000;
constexpr uint32_t kNoPlace = UINT32_MAX;

/// What an entry of the stack undoes or tries when the way taken since has failed.
enum ChoiceKind : uint32_t {
  kBranch,      // go on at pc from `at`
  kGreedyRun,   // give one character back: from `until`, down to `at`
  kLazyRun,     // take one more at `at`; `until` are left
  kRestore,     // slot pc was `at`
  kBarrier,     // a try began: nothing of it is left to do
  kNotBarrier,  // a negative look failed to match, so it holds: go on at pc from `at`
};

/// One search: the state of a backtracking machine.
class Machine {
 public:
  Machine(const regex::Code& code, const std::string& pattern, std::string_view text, RegexScratch& scratch)
      : code_(code),
        pattern_(pattern),
        begin_(text.data()),
        end_(begin_ + text.size()),
        stack_(scratch.choices),
        slots_(scratch.slots),
        steps_left_(kStepsAtLeast + kStepsPerByte * text.size()) {
    slots_.assign(code.num_slots, kNoPlace);
  }

  /// The end of the match that begins at `start`, or null.
  const char* match_at(const char* start) {
    stack_.clear();
    p_ = start;
    pc_ = 0;
    while (true) {
      spend(1);
      const Instruction& now = code_.instructions[pc_];
      if (now.op == Op::kMatch) return p_;
      if (!step(now) && !backtrack()) return nullptr;
    }
  }

  /// The first match at `from` or later.
  bool find(const char* from, const char*& match_begin, const char*& match_end) {
    for (const char* p = from;; p += length_by_lead(*p)) {
      spend(1);
      while (p < end_ && !code_.first_bytes[static_cast<unsigned char>(*p)]) ++p;
      if (p < end_ || code_.first_bytes.all()) {
        match_end = match_at(p);
        if (match_end != nullptr) {
          match_begin = p;
          return true;
        }
      }
      if (p == end_) return false;
    }
  }

 private:
  uint32_t place(const char* p) const { return static_cast<uint32_t>(p - begin_); }

  void spend(uint64_t steps) {
    if (steps > steps_left_) {
      fail("regular expression ", pattern_, " takes more than ", kStepsPerByte, " steps a byte on a text of ",
           end_ - begin_, " bytes; given up");
    }
    steps_left_ -= steps;
  }

  void push(ChoiceKind kind, uint32_t pc, uint32_t at, uint32_t until = 0) {
    stack_.push_back({kind, pc, at, until});
  }

  bool can_begin(uint32_t split) const {
    return split == regex::kUnlimited || (p_ < end_ && code_.splits[split][static_cast<unsigned char>(*p_)]);
  }

  bool take(const regex::FastSet& set) {
    if (p_ == end_) return false;
    const char* next = p_;
    if (!set.contains(next_code_point(next))) return false;
    p_ = next;
    return true;
  }

  /// Takes up to `most` characters; gives how many.
  uint32_t take_run(const regex::FastSet& set, uint32_t most) {
    uint32_t count = 0;
    while (count < most && take(set)) ++count;
    spend(count);
    return count;
  }

  /// Runs one instruction; false when this way fails.
  bool step(const Instruction& now) {
    switch (now.op) {
      case Op::kSet:
        ++pc_;
        return take(code_.sets[now.a]);
      case Op::kJump:
        pc_ = now.a;
        return true;
      case Op::kSplit: {
        const bool first = can_begin(now.min), second = can_begin(now.max);
        if (first && second) push(kBranch, now.b, place(p_));
        pc_ = first ? now.a : now.b;
        return first || second;
      }
      case Op::kRunGreedy:
      case Op::kRunLazy:
      case Op::kRunPossessive:
        return run(now);
      case Op::kSlotSave:
        push(kRestore, now.a, slots_[now.a]);
        slots_[now.a] = place(p_);
        ++pc_;
        return true;
      case Op::kSlotCheck:
        pc_ = slots_[now.a] == place(p_) ? now.b : pc_ + 1;
        return true;
      case Op::kTry:
        push(now.attempt == Try::kNotAhead ? kNotBarrier : kBarrier, now.b, place(p_),
             static_cast<uint32_t>(now.attempt));
        ++pc_;
        return true;
      case Op::kTryEnd:
        return end_try();
      case Op::kLook: {
        ++pc_;
        const char* const here = p_;
        const bool is_there = take(code_.sets[now.a]);
        p_ = here;
        return is_there != now.negated;
      }
      case Op::kBack:
        ++pc_;
        return go_back(now.a);
      case Op::kAnchor:
        ++pc_;
        return holds(static_cast<NodeKind>(now.a), now.negated);
      case Op::kMatch:
        break;
    }
    return false;
  }

  bool run(const Instruction& now) {
    const regex::FastSet& set = code_.sets[now.a];
    if (take_run(set, now.min) < now.min) return false;
    const uint32_t more = now.max == regex::kUnlimited ? kNoPlace : now.max - now.min;
    const uint32_t least = place(p_);
    if (now.op == Op::kRunLazy) {
      push(kLazyRun, pc_, least, more);
    } else {
      take_run(set, more);
      if (now.op == Op::kRunGreedy && place(p_) > least) push(kGreedyRun, pc_, least, place(p_));
    }
    ++pc_;
    return true;
  }

  /// The body of a try has matched: drops what it has left to try.
  bool end_try() {
    while (stack_.back().kind != kBarrier && stack_.back().kind != kNotBarrier) {
      undo(stack_.back());
      stack_.pop_back();
    }
    const RegexScratch::Choice barrier = stack_.back();
    stack_.pop_back();
    if (barrier.kind == kNotBarrier) return false;
    if (static_cast<Try>(barrier.until) == Try::kAhead) p_ = begin_ + barrier.at;
    ++pc_;
    return true;
  }

  void undo(const RegexScratch::Choice& choice) {
    if (choice.kind == kRestore) slots_[choice.pc] = choice.at;
  }

  /// Goes back to the last choice with something left; false when there is none.
  bool backtrack() {
    while (!stack_.empty()) {
      spend(1);
      RegexScratch::Choice& top = stack_.back();
      switch (top.kind) {
        case kBranch:
        case kNotBarrier:
          pc_ = top.pc;
          p_ = begin_ + top.at;
          stack_.pop_back();
          return true;
        case kGreedyRun: {
          p_ = begin_ + top.until - 1;
          while ((static_cast<unsigned char>(*p_) & 0xC0) == 0x80) --p_;
          pc_ = top.pc + 1;
          top.until = place(p_);
          if (top.until == top.at) stack_.pop_back();
          return true;
        }
        case kLazyRun: {
          pc_ = top.pc + 1;
          p_ = begin_ + top.at;
          if (top.until == 0 || !take(code_.sets[code_.instructions[top.pc].a])) break;
          top.at = place(p_);
          if (top.until != kNoPlace) --top.until;
          return true;
        }
        default:
          undo(top);
      }
      stack_.pop_back();
    }
    return false;
  }

  bool go_back(uint32_t characters) {
    for (; characters > 0; --characters) {
      if (p_ == begin_) return false;
      --p_;
      while ((static_cast<unsigned char>(*p_) & 0xC0) == 0x80) --p_;
    }
    return true;
  }

  bool is_word_before() const {
    if (p_ == begin_) return false;
    const char* p = p_ - 1;
    while ((static_cast<unsigned char>(*p) & 0xC0) == 0x80) --p;
    return has(next_code_point(p), kWord);
  }
  bool is_word_after() const {
    if (p_ == end_) return false;
    const char* p = p_;
    return has(next_code_point(p), kWord);
  }

  bool holds(NodeKind anchor, bool negated) const {
    switch (anchor) {
      case NodeKind::kTextBegin:
        return p_ == begin_;
      case NodeKind::kTextEnd:
        return p_ == end_;
      case NodeKind::kTextEndOrLastLine:
        return p_ == end_ || (p_ + 1 == end_ && *p_ == '\n');
      case NodeKind::kLineBegin:
        return p_ == begin_ || (p_[-1] == '\n' && p_ < end_);
      case NodeKind::kLineEnd:
        return p_ == end_ || *p_ == '\n';
      default:
        return (is_word_before() != is_word_after()) != negated;
    }
  }

  const regex::Code& code_;
  const std::string& pattern_;
  const char* begin_;
  const char* end_;
  std::vector<RegexScratch::Choice>& stack_;
  std::vector<uint32_t>& slots_;
  uint64_t steps_left_;
  const char* p_ = nullptr;
  uint32_t pc_ = 0;
};

}  // namespace

Regex::Regex(std::string_view pattern) {
  auto program = std::make_unique<Program>();
  program->pattern = pattern;
  program->code = regex::compile(regex::parse(pattern), pattern);
  program_ = std::move(program);
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

const std::string& Regex::pattern() const { return program_->pattern; }

void Regex::find_all(std::string_view text, std::vector<Span>& matches, RegexScratch& scratch) const {
  Machine machine(program_->code, program_->pattern, text, scratch);
  const char* const end = text.data() + text.size();
  const char *from = text.data(), *last_end = nullptr, *match_begin = nullptr, *match_end = nullptr;
  while (machine.find(from, match_begin, match_end)) {
    if (match_begin < match_end || match_end != last_end) {
      matches.push_back(
          {static_cast<uint32_t>(match_begin - text.data()), static_cast<uint32_t>(match_end - text.data())});
      from = last_end = match_end;
      continue;
    }
    // An empty match at the end of the last one: look further on.
    if (from == end) break;
    from += length_by_lead(*from);
  }
}

}  // namespace whitney::text
