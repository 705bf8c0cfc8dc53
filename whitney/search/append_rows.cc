#include "whitney/search/append_rows.h"

#include <algorithm>
#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::search {
namespace {

template <class T>
Array<T> joined(const Array<T>& first, int64_t num_first, const Array<T>& second, int64_t num_second) {
  Array<T> result(num_first + num_second, T{});
  T* out = result.mutable_data();
  std::copy(first.begin(), first.end(), out);
  std::copy(second.begin(), second.end(), out + num_first);
  return result;
}

bool has_no_value(const Column& column) {
  return !column.present.empty() &&
         std::ranges::all_of(column.present, [](uint8_t there) { return there == 0; });
}

// The same rows as reals, exactly or not at all.
Column as_reals(const Column& column) {
  Column result;
  result.name = column.name;
  result.type = ColumnType::kReal;
  result.present = column.present;
  result.reals = Array<double>(column.ints.size());
  double* out = result.reals.mutable_data();
  for (int64_t row = 0; row < column.ints.size(); ++row) {
    out[row] = static_cast<double>(column.ints[row]);
    if (!(out[row] < 0x1p63) || static_cast<int64_t>(out[row]) != column.ints[row]) {
      fail("column \"", column.name, "\": the integer ", column.ints[row],
           " cannot be held by a column of reals without loss");
    }
  }
  return result;
}

Array<uint8_t> join_present(const Column& first, int64_t num_first, const Column& second,
                            int64_t num_second) {
  if (first.present.empty() && second.present.empty()) return {};
  Array<uint8_t> result(num_first + num_second, uint8_t{1});
  uint8_t* out = result.mutable_data();
  std::copy(first.present.begin(), first.present.end(), out);
  std::copy(second.present.begin(), second.present.end(), out + num_first);
  return result;
}

// Merges two sorted dictionaries into `result` and gives the new code of each old one.
struct MergedCodes {
  std::vector<uint32_t> first, second;
};

MergedCodes merge_dictionaries(const Column& first, const Column& second, Column& result) {
  MergedCodes codes;
  std::vector<uint64_t> offsets = {0};
  std::string bytes;
  int64_t i = 0, j = 0;
  while (i < first.dictionary_size() || j < second.dictionary_size()) {
    const bool has_first = i < first.dictionary_size(), has_second = j < second.dictionary_size();
    const std::string_view a = has_first ? first.dictionary_entry(i) : std::string_view();
    const std::string_view b = has_second ? second.dictionary_entry(j) : std::string_view();
    const bool take_first = has_first && (!has_second || a <= b),
               take_second = has_second && (!has_first || b <= a);
    const auto code = static_cast<uint32_t>(offsets.size() - 1);
    bytes += take_first ? a : b;
    offsets.push_back(bytes.size());
    if (take_first) codes.first.push_back(code), ++i;
    if (take_second) codes.second.push_back(code), ++j;
  }
  result.dictionary_offsets = Array<uint64_t>::copy_of(offsets);
  result.dictionary_bytes = Array<char>::copy_of(std::span<const char>(bytes));
  return codes;
}

void recode(const Column& column, std::span<const uint32_t> new_codes, uint32_t* out) {
  for (int64_t i = 0; i < column.codes.size(); ++i) {
    const uint32_t code = column.codes[i];
    // Rows without a value hold code 0 also where the dictionary is empty.
    if (code >= new_codes.size() && !(code == 0 && new_codes.empty())) {
      fail("column \"", column.name, "\" has no string of code ", code, ": the file is damaged");
    }
    out[i] = new_codes.empty() ? 0 : new_codes[code];
  }
}

Array<uint64_t> join_starts(const Column& first, int64_t num_first, const Column& second,
                            int64_t num_second) {
  Array<uint64_t> result(num_first + num_second + 1, uint64_t{0});
  uint64_t* out = result.mutable_data();
  // A side that lacks the column has empty sets only.
  std::copy(first.starts.begin(), first.starts.end(), out);
  const auto before = static_cast<uint64_t>(first.codes.size());
  for (int64_t row = 0; row <= num_second; ++row) {
    out[num_first + row] = before + (second.starts.empty() ? 0 : second.starts[row]);
  }
  return result;
}

Column join_same_type(const Column& first, int64_t num_first, const Column& second, int64_t num_second) {
  Column result;
  result.name = first.name;
  result.type = first.type;
  result.present = join_present(first, num_first, second, num_second);
  switch (first.type) {
    case ColumnType::kInt:
    case ColumnType::kDate:
      result.ints = joined(first.ints, num_first, second.ints, num_second);
      break;
    case ColumnType::kReal:
      result.reals = joined(first.reals, num_first, second.reals, num_second);
      break;
    case ColumnType::kBool:
      result.bools = joined(first.bools, num_first, second.bools, num_second);
      break;
    case ColumnType::kString:
    case ColumnType::kSet: {
      const bool is_set = first.type == ColumnType::kSet;
      const MergedCodes codes = merge_dictionaries(first, second, result);
      const int64_t num_codes = is_set ? first.codes.size() : num_first;
      result.codes = Array<uint32_t>(num_codes + (is_set ? second.codes.size() : num_second), 0u);
      uint32_t* out = result.codes.mutable_data();
      recode(first, codes.first, out);
      recode(second, codes.second, out + num_codes);
      if (is_set) result.starts = join_starts(first, num_first, second, num_second);
      break;
    }
  }
  return result;
}

// A column of the same name and type without values.
Column without_values(const Column& like, int64_t num_rows) {
  Column column;
  column.name = like.name;
  column.type = like.type;
  if (num_rows > 0) column.present = Array<uint8_t>(num_rows, uint8_t{0});
  return column;
}

Column join(const Column& first, int64_t num_first, const Column& second, int64_t num_second) {
  if (first.type == second.type) return join_same_type(first, num_first, second, num_second);
  if (has_no_value(second) || num_second == 0) {
    return join_same_type(first, num_first, without_values(first, num_second), num_second);
  }
  if (has_no_value(first) || num_first == 0) {
    return join_same_type(without_values(second, num_first), num_first, second, num_second);
  }
  if (first.type == ColumnType::kReal && second.type == ColumnType::kInt) {
    return join_same_type(first, num_first, as_reals(second), num_second);
  }
  fail("column \"", first.name, "\" is of type ", name_of(first.type), ", and the new rows' is of type ",
       name_of(second.type));
}

}  // namespace

Ids append_rows(const Ids& ids, const Ids& more) {
  if (ids.size() == 0) return more;
  if (more.size() == 0) return ids;
  if (ids.is_integer() && more.is_integer()) {
    return Ids::integers(joined(ids.integer_array(), ids.size(), more.integer_array(), more.size()));
  }
  if (ids.is_integer()) {
    fail("id \"", more.text(0), "\" is a string, and the ids there are integers, such as ", ids.text(0));
  }
  std::vector<uint64_t> offsets(ids.offsets_array().begin(), ids.offsets_array().end());
  std::vector<char> bytes(ids.bytes_array().begin(), ids.bytes_array().end());
  for (int64_t row = 0; row < more.size(); ++row) {
    const std::string id = more.text(row);
    bytes.insert(bytes.end(), id.begin(), id.end());
    offsets.push_back(bytes.size());
  }
  return Ids::mapped_strings(Array<uint64_t>::copy_of(offsets), Array<char>::copy_of(bytes));
}

Attributes append_rows(const Attributes& attributes, int64_t num_rows, const Attributes& more,
                       int64_t num_more) {
  Attributes result;
  result.num_rows = num_rows + num_more;
  for (const Column& column : attributes.columns) {
    const Column* second = more.find(column.name);
    result.columns.push_back(
        join(column, num_rows, second != nullptr ? *second : without_values(column, num_more), num_more));
  }
  for (const Column& column : more.columns) {
    if (attributes.find(column.name) != nullptr) continue;
    result.columns.push_back(join(without_values(column, num_rows), num_rows, column, num_more));
  }
  return result;
}

}  // namespace whitney::search
