#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/data/text_scan.h"

namespace whitney::eval {

/// Cuts the lines of TREC's and BEIR's files in fields: at tabs where a line has some, else at blanks. Blank
/// lines are skipped.
class TrecLines {
 public:
  /// The text must be UTF-8 (checked) and outlive the fields. Throws Error that names the line.
  TrecLines(std::string_view text, const std::string& name) : rest_(text) { data::check_text(text, name); }

  /// Gives the next line's fields; false at the end.
  bool next(std::vector<std::string_view>& fields) {
    while (!rest_.empty()) {
      std::string_view text = data::take_line(rest_);
      ++line_;
      if (data::trim(text).empty()) continue;
      fields.clear();
      if (text.find('\t') != std::string_view::npos)
        cut_at_tabs(text, fields);
      else
        while (!data::trim(text).empty()) fields.push_back(data::take_word(text));
      return true;
    }
    return false;
  }
  /// The number of the last line, from 1.
  int64_t line() const { return line_; }

 private:
  static void cut_at_tabs(std::string_view text, std::vector<std::string_view>& fields) {
    for (size_t begin = 0;;) {
      const size_t end = text.find('\t', begin);
      fields.push_back(data::trim(text.substr(begin, end - begin)));
      if (end == std::string_view::npos) return;
      begin = end + 1;
    }
  }

  std::string_view rest_;
  int64_t line_ = 0;
};

}  // namespace whitney::eval
