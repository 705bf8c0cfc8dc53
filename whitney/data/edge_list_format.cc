#include "whitney/data/edge_list_format.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "whitney/core/error.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

constexpr std::string_view kForm = "source<TAB>target[<TAB>weight]";

// A quoted field of a comma-separated line; takes it and the comma behind it off the front of `rest`.
std::string_view take_quoted(std::string_view& rest, std::deque<std::string>& unquoted) {
  rest.remove_prefix(1);
  std::string_view field = rest.substr(0, rest.find('"'));
  std::string* text = nullptr;
  for (;;) {
    const size_t quote = rest.find('"');
    if (quote == std::string_view::npos) throw LineError{"a quote is opened and not closed in this line"};
    if (text != nullptr) *text += rest.substr(0, quote);
    const bool is_doubled = rest.substr(quote + 1).starts_with('"');
    if (is_doubled && text == nullptr) text = &unquoted.emplace_back(field);
    if (is_doubled) *text += '"';
    rest.remove_prefix(quote + (is_doubled ? 2 : 1));
    if (!is_doubled) break;
  }
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  if (!rest.empty() && rest.front() != ',') throw LineError{"text follows a closed quote"};
  return text != nullptr ? std::string_view(*text) : field;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

bool names_an_end(std::string_view field, bool source) {
  static const std::set<std::string, std::less<>> kSources = {
      "source", "src",   "from",   "from_id", "fromnodeid", "from_node", "source_id", "start",   "head",
      "u",      "node1", "node_1", "node_a",  "id1",        "id_1",      "i",         "user_id", "tail_id"};
  static const std::set<std::string, std::less<>> kTargets = {
      "target", "dst",    "dest",   "to",  "to_id", "tonodeid", "to_node",   "target_id",  "end", "tail", "v",
      "node2",  "node_2", "node_b", "id2", "id_2",  "j",        "friend_id", "destination"};
  const auto& names = source ? kSources : kTargets;
  return names.contains(lower(field));
}

bool is_number(std::string_view field) { return parse_number(field).has_value(); }
bool is_integer(std::string_view field) { return parse_integer(field).has_value(); }

bool is_heading(const EdgeFields& first, const std::optional<EdgeFields>& second) {
  if (first.count < 2) return false;
  if (names_an_end(first.fields[0], true) && names_an_end(first.fields[1], false)) return true;
  if (!second || second->count != first.count) return false;
  if (first.count >= 3 && !is_number(first.fields[2]) && is_number(second->fields[2])) return true;
  return !is_integer(first.fields[0]) && !is_integer(first.fields[1]) && is_integer(second->fields[0]) &&
         is_integer(second->fields[1]);
}

// Tabs win over commas where ids are words; between numbers, tabs and spaces may be mixed.
std::optional<Separator> find_separator(std::string_view piece) {
  constexpr size_t kSampleBytes = 64 << 10;
  bool any_tab = false;
  bool all_numbers = true;
  int64_t num_lines = 0;
  int64_t num_with_comma = 0;
  size_t looked_at = 0;
  while (!piece.empty() && looked_at < kSampleBytes) {
    std::string_view line = trim(take_line(piece));
    if (is_skipped(line)) continue;
    const bool tab = line.find('\t') != std::string_view::npos;
    const bool comma = line.find(',') != std::string_view::npos;
    const bool space = line.find(' ') != std::string_view::npos;
    if (!tab && !comma && !space) continue;
    looked_at += line.size() + 1;
    any_tab |= tab;
    ++num_lines;
    num_with_comma += comma ? 1 : 0;
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      all_numbers &= is_number(word);
    }
  }
  if (looked_at == 0) return std::nullopt;
  if (any_tab) return all_numbers ? Separator::kSpace : Separator::kTab;
  return 2 * num_with_comma >= num_lines ? Separator::kComma : Separator::kSpace;
}

}  // namespace

EdgeFields split_edge_line(std::string_view line, Separator separator, std::deque<std::string>& unquoted) {
  EdgeFields result;
  const auto push = [&](std::string_view field) {
    if (result.count < 3) result.fields[static_cast<size_t>(result.count)] = field;
    ++result.count;
  };
  if (separator == Separator::kSpace) {
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) push(word);
    return result;
  }
  const char between = separator == Separator::kTab ? '\t' : ',';
  for (bool more = true; more;) {
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    if (separator == Separator::kComma && line.starts_with('"')) {
      push(take_quoted(line, unquoted));
      more = !line.empty();
      if (more) line.remove_prefix(1);
      continue;
    }
    const size_t end = line.find(between);
    push(trim(line.substr(0, end)));
    more = end != std::string_view::npos;
    line.remove_prefix(more ? end + 1 : line.size());
  }
  return result;
}

float edge_weight(std::string_view field) {
  const auto value = parse_number(field);
  if (!value) {
    throw LineError{concat("weight ", quoted(field), " is not a number (expected: ", kForm, ")")};
  }
  if (!std::isfinite(*value) || *value > std::numeric_limits<float>::max()) {
    throw LineError{concat("weight ", quoted(field), " is not a finite float32 number")};
  }
  const auto weight = static_cast<float>(*value);
  if (!(weight > 0)) throw LineError{concat("weight ", quoted(field), " is not above zero")};
  return weight;
}

void check_edge_fields(const EdgeFields& fields, const EdgeListFormat& format) {
  for (int i = 0; i < std::min(fields.count, 2); ++i) {
    if (fields.fields[static_cast<size_t>(i)].empty()) {
      throw LineError{concat("field ", i + 1, " (the ", i == 0 ? "source" : "target", ") is empty")};
    }
  }
  if (fields.count < 2 || format.ignores_rest) return;
  const int expected = format.has_weights ? 3 : 2;
  if (fields.count == expected) return;
  if (format.has_weights && fields.count == 2) {
    throw LineError{concat("the weight is missing (expected: source<TAB>target<TAB>weight)")};
  }
  throw LineError{concat(fields.count, " fields, expected ", expected, ": ",
                         format.has_weights ? kForm : "source<TAB>target",
                         " (weighted = false ignores what follows the second)")};
}

std::string_view learn_format(std::string_view piece, int64_t line_number, bool is_first,
                              const EdgeListOptions& options, EdgeListFormat& format) {
  const auto separator = find_separator(piece);
  if (!separator) return piece;
  format.separator = *separator;
  format.is_known = true;
  format.ignores_rest = options.weighted == false;

  // The first two lines that are edges (or a heading and an edge).
  std::deque<std::string> unquoted;
  std::optional<EdgeFields> first, second;
  const char* first_line = nullptr;
  const char* second_line = nullptr;
  std::string_view after_first;
  int64_t first_number = 0;
  bool isolated_before = false;
  for (std::string_view rest = piece; !rest.empty() && !second; ++line_number) {
    const std::string_view line = take_line(rest);
    if (is_skipped(trim(line))) continue;
    EdgeFields fields;
    try {
      fields = split_edge_line(line, format.separator, unquoted);
    } catch (const LineError& error) {
      throw BadLine{line.data(), error.message};
    }
    if (fields.count < 2) {
      isolated_before |= !first;
      continue;
    }
    if (!first) {
      first = fields;
      first_line = line.data();
      first_number = line_number;
      after_first = rest;
    } else {
      second = fields;
      second_line = line.data();
    }
  }
  if (!first) return piece;
  if (is_first && !isolated_before && !format.heading_line && is_heading(*first, second)) {
    format.heading_line = first_number;
    piece = after_first;
    if (!second) {  // the edges come later, or never
      format.is_known = false;
      return piece;
    }
    first = second;
  }
  if (!format.ignores_rest && first->count >= 3) {
    if (!options.weighted && !is_number(first->fields[2])) {
      throw BadLine{piece.data() == after_first.data() ? second_line : first_line,
                    concat("the third field ", quoted(first->fields[2]), " is no weight (expected: ", kForm,
                           "; weighted = false ignores what follows the second field)")};
    }
    format.has_weights = true;
  }
  if (options.weighted == true) format.has_weights = true;
  return piece;
}

}  // namespace whitney::data
