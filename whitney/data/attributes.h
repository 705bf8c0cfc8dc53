#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/value.h"

namespace whitney {

enum class ColumnType : uint8_t { kInt, kReal, kBool, kString, kDate, kSet };
/// "int", "real", "bool", "string", "date", "set".
WHITNEY_API std::string_view name_of(ColumnType type);
WHITNEY_API std::optional<ColumnType> column_type_of(std::string_view name);

/// One attribute of n rows. Strings and sets are codes into a dictionary of distinct strings, sorted by
/// bytes.
struct WHITNEY_API Column {
  std::string name;
  ColumnType type = ColumnType::kInt;
  /// kInt, kDate (microseconds since 1970 UTC): n values.
  Array<int64_t> ints;
  /// kReal: n values.
  Array<double> reals;
  /// kBool: n values, 0 or 1.
  Array<uint8_t> bools;
  /// kString: n codes; kSet: codes of all rows behind one another, ascending within a row.
  Array<uint32_t> codes;
  /// kSet: n + 1 starts into `codes`.
  Array<uint64_t> starts;
  /// kString, kSet: the dictionary; entry c is bytes[offsets[c], offsets[c+1]).
  Array<uint64_t> dictionary_offsets;
  Array<char> dictionary_bytes;
  /// n values, 0 where the row has no value; empty when every row has one.
  Array<uint8_t> present;

  int64_t num_rows() const;
  bool has(int64_t row) const { return present.empty() || present[row] != 0; }
  int64_t dictionary_size() const { return dictionary_offsets.empty() ? 0 : dictionary_offsets.size() - 1; }
  std::string_view dictionary_entry(int64_t code) const {
    return {dictionary_bytes.data() + dictionary_offsets[code],
            static_cast<size_t>(dictionary_offsets[code + 1] - dictionary_offsets[code])};
  }
  /// The code of a string, found by bisection.
  std::optional<uint32_t> find_code(std::string_view text) const;
  /// The value of a row: null when missing; dates as ISO text, sets as lists.
  Value value(int64_t row) const;
  /// Throws Error when an array's length or a code does not fit n rows (after reading a file). O(n).
  void validate(int64_t num_rows) const;
};

/// The attribute columns of n rows.
struct WHITNEY_API Attributes {
  int64_t num_rows = 0;
  std::vector<Column> columns;

  bool empty() const { return columns.empty(); }
  /// Null when there is none.
  const Column* find(std::string_view name) const;
  std::vector<std::string> names() const;
  /// Rows in the given order; -1 makes a row without values.
  Attributes select(std::span<const int64_t> rows) const;
};

/// Collects the values of one column row by row, finds the type that fits all of them, and makes the Column.
/// Int widens to real; text of ISO dates stays a string unless `type` says date; lists of strings are sets;
/// a mixture that fits nothing is an Error naming the rows.
class WHITNEY_API ColumnBuilder {
 public:
  /// `type` absent: inferred.
  explicit ColumnBuilder(std::string name, std::optional<ColumnType> type = std::nullopt);
  /// Null: no value. `where` begins an Error's sentence ("table.jsonl:17").
  void add(const Value& value, std::string_view where);
  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  Column finish();

 private:
  std::string name_;
  std::optional<ColumnType> type_;
  std::vector<Value> values_;
};

/// Reads "2026-11-24" or "2026-11-24T10:00:00[.ffffff]Z" as microseconds since 1970 UTC; nothing when it is
/// neither.
WHITNEY_API std::optional<int64_t> parse_date(std::string_view text);
/// Writes such a date, the time only when it is not midnight.
WHITNEY_API std::string date_text(int64_t microseconds);

}  // namespace whitney
