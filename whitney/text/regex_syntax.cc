#include "whitney/text/regex_syntax.h"

#include <optional>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/text/regex_folds.h"
#include "whitney/text/unicode.h"

namespace whitney::text::regex {

namespace {

constexpr int kDeepest = 100;  // groups in groups: the parser and the compiler recurse
constexpr uint32_t kMostRepeats = 1000;

Node set_node(CodePointSet set) {
  Node node;
  node.kind = NodeKind::kSet;
  node.set = std::move(set);
  return node;
}

Node parent(NodeKind kind, Node child, bool negated = false) {
  Node node;
  node.kind = kind;
  node.negated = negated;
  node.children.push_back(std::move(child));
  return node;
}

Node repeat(Node child, uint32_t min, uint32_t max, Greed greed) {
  Node node = parent(NodeKind::kRepeat, std::move(child));
  node.min = min;
  node.max = max;
  node.greed = greed;
  return node;
}

Node of_kind(NodeKind kind, bool negated = false) {
  Node node;
  node.kind = kind;
  node.negated = negated;
  return node;
}

CodePointSet all_but(const CodePointSet& set) { return set.complement(); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Options {
  bool ignore_case = false;
  bool dot_takes_line_ends = false;
};

class Parser {
 public:
  explicit Parser(std::string_view pattern)
      : pattern_(pattern), p_(pattern.data()), end_(p_ + pattern.size()) {}

  Node parse_all() {
    Node node = parse_choice();
    if (p_ < end_) refuse("a \")\" that closes nothing");
    return node;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    fail("regular expression ", pattern_, ": cannot serve ", what, " (near byte ", p_ - pattern_.data(), ")");
  }

  bool at(char c) const { return p_ < end_ && *p_ == c; }
  bool at(std::string_view text) const {
    return std::string_view(p_, static_cast<size_t>(end_ - p_)).starts_with(text);
  }
  bool take(char c) {
    if (!at(c)) return false;
    ++p_;
    return true;
  }
  bool take(std::string_view text) {
    if (!at(text)) return false;
    p_ += text.size();
    return true;
  }
  char32_t next() { return next_code_point(p_); }

  Node literal(char32_t c) const {
    Node node = set_node(cased(CodePointSet::of(c)));
    if (options_.ignore_case) node.folds = Folds::kLiteral;
    return node;
  }
  CodePointSet cased(const CodePointSet& set) const {
    return options_.ignore_case ? set.with_other_cases() : set;
  }

  Node parse_choice() {
    if (++depth_ > kDeepest) refuse("groups as deep as these");
    const Options outer = options_;
    std::vector<Node> branches;
    branches.push_back(parse_sequence());
    while (take('|')) branches.push_back(parse_sequence());
    options_ = outer;
    --depth_;
    if (branches.size() == 1) return std::move(branches[0]);
    if (auto set = union_of_sets(branches)) return set_node(std::move(*set));
    Node node = of_kind(NodeKind::kChoice);
    node.children = std::move(branches);
    return node;
  }

  /// a|[bc] is [abc].
  static std::optional<CodePointSet> union_of_sets(const std::vector<Node>& branches) {
    CodePointSet set;
    for (const Node& branch : branches) {
      const Node* node = &branch;
      while (node->kind == NodeKind::kSequence && node->children.size() == 1) node = &node->children[0];
      if (node->kind != NodeKind::kSet || has_long_folds(*node)) return std::nullopt;
      set.add(node->set);
    }
    return set;
  }

  Node parse_sequence() {
    Node node = of_kind(NodeKind::kSequence);
    while (p_ < end_ && *p_ != '|' && *p_ != ')') {
      // (?i) without a colon holds up to the end of the group, its alternatives included.
      if (at("(?") && !at("(?:") && parse_rest_options()) {
        node.children.push_back(parse_choice());
        break;
      }
      node.children.push_back(parse_quantified());
    }
    if (node.children.size() == 1) return std::move(node.children[0]);
    return node;
  }

  /// Takes "(?imx-imx)"; leaves "(?imx-imx:" alone.
  bool parse_rest_options() {
    const char* const begin = p_;
    p_ += 2;
    Options options = options_;
    if (!parse_option_letters(options) || !take(')')) {
      p_ = begin;
      return false;
    }
    options_ = options;
    return true;
  }

  /// Letters of options; false when none is here. "x" is refused: it would change how the rest is read.
  bool parse_option_letters(Options& options) {
    const char* const begin = p_;
    bool on = true;
    for (; p_ < end_; ++p_) {
      if (*p_ == '-') {
        on = false;
      } else if (*p_ == 'i') {
        options.ignore_case = on;
      } else if (*p_ == 'm') {
        options.dot_takes_line_ends = on;
      } else if (*p_ == 'x' && !on) {
        continue;
      } else {
        break;
      }
    }
    if (at('x')) refuse("the option x");
    return p_ > begin;
  }

  Node parse_quantified() {
    Node node = parse_atom();
    uint32_t min = 0, max = 0;
    bool interval = false;
    while (parse_quantifier(min, max, interval)) {
      Greed greed = Greed::kGreedy;
      if (interval) {
        // In Ruby's syntax {n}? makes it optional, {n,m}? is lazy, and a "+" behind an interval repeats it.
        if (at('?') && min != max) {
          ++p_;
          greed = Greed::kLazy;
        }
      } else if (take('?')) {
        greed = Greed::kLazy;
      } else if (take('+')) {
        greed = Greed::kPossessive;
      }
      node = repeat(std::move(node), min, max, greed);
      if (++num_repeats_ > 1000) refuse("this many quantifiers");
    }
    return node;
  }

  bool parse_quantifier(uint32_t& min, uint32_t& max, bool& interval) {
    interval = false;
    if (take('*')) {
      min = 0;
      max = kUnlimited;
    } else if (take('+')) {
      min = 1;
      max = kUnlimited;
    } else if (take('?')) {
      min = 0;
      max = 1;
    } else {
      interval = at('{') && parse_interval(min, max);
      return interval;
    }
    return true;
  }

  /// {n} {n,} {,m} {n,m}; anything else in braces is literal.
  bool parse_interval(uint32_t& min, uint32_t& max) {
    const char* const begin = p_++;
    std::optional<uint32_t> low = parse_number(), high;
    bool good = low.has_value();
    if (take(',')) {
      high = parse_number();
      good = low || high;
      min = low.value_or(0);
      max = high.value_or(kUnlimited);
    } else {
      min = max = low.value_or(0);
    }
    if (!good || !take('}')) {
      p_ = begin;
      return false;
    }
    if (min > max) refuse("a quantifier from more to less");
    if (min > kMostRepeats || (max != kUnlimited && max > kMostRepeats)) refuse("a quantifier above 1000");
    return true;
  }

  std::optional<uint32_t> parse_number() {
    if (p_ == end_ || *p_ < '0' || *p_ > '9') return std::nullopt;
    uint32_t value = 0;
    for (; p_ < end_ && *p_ >= '0' && *p_ <= '9'; ++p_) {
      value = std::min(value * 10 + static_cast<uint32_t>(*p_ - '0'), 100000U);
    }
    return value;
  }

  Node parse_atom() {
    switch (*p_) {
      case '(':
        return parse_group();
      case '[':
        return parse_class_atom();
      case '.': {
        ++p_;
        return set_node(options_.dot_takes_line_ends ? CodePointSet::of(0, 0x10FFFF)
                                                     : all_but(CodePointSet::of('\n')));
      }
      case '^':
        ++p_;
        return of_kind(NodeKind::kLineBegin);
      case '$':
        ++p_;
        return of_kind(NodeKind::kLineEnd);
      case '\\':
        return parse_escape();
      case '*':
      case '+':
      case '?':
        refuse("a quantifier with nothing before it");
      default:
        return literal(next());
    }
  }

  Node parse_class_atom() {
    ++p_;
    const bool negated = at('^');
    Node node = set_node(parse_class());
    if (options_.ignore_case && !negated) node.folds = Folds::kClass;
    return node;
  }

  Node parse_group() {
    ++p_;
    const bool captures = !at('?');
    NodeKind kind = NodeKind::kEmpty;
    bool negated = false;
    const Options outer = options_;
    if (take('?')) {
      if (take('=')) {
        kind = NodeKind::kAhead;
      } else if (take('!')) {
        kind = NodeKind::kAhead;
        negated = true;
      } else if (take("<=")) {
        kind = NodeKind::kBehind;
      } else if (take("<!")) {
        kind = NodeKind::kBehind;
        negated = true;
      } else if (take('>')) {
        kind = NodeKind::kAtomic;
      } else if (at('<') || at('P') || at('\'')) {
        refuse("a named group");
      } else if (take('#')) {
        while (p_ < end_ && *p_ != ')') ++p_;
      } else if (!take(':')) {
        Options options = options_;
        if (!parse_option_letters(options) || !take(':')) refuse("this kind of group");
        options_ = options;
      }
    }
    Node body = parse_choice();
    options_ = outer;
    if (!take(')')) refuse("a \"(\" without its \")\"");
    body.captures = body.captures || captures;
    return kind == NodeKind::kEmpty ? body : parent(kind, std::move(body), negated);
  }

  Node parse_escape() {
    if (p_ + 1 == end_) refuse("a backslash at the end");
    const char c = p_[1];
    switch (c) {
      case 'A':
        p_ += 2;
        return of_kind(NodeKind::kTextBegin);
      case 'z':
        p_ += 2;
        return of_kind(NodeKind::kTextEnd);
      case 'Z':
        p_ += 2;
        return of_kind(NodeKind::kTextEndOrLastLine);
      case 'b':
      case 'B':
        p_ += 2;
        return of_kind(NodeKind::kWordBorder, c == 'B');
      case 'R':
        p_ += 2;
        return line_break();
      default:
        if (auto set = parse_set_escape(false)) return set_node(std::move(*set));
        return literal(parse_character_escape(false));
    }
  }

  /// \R: CR LF, or one of the vertical blanks.
  static Node line_break() {
    Node crlf = of_kind(NodeKind::kSequence);
    crlf.children.push_back(set_node(CodePointSet::of('\r')));
    crlf.children.push_back(set_node(CodePointSet::of('\n')));
    CodePointSet one = CodePointSet::of(0x0A, 0x0D);
    one.add(CodePointSet::of(0x85));
    one.add(CodePointSet::of(0x2028, 0x2029));
    Node choice = of_kind(NodeKind::kChoice);
    choice.children.push_back(std::move(crlf));
    choice.children.push_back(set_node(std::move(one)));
    return parent(NodeKind::kAtomic, std::move(choice));
  }

  /// Takes an escape that stands for a set of characters; else nothing, behind the backslash.
  std::optional<CodePointSet> parse_set_escape(bool in_class) {
    ++p_;
    if (p_ == end_) refuse("a backslash at the end");
    switch (*p_) {
      case 's':
      case 'S':
        return property_escape(kWhiteSpace, *p_ == 'S');
      case 'w':
      case 'W':
        return word_escape(*p_++ == 'W', in_class);
      case 'd':
      case 'D':
        return named_escape("nd", *p_ == 'D');
      case 'h':
      case 'H':
        return named_escape("xdigit", *p_ == 'H');
      case 'p':
      case 'P':
        return parse_property();
      default:
        return std::nullopt;
    }
  }

  /// Oniguruma takes the superscripts and fractions of Latin-1 for parts of words, but not inside [..].
  static CodePointSet word_escape(bool negated, bool in_class) {
    CodePointSet set = CodePointSet::with_property(kWord);
    if (in_class) set = set.intersected(all_but(latin1_numbers()));
    return negated ? all_but(set) : set;
  }
  static CodePointSet latin1_numbers() {
    CodePointSet set = CodePointSet::of(0xB2, 0xB3);
    set.add(CodePointSet::of(0xB9));
    set.add(CodePointSet::of(0xBC, 0xBE));
    return set;
  }

  CodePointSet property_escape(uint16_t property, bool negated) {
    ++p_;
    const CodePointSet set = CodePointSet::with_property(property);
    return negated ? all_but(set) : set;
  }
  CodePointSet named_escape(std::string_view name, bool negated) {
    ++p_;
    const CodePointSet set = *CodePointSet::named(name);
    return negated ? all_but(set) : set;
  }

  /// \p{Name} \p{^Name} \P{Name}, and \pL as other engines write it, which this syntax lacks: refused.
  CodePointSet parse_property() {
    bool negated = *p_++ == 'P';
    if (!take('{')) refuse("\\p without {..}");
    if (take('^')) negated = !negated;
    const std::string_view rest(p_, static_cast<size_t>(end_ - p_));
    const size_t size = rest.find('}');
    if (size == std::string_view::npos) refuse("\\p{ without }");
    const auto set = CodePointSet::named(rest.substr(0, size));
    if (!set) refuse(concat("the property \\p{", rest.substr(0, size), "}"));
    p_ += size + 1;
    // (?i) makes \p{Lu} take what differs in case only.
    return cased(negated ? all_but(*set) : *set);
  }

  char32_t parse_character_escape(bool in_class) {
    const char c = *p_;
    constexpr std::pair<char, char32_t> kControls[] = {{'t', '\t'}, {'n', '\n'}, {'r', '\r'}, {'f', '\f'},
                                                       {'v', '\v'}, {'a', '\a'}, {'e', 0x1B}};
    for (const auto& [letter, value] : kControls) {
      if (c == letter) {
        ++p_;
        return value;
      }
    }
    if (in_class && c == 'b') {
      ++p_;
      return '\b';
    }
    if (c == 'x') return parse_hex();
    if (c == 'u') {
      ++p_;
      return hex_digits(4, 4);
    }
    if (c == '0') return octal_digits();
    if ((c >= '1' && c <= '9')) refuse("a back-reference");
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) refuse(concat("the escape \\", c));
    return next();
  }

  char32_t parse_hex() {
    ++p_;
    if (!take('{')) {
      const char32_t c = hex_digits(1, 2);
      if (c >= 0x80) refuse("\\x of a single byte beyond ASCII");
      return c;
    }
    const char32_t c = hex_digits(1, 8);
    if (!take('}')) refuse("\\x{ without }");
    return c;
  }

  char32_t hex_digits(int least, int most) {
    char32_t c = 0;
    int count = 0;
    for (; count < most && p_ < end_ && hex_value(*p_) >= 0; ++count) {
      c = c * 16 + static_cast<char32_t>(hex_value(*p_++));
    }
    if (count < least || c > 0x10FFFF) refuse("this number of a character");
    return c;
  }

  char32_t octal_digits() {
    char32_t c = 0;
    for (int count = 0; count < 3 && p_ < end_ && *p_ >= '0' && *p_ <= '7'; ++count) {
      c = c * 8 + static_cast<char32_t>(*p_++ - '0');
    }
    if (c >= 0x80) refuse("an octal escape beyond ASCII");
    return c;
  }

  /// The inside of [..], behind the bracket, up to and with its end.
  CodePointSet parse_class() {
    if (++depth_ > kDeepest) refuse("classes as deep as these");
    const bool negated = take('^');
    CodePointSet set = parse_class_union(true);
    while (take("&&")) set = set.intersected(parse_class_union(false));
    if (!take(']')) refuse("a \"[\" without its \"]\"");
    --depth_;
    return negated ? all_but(set) : set;
  }

  CodePointSet parse_class_union(bool first) {
    CodePointSet set;
    while (p_ < end_ && !at("&&") && (first || !at(']'))) {
      first = false;
      if (take('[')) {
        set.add(at(':') ? parse_posix_or_class() : parse_class());
        continue;
      }
      char32_t low = 0, high = 0;
      if (const auto escaped = class_member(low)) {
        set.add(*escaped);
        continue;
      }
      if (!at('-') || at("-]") || at("-&&") || at("-[")) {
        set.add(cased(CodePointSet::of(low)));
        continue;
      }
      ++p_;
      if (class_member(high)) refuse("a range that ends in a class");
      if (low > high) refuse("a range from more to less");
      set.add(cased(CodePointSet::of(low, high)));
    }
    return set;
  }

  /// One member of a class: a set that an escape stands for, else nothing and the character in `c`.
  std::optional<CodePointSet> class_member(char32_t& c) {
    if (p_ == end_) refuse("a \"[\" without its \"]\"");
    if (!at('\\')) {
      c = next();
      return std::nullopt;
    }
    if (auto set = parse_set_escape(true)) return set;
    c = parse_character_escape(true);
    return std::nullopt;
  }

  CodePointSet parse_posix_or_class() {
    const std::string_view rest(p_, static_cast<size_t>(end_ - p_));
    const size_t size = rest.find(":]");
    if (size == std::string_view::npos || size < 2) return parse_class();
    std::string_view name = rest.substr(1, size - 1);
    const bool negated = name.starts_with('^');
    if (negated) name.remove_prefix(1);
    const bool is_word = name == "word";
    const auto set = is_word ? word_escape(false, true) : CodePointSet::named(name);
    if (!set || name.size() < 3) refuse(concat("the class [:", name, ":]"));
    p_ += size + 2;
    return negated ? all_but(*set) : *set;
  }

  std::string_view pattern_;
  const char* p_;
  const char* end_;
  Options options_;
  int depth_ = 0;
  int num_repeats_ = 0;
};

}  // namespace

Node parse(std::string_view pattern) {
  if (valid_utf8_prefix(pattern) != pattern.size()) fail("a regular expression is not valid UTF-8");
  Node node = Parser(pattern).parse_all();
  expand_folds(node, pattern);
  return node;
}

}  // namespace whitney::text::regex
