#pragma once

#include <cstdint>
#include <memory>
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
  /// The codes of a row of a set. Throws Error when the starts of a mapped file are wrong here.
  std::span<const uint32_t> set_codes(int64_t row) const {
    const uint64_t begin = starts[row], end = starts[row + 1];
    if (begin > end || end > static_cast<uint64_t>(codes.size())) fail_damaged("starts", row);
    return codes.span().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  }
  bool has(int64_t row) const { return present.empty() || present[row] != 0; }
  int64_t dictionary_size() const { return dictionary_offsets.empty() ? 0 : dictionary_offsets.size() - 1; }
  /// Throws Error when a code or an offset of a mapped file is wrong.
  std::string_view dictionary_entry(int64_t code) const {
    if (code < 0 || code >= dictionary_size()) fail_damaged("code", code);
    const uint64_t begin = dictionary_offsets[code], end = dictionary_offsets[code + 1];
    if (begin > end || end > static_cast<uint64_t>(dictionary_bytes.size()))
      fail_damaged("dictionary offset", code);
    return {dictionary_bytes.data() + begin, static_cast<size_t>(end - begin)};
  }
  /// The code of a string, found by bisection.
  std::optional<uint32_t> find_code(std::string_view text) const;
  /// The value of a row: null when missing; dates as ISO text, sets as lists.
  Value value(int64_t row) const;
  /// Throws Error when an array's length does not fit n rows. O(1): what opening a file checks.
  void check_shapes(int64_t num_rows) const;
  /// Throws Error when anything does not fit: lengths, codes, order, NaN. O(n): before arrays are followed
  /// directly, not through the functions above.
  void validate(int64_t num_rows) const;

 private:
  [[noreturn]] void fail_damaged(std::string_view what, int64_t place) const;
};

/// The attribute columns of n rows.
struct WHITNEY_API Attributes {
  int64_t num_rows = 0;
  std::vector<Column> columns;

  bool empty() const { return columns.empty(); }
  /// Null when there is none.
  const Column* find(std::string_view name) const;
  std::vector<std::string> names() const;
  /// Validates every column, and that no name stands twice.
  void validate() const;
  /// Rows in the given order; -1 makes a row without values. Dictionaries are shared.
  Attributes select(std::span<const int64_t> rows) const;
};

/// Collects the values of one column row by row, finds the type that fits all of them, and makes the Column.
/// Int widens to real where nothing is lost; text of ISO dates stays a string unless `type` says date; lists
/// of strings are sets; NaN is no value; a mixture that fits nothing is an Error naming both places. A column
/// without any value and type is a string. Holds typed values, 8 bytes a row at most, and each distinct
/// string once.
class WHITNEY_API ColumnBuilder {
 public:
  /// `type` absent: inferred.
  explicit ColumnBuilder(std::string name, std::optional<ColumnType> type = std::nullopt);
  ~ColumnBuilder();
  ColumnBuilder(ColumnBuilder&&) noexcept;
  ColumnBuilder& operator=(ColumnBuilder&&) noexcept;
  /// Null: no value. `where` begins an Error's sentence ("table.jsonl:17").
  void add(const Value& value, std::string_view where);
  /// The same without a Value on the way.
  void add_missing(int64_t num_rows = 1);
  void add_int(int64_t value, std::string_view where);
  void add_real(double value, std::string_view where);
  void add_bool(bool value, std::string_view where);
  void add_string(std::string_view value, std::string_view where);
  void add_set(std::span<const std::string_view> elements, std::string_view where);
  int64_t size() const { return size_; }
  /// Sorts the dictionary and hands the column over; the builder is empty afterwards.
  Column finish();

 private:
  struct Store;
  void accept(ColumnType seen, std::string_view where, std::string_view shown);
  void mark_present();

  std::string name_;
  /// The type asked for, and the one found so far.
  std::optional<ColumnType> wanted_, found_;
  int64_t size_ = 0;
  /// Where the type was found.
  std::string found_at_;
  std::unique_ptr<Store> store_;
};

/// Says what about a value no attribute can hold, such as "an object" or "a list with 3 in it"; empty when
/// one can.
WHITNEY_API std::string unfit_for_attribute(const Value& value);

/// Reads "2026-11-24" or "2026-11-24T10:00:00[.ffffff]Z" as microseconds since 1970 UTC; nothing when it is
/// neither or no day of the calendar.
WHITNEY_API std::optional<int64_t> parse_date(std::string_view text);
/// Writes such a date, the time only when it is not midnight.
WHITNEY_API std::string date_text(int64_t microseconds);

}  // namespace whitney
