#include "whitney/data/delimited.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

// The place of the quote that closes the field whose opening quote is the first character.
size_t find_closing_quote(std::string_view text) {
  size_t quote = text.find('"', 1);
  while (quote != std::string_view::npos && text.substr(quote + 1).starts_with('"')) {
    quote = text.find('"', quote + 2);
  }
  return quote;
}

}  // namespace

// Nothing, and nothing taken, when the quotes of a TSV field are no quotes.
std::optional<Cell> DelimitedReader::take_quoted() {
  const bool strict = separator_ != '\t';
  const size_t close = find_closing_quote(rest_);
  if (close == std::string_view::npos) {
    if (!strict) return std::nullopt;
    fail(name_, ":", next_line_, ": a quote is opened and never closed");
  }
  std::string_view inside = rest_.substr(1, close - 1);
  std::string_view behind = rest_.substr(close + 1);
  if (behind.starts_with("\r\n") || behind == "\r") behind.remove_prefix(1);
  if (!behind.empty() && behind.front() != separator_ && behind.front() != '\n') {
    if (!strict) return std::nullopt;
    fail(name_, ":", next_line_ + std::count(inside.begin(), inside.end(), '\n'), ": ",
         quoted(behind.substr(0, behind.find('\n'))),
         " follows a closed quote (a quote inside a quoted field is doubled: \"\")");
  }
  next_line_ += std::count(inside.begin(), inside.end(), '\n');
  rest_ = behind;
  if (inside.find('"') == std::string_view::npos) return Cell{inside, true};
  std::string& text = unquoted_.emplace_back();
  for (size_t i = 0; i < inside.size(); ++i) {
    text += inside[i];
    if (inside[i] == '"') ++i;  // the second of two
  }
  return Cell{text, true};
}

Cell DelimitedReader::take_plain() {
  size_t size = 0;
  while (size < rest_.size() && rest_[size] != separator_ && rest_[size] != '\n') ++size;
  std::string_view text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  if (!rest_.starts_with(separator_) && text.ends_with('\r')) text.remove_suffix(1);
  return {text, false};
}

bool DelimitedReader::next(std::vector<Cell>& cells) {
  cells.clear();
  while (rest_.starts_with('\n') || rest_.starts_with("\r\n")) {
    rest_.remove_prefix(rest_.front() == '\r' ? 2 : 1);
    ++next_line_;
  }
  if (rest_.empty() || rest_ == "\r") return false;
  line_ = next_line_;
  for (;;) {
    const bool may_enclose = quotes_ == Quotes::kEnclose && rest_.starts_with('"');
    auto cell = may_enclose ? take_quoted() : std::nullopt;
    cells.push_back(cell ? *cell : take_plain());
    if (rest_.empty()) return true;
    const bool ends_record = rest_.front() == '\n';
    rest_.remove_prefix(1);
    if (ends_record) {
      ++next_line_;
      return true;
    }
  }
}

HeadedReader::HeadedReader(std::string_view text, char separator, std::string name, Quotes quotes)
    : reader_(text, separator, std::move(name), quotes) {
  std::vector<Cell> cells;
  if (!reader_.next(cells))
    fail(reader_.name(), ": the file is empty (expected a heading that names the fields)");
  const auto is_number = [](const Cell& cell) {
    return !cell.quoted && parse_number(trim(cell.text)).has_value();
  };
  if (std::all_of(cells.begin(), cells.end(), is_number)) {
    fail(reader_.name(), ":", line(),
         ": the heading is missing: the first line must name the fields, and holds only numbers");
  }
  quotes_tell_text_ = !std::all_of(cells.begin(), cells.end(), [](const Cell& cell) { return cell.quoted; });
  for (const Cell& cell : cells) {
    const std::string_view field = cell.quoted ? cell.text : trim(cell.text);
    if (field.empty())
      fail(reader_.name(), ":", line(), ": field ", names_.size() + 1, " of the heading has no name");
    if (const auto first = find(field)) {
      fail(reader_.name(), ":", line(), ": fields ", *first + 1, " and ", names_.size() + 1,
           " of the heading are both named ", quoted(field));
    }
    names_.emplace_back(field);
  }
}

std::optional<size_t> HeadedReader::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? std::nullopt : std::optional(static_cast<size_t>(found - names_.begin()));
}

size_t HeadedReader::place_of(std::string_view name) const {
  const auto place = find(name);
  if (!place) fail(reader_.name(), ": the heading has no field ", quoted(name), did_you_mean(name, names_));
  return *place;
}

bool HeadedReader::next(std::vector<Cell>& cells) {
  if (!reader_.next(cells)) return false;
  if (cells.size() != names_.size()) {
    fail(reader_.name(), ":", line(), ": ", cells.size(), cells.size() == 1 ? " field" : " fields",
         ", but the heading has ", names_.size());
  }
  return true;
}

void append_cell(std::string& out, std::string_view text, char separator, bool force_quotes) {
  const auto is_special = [&](char c) { return c == separator || c == '"' || c == '\n' || c == '\r'; };
  const bool has_blank_ends = !text.empty() && (is_blank(text.front()) || is_blank(text.back()));
  if (!force_quotes && !has_blank_ends && std::none_of(text.begin(), text.end(), is_special)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace whitney::data
