#include "whitney/data/attributes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "whitney/core/error.h"

namespace whitney {
namespace {

constexpr std::array<std::string_view, 6> kTypeNames = {"int", "real", "bool", "string", "date", "set"};

bool is_coded(ColumnType type) { return type == ColumnType::kString || type == ColumnType::kSet; }

template <class T>
Array<T> select_values(const Array<T>& values, std::span<const int64_t> rows) {
  Array<T> result(std::ssize(rows));
  std::transform(rows.begin(), rows.end(), result.mutable_data(),
                 [&](int64_t row) { return row < 0 ? T{} : values[row]; });
  return result;
}

void select_sets(const Column& column, std::span<const int64_t> rows, Column& result) {
  result.starts = Array<uint64_t>(std::ssize(rows) + 1);
  uint64_t* starts = result.starts.mutable_data();
  starts[0] = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    starts[i + 1] = starts[i] + (rows[i] < 0 ? 0 : column.set_codes(rows[i]).size());
  }
  result.codes = Array<uint32_t>(static_cast<int64_t>(starts[rows.size()]));
  uint32_t* out = result.codes.mutable_data();
  for (const int64_t row : rows) {
    if (row < 0) continue;
    const auto codes = column.set_codes(row);
    out = std::copy(codes.begin(), codes.end(), out);
  }
}

Column select_rows(const Column& column, std::span<const int64_t> rows) {
  Column result;
  result.name = column.name;
  result.type = column.type;
  result.dictionary_offsets = column.dictionary_offsets;
  result.dictionary_bytes = column.dictionary_bytes;
  switch (column.type) {
    case ColumnType::kInt:
    case ColumnType::kDate:
      result.ints = select_values(column.ints, rows);
      break;
    case ColumnType::kReal:
      result.reals = select_values(column.reals, rows);
      break;
    case ColumnType::kBool:
      result.bools = select_values(column.bools, rows);
      break;
    case ColumnType::kString:
      result.codes = select_values(column.codes, rows);
      break;
    case ColumnType::kSet:
      select_sets(column, rows, result);
      break;
  }
  if (std::ranges::all_of(rows, [&](int64_t row) { return row >= 0 && column.has(row); })) return result;
  result.present = Array<uint8_t>(std::ssize(rows));
  std::transform(rows.begin(), rows.end(), result.present.mutable_data(),
                 [&](int64_t row) { return static_cast<uint8_t>(row >= 0 && column.has(row)); });
  return result;
}

}  // namespace

std::string_view name_of(ColumnType type) { return kTypeNames[static_cast<size_t>(type)]; }

std::optional<ColumnType> column_type_of(std::string_view name) {
  const auto found = std::ranges::find(kTypeNames, name);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<ColumnType>(found - kTypeNames.begin());
}

void Column::fail_damaged(std::string_view what, int64_t place) const {
  fail("column \"", name, "\": ", what, " ", place, " does not fit: the file is damaged");
}

int64_t Column::num_rows() const {
  switch (type) {
    case ColumnType::kInt:
    case ColumnType::kDate:
      return ints.size();
    case ColumnType::kReal:
      return reals.size();
    case ColumnType::kBool:
      return bools.size();
    case ColumnType::kString:
      return codes.size();
    case ColumnType::kSet:
      return starts.empty() ? 0 : starts.size() - 1;
  }
  return 0;
}

std::optional<uint32_t> Column::find_code(std::string_view text) const {
  int64_t low = 0, high = dictionary_size();
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (dictionary_entry(middle) < text)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == dictionary_size() || dictionary_entry(low) != text) return std::nullopt;
  return static_cast<uint32_t>(low);
}

Value Column::value(int64_t row) const {
  if (!has(row)) return {};
  switch (type) {
    case ColumnType::kInt:
      return ints[row];
    case ColumnType::kDate:
      return date_text(ints[row]);
    case ColumnType::kReal:
      return reals[row];
    case ColumnType::kBool:
      return bools[row] != 0;
    case ColumnType::kString:
      return dictionary_entry(codes[row]);
    case ColumnType::kSet:
      break;
  }
  Value::List elements;
  for (const uint32_t code : set_codes(row)) elements.emplace_back(dictionary_entry(code));
  return elements;
}

void Column::check_shapes(int64_t rows) const {
  if (num_rows() != rows) fail("column \"", name, "\" has ", num_rows(), " rows where ", rows, " are due");
  if (!present.empty() && present.size() != rows) {
    fail("column \"", name, "\" tells of ", present.size(), " rows whether they have a value, of ", rows,
         " rows");
  }
  if (!is_coded(type)) return;
  if (dictionary_offsets.empty() || dictionary_offsets[0] != 0 ||
      dictionary_offsets[dictionary_size()] != static_cast<uint64_t>(dictionary_bytes.size())) {
    fail("column \"", name, "\": the offsets of the dictionary do not fit its ", dictionary_bytes.size(),
         " bytes");
  }
  if (type == ColumnType::kSet &&
      (starts.empty() || starts[0] != 0 || starts[rows] != static_cast<uint64_t>(codes.size()))) {
    fail("column \"", name, "\": the starts of the sets do not fit their ", codes.size(), " codes");
  }
}

void Column::validate(int64_t rows) const {
  check_shapes(rows);
  for (int64_t code = 0; code < dictionary_size(); ++code) {
    if (code > 0 && dictionary_entry(code - 1) >= dictionary_entry(code)) {
      fail("column \"", name, "\": entry ", code, " of the dictionary is out of order");
    }
    if (code == 0) static_cast<void>(dictionary_entry(code));
  }
  for (int64_t row = 0; row < rows; ++row) {
    if (!present.empty() && present[row] > 1) fail_damaged("present, row", row);
    if (type == ColumnType::kSet) {
      const auto elements = set_codes(row);
      for (size_t i = 0; i < elements.size(); ++i) {
        if (elements[i] >= dictionary_size() || (i > 0 && elements[i - 1] >= elements[i]))
          fail_damaged("set, row", row);
      }
      if (!elements.empty() && !has(row)) fail_damaged("set without presence, row", row);
    } else if (type == ColumnType::kBool) {
      if (bools[row] > 1) fail_damaged("bool, row", row);
    } else if (has(row)) {
      if (type == ColumnType::kString && codes[row] >= dictionary_size()) fail_damaged("code, row", row);
      if (type == ColumnType::kReal && std::isnan(reals[row])) fail_damaged("NaN, row", row);
    }
  }
}

const Column* Attributes::find(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

std::vector<std::string> Attributes::names() const {
  std::vector<std::string> result;
  for (const Column& column : columns) result.push_back(column.name);
  return result;
}

void Attributes::validate() const {
  std::unordered_set<std::string_view> seen;
  for (const Column& column : columns) {
    if (!seen.insert(column.name).second) fail("two columns are named \"", column.name, "\"");
    column.validate(num_rows);
  }
}

Attributes Attributes::select(std::span<const int64_t> rows) const {
  for (const int64_t row : rows) {
    WHITNEY_CHECK(row >= -1 && row < num_rows, "row ", row, " of ", num_rows, " is asked for");
  }
  Attributes result;
  result.num_rows = std::ssize(rows);
  for (const Column& column : columns) result.columns.push_back(select_rows(column, rows));
  return result;
}

}  // namespace whitney
