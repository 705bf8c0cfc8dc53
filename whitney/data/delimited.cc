#include "whitney/data/delimited.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

Cell DelimitedReader::take_quoted() {
  const int64_t opened = next_line_;
  rest_.remove_prefix(1);
  std::string* text = nullptr;
  std::string_view plain;
  for (;;) {
    const size_t quote = rest_.find('"');
    if (quote == std::string_view::npos) fail(name_, ":", opened, ": a quote is opened and never closed");
    const std::string_view part = rest_.substr(0, quote);
    next_line_ += std::count(part.begin(), part.end(), '\n');
    rest_.remove_prefix(quote + 1);
    const bool is_doubled = rest_.starts_with('"');
    if (is_doubled && text == nullptr) text = &unquoted_.emplace_back();
    if (text != nullptr) *text += part;
    if (!is_doubled) {
      plain = part;
      break;
    }
    *text += '"';
    rest_.remove_prefix(1);
  }
  if (rest_.starts_with("\r\n") || rest_ == "\r") rest_.remove_prefix(1);
  if (!rest_.empty() && rest_.front() != separator_ && rest_.front() != '\n') {
    fail(name_, ":", next_line_, ": ", quoted(rest_.substr(0, rest_.find('\n'))),
         " follows a closed quote (a quote inside a quoted field is doubled: \"\")");
  }
  return {text != nullptr ? std::string_view(*text) : plain, true};
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
    if (rest_.starts_with('"')) {
      cells.push_back(take_quoted());
    } else {
      size_t size = 0;
      while (size < rest_.size() && rest_[size] != separator_ && rest_[size] != '\n') ++size;
      std::string_view text = rest_.substr(0, size);
      rest_.remove_prefix(size);
      if (!rest_.starts_with(separator_) && text.ends_with('\r')) text.remove_suffix(1);
      cells.push_back({text, false});
    }
    if (rest_.empty()) return true;
    const bool ends_record = rest_.front() == '\n';
    rest_.remove_prefix(1);
    if (ends_record) {
      ++next_line_;
      return true;
    }
  }
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
