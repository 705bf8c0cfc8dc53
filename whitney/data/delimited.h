#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace whitney::data {

/// One field of a record.
struct Cell {
  std::string_view text;
  /// It stood in quotes.
  bool quoted = false;
};

/// Cuts CSV or TSV text in records by RFC 4180 for either: a field in quotes may hold separators, line ends
/// and doubled quotes; blank lines are skipped.
class DelimitedReader {
 public:
  /// The text must be UTF-8 (check_text) and outlive the reader and the cells.
  DelimitedReader(std::string_view text, char separator, std::string name)
      : rest_(text), separator_(separator), name_(std::move(name)) {}
  /// Gives the next record; false at the end. Cells live as long as the reader.
  /// Throws Error naming the line of a quote that is never closed or followed by other text.
  bool next(std::vector<Cell>& cells);
  /// The number of the line on which the last record begins, from 1.
  int64_t line() const { return line_; }
  const std::string& name() const { return name_; }

 private:
  Cell take_quoted();
  std::string_view rest_;
  char separator_;
  std::string name_;
  std::deque<std::string> unquoted_;
  int64_t line_ = 0;
  int64_t next_line_ = 1;
};

/// Appends a field, in quotes where RFC 4180 or `force_quotes` wants them.
void append_cell(std::string& out, std::string_view text, char separator, bool force_quotes);

}  // namespace whitney::data
