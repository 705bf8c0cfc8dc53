#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "whitney/data/readers.h"

namespace whitney::data {

/// What stands between the fields of an edge list. kSpace: runs of spaces and tabs.
enum class Separator : uint8_t { kSpace, kTab, kComma };

/// What the first lines of an edge list say about the others.
struct EdgeListFormat {
  Separator separator = Separator::kSpace;
  /// Found so far? An edge list may begin with many lines of single ids.
  bool is_known = false;
  bool has_weights = false;
  /// Fields behind the second are not looked at.
  bool ignores_rest = false;
  /// The line that is a heading, if any.
  std::optional<int64_t> heading_line;
};

/// Thrown where a line cannot be read; who knows the line adds it.
struct LineError {
  std::string message;
};

/// A line that cannot be read; `at` points to its first character.
struct BadLine {
  const char* at;
  std::string message;
};

/// The fields of a line; those behind the third are only counted.
struct EdgeFields {
  std::array<std::string_view, 3> fields;
  int count = 0;
};

/// Cuts a line (not blank, no comment, without its end) in trimmed fields; an empty field between tabs or
/// commas counts. With commas a field may be quoted as in RFC 4180, within the line; a quoted field with
/// quotes inside lives in `unquoted`. Throws LineError for an open quote.
EdgeFields split_edge_line(std::string_view line, Separator separator, std::deque<std::string>& unquoted);

/// Says whether a trimmed line is blank or a comment.
inline bool is_skipped(std::string_view trimmed) {
  return trimmed.empty() || trimmed.front() == '#' || trimmed.front() == '%';
}

/// Reads a weight: a finite number above zero. Throws LineError.
float edge_weight(std::string_view field);

/// Throws LineError when the number of fields does not fit the format.
void check_edge_fields(const EdgeFields& fields, const EdgeListFormat& format);

/// Learns the format from the lines of `piece`, whose first line is number `line_number` of the file;
/// `is_first` says that no edge came before. Gives the piece without its heading. Throws BadLine.
std::string_view learn_format(std::string_view piece, int64_t line_number, bool is_first,
                              const EdgeListOptions& options, EdgeListFormat& format);

}  // namespace whitney::data
