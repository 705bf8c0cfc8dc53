#include <initializer_list>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/attributes.h"
#include "whitney/search/filter.h"
#include "whitney/search/filter_lexer.h"

namespace whitney {
namespace {

using search::Token;
using search::TokenKind;
using Op = Filter::Op;

constexpr std::string_view kOperators = "=, !=, <, <=, >, >=, in, between, contains or exists";

// Recursive descent over the grammar of docs/filters.md, one token ahead.
class FilterParser {
 public:
  explicit FilterParser(std::string_view text) : lexer_(text) { advance(); }

  Filter parse() {
    Filter filter = read_or(0);
    if (token_.kind != TokenKind::kEnd) refuse("\"and\", \"or\" or the end");
    return filter;
  }

 private:
  Filter read_or(int depth);
  Filter read_and(int depth);
  Filter read_factor(int depth);
  Filter read_condition();
  Filter read_id_condition();
  Value read_value();
  std::vector<Value> read_list();

  void advance() {
    token_ = lexer_.next();
    word_ = token_.kind == TokenKind::kName ? search::ascii_lower(token_.text) : std::string();
  }
  bool is_word(std::string_view keyword) const { return word_ == keyword; }
  bool is_symbol(std::string_view symbol) const {
    return token_.kind == TokenKind::kSymbol && token_.text == symbol;
  }
  bool accept_word(std::string_view keyword) {
    if (!is_word(keyword)) return false;
    advance();
    return true;
  }
  bool accept_symbol(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    advance();
    return true;
  }
  [[noreturn]] void refuse(std::string_view expected, std::string_view hint = "") const {
    lexer_.fail_at(token_.begin, concat("expected ", expected, ", found ", search::token_text(token_), hint));
  }
  void check_depth(int depth) const {
    if (depth > kMaxFilterDepth)
      lexer_.fail_at(token_.begin, concat("more than ", kMaxFilterDepth, " levels of nesting"));
  }

  search::FilterLexer lexer_;
  Token token_;
  std::string word_;  // the token in lower case when it is a name without backquotes
};

// One operand stays itself; more become a group.
Filter grouped(Op op, std::vector<Filter> operands) {
  if (operands.size() == 1) return std::move(operands[0]);
  Filter group;
  group.op = op;
  group.children = std::move(operands);
  return group;
}

Filter negated(Filter child) {
  Filter filter;
  filter.op = Op::kNot;
  filter.children.push_back(std::move(child));
  return filter;
}

Filter FilterParser::read_or(int depth) {
  std::vector<Filter> operands;
  do operands.push_back(read_and(depth));
  while (accept_word("or"));
  return grouped(Op::kOr, std::move(operands));
}

Filter FilterParser::read_and(int depth) {
  std::vector<Filter> operands;
  do operands.push_back(read_factor(depth));
  while (accept_word("and"));
  return grouped(Op::kAnd, std::move(operands));
}

Filter FilterParser::read_factor(int depth) {
  check_depth(depth);
  if (accept_word("not")) return negated(read_factor(depth + 1));
  if (accept_symbol("(")) {
    Filter inner = read_or(depth + 1);
    if (!accept_symbol(")")) refuse("\"and\", \"or\" or \")\"");
    return inner;
  }
  return read_condition();
}

Filter FilterParser::read_condition() {
  if (is_word("id")) return read_id_condition();
  const bool is_field = token_.kind == TokenKind::kQuotedName ||
                        (token_.kind == TokenKind::kName && (is_word("date") || !search::is_keyword(word_)));
  if (!is_field) {
    const bool in_quotes = token_.kind == TokenKind::kString;
    refuse("a field, \"not\" or \"(\"", in_quotes ? " (a field stands without quotes, or in backquotes)"
                                        : token_.kind == TokenKind::kName
                                            ? " (a field of that name stands in backquotes)"
                                            : "");
  }
  Filter condition;
  condition.field = token_.text;
  advance();
  static constexpr std::pair<std::string_view, Op> kSigns[] = {
      {"=", Op::kEqual},      {"!=", Op::kNotEqual}, {"<", Op::kLess},
      {"<=", Op::kLessEqual}, {">", Op::kGreater},   {">=", Op::kGreaterEqual}};
  for (const auto& [sign, op] : kSigns) {
    if (!accept_symbol(sign)) continue;
    condition.op = op;
    condition.values.push_back(read_value());
    return condition;
  }
  if (accept_word("exists")) {
    condition.op = Op::kExists;
  } else if (accept_word("contains")) {
    condition.op = Op::kContains;
    condition.values.push_back(read_value());
  } else if (accept_word("in")) {
    condition.op = Op::kIn;
    condition.values = read_list();
  } else if (accept_word("between")) {
    condition.op = Op::kBetween;
    condition.values.push_back(read_value());
    if (!accept_word("and")) refuse("\"and\" between the two ends");
    condition.values.push_back(read_value());
  } else {
    refuse(kOperators, is_word("not") ? concat(" (\"not\" stands before the field: not ",
                                               search::field_text(condition.field), " in …)")
                                      : "");
  }
  return condition;
}

Filter FilterParser::read_id_condition() {
  advance();
  Filter condition;
  condition.op = Op::kIdIn;
  if (accept_word("in")) {
    condition.values = read_list();
    return condition;
  }
  const bool equal = is_symbol("=");
  if (!equal && !is_symbol("!="))
    refuse("in, = or != after id", " (an attribute of that name stands in backquotes)");
  advance();
  condition.values.push_back(read_value());
  return equal ? condition : negated(std::move(condition));
}

Value FilterParser::read_value() {
  const Token token = token_;
  if (token.kind == TokenKind::kString || token.kind == TokenKind::kNumber) {
    advance();
    return token.kind == TokenKind::kString ? Value(token.text) : token.value;
  }
  if (accept_word("true")) return Value(true);
  if (accept_word("false")) return Value(false);
  if (accept_word("date")) {
    if (token_.kind != TokenKind::kString)
      refuse("a date in quotes, such as \"2026-11-24\" or \"2026-11-24T10:00:00Z\"");
    const auto microseconds = parse_date(token_.text);
    if (!microseconds) {
      refuse("a date such as \"2026-11-24\" or \"2026-11-24T10:00:00Z\"");
    }
    advance();
    return date_operand(*microseconds);
  }
  const bool is_plain_name = token.kind == TokenKind::kName && !search::is_keyword(word_);
  refuse("a value: a string in quotes, a number, true, false or a date",
         is_plain_name ? concat("; did you mean the string \"", token.text, "\"?") : "");
}

std::vector<Value> FilterParser::read_list() {
  if (!accept_symbol("[")) refuse("\"[\"");
  std::vector<Value> values;
  do values.push_back(read_value());
  while (accept_symbol(","));
  if (!accept_symbol("]")) refuse("\",\" or \"]\"");
  return values;
}

}  // namespace

Filter parse_filter(std::string_view text) { return FilterParser(text).parse(); }

}  // namespace whitney
