#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace whitney::data {

/// One field of a record.
struct Cell {
  std::string_view text;
  /// It stood in quotes.
  bool quoted = false;
};

/// Whether quotes can enclose a field.
enum class Quotes : uint8_t { kEnclose, kAreCharacters };

/// Cuts CSV or TSV text in records by RFC 4180 for either: a field in quotes may hold separators, line ends
/// and doubled quotes; blank lines are skipped. Most TSV files know no quotes, so that there a quote which
/// does not enclose the whole field is a character like others.
class DelimitedReader {
 public:
  /// The text must be UTF-8 (check_text) and outlive the reader and the cells.
  DelimitedReader(std::string_view text, char separator, std::string name, Quotes quotes = Quotes::kEnclose)
      : rest_(text), separator_(separator), name_(std::move(name)), quotes_(quotes) {}
  /// Gives the next record; false at the end. Cells live as long as the reader.
  /// Throws Error naming the line of a quote that is never closed or followed by other text.
  bool next(std::vector<Cell>& cells);
  /// The number of the line on which the last record begins, from 1.
  int64_t line() const { return line_; }
  const std::string& name() const { return name_; }

 private:
  std::optional<Cell> take_quoted();
  Cell take_plain();
  std::string_view rest_;
  char separator_;
  std::string name_;
  Quotes quotes_;
  std::deque<std::string> unquoted_;
  int64_t line_ = 0;
  int64_t next_line_ = 1;
};

/// Cuts CSV or TSV text whose first record, the heading, names the fields of the others.
class HeadedReader {
 public:
  /// Reads the heading. Throws Error naming line and field when it is missing, or a name is empty or stands
  /// twice.
  HeadedReader(std::string_view text, char separator, std::string name, Quotes quotes = Quotes::kEnclose);
  /// The names of the fields.
  const std::vector<std::string>& names() const { return names_; }
  /// The place of a field. Throws Error that offers the nearest name.
  size_t place_of(std::string_view name) const;
  std::optional<size_t> find(std::string_view name) const;
  /// False when the heading itself stands in quotes: whoever wrote the file quotes everything, and a quoted
  /// number is a number.
  bool quotes_tell_text() const { return quotes_tell_text_; }
  /// Gives the next record, with a cell for each name; false at the end. Throws Error naming the line of a
  /// record of another width.
  bool next(std::vector<Cell>& cells);
  int64_t line() const { return reader_.line(); }
  const std::string& name() const { return reader_.name(); }

 private:
  DelimitedReader reader_;
  std::vector<std::string> names_;
  bool quotes_tell_text_ = false;
};

/// Appends a field, in quotes where RFC 4180 or `force_quotes` wants them.
void append_cell(std::string& out, std::string_view text, char separator, bool force_quotes);

}  // namespace whitney::data
