#include "whitney/data/delimited_table.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/value.h"
#include "whitney/data/row_limit.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

constexpr int64_t kRowsBetweenReports = 1 << 16;

std::optional<int64_t> parse_int(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

// "007" and "-01" are names of something; "0.5" is not.
bool has_leading_zero(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  return number.size() > 1 && number[0] == '0' && number[1] >= '0' && number[1] <= '9';
}

std::optional<Value> parse_set(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
  try {
    Value list = Value::parse_json(text, "");
    for (const Value& element : list.as_list()) {
      if (!element.is_string()) return std::nullopt;
    }
    return list;
  } catch (const Error&) {
    return std::nullopt;  // text that begins like a list
  }
}

// The kinds of a column's cells, one bit each.
class Kinds {
 public:
  void add(CellKind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }
  ColumnType type() const {
    if (is_within({CellKind::kInt})) return ColumnType::kInt;
    if (is_within({CellKind::kInt, CellKind::kReal, CellKind::kNotFinite}) &&
        !is_within({CellKind::kNotFinite})) {
      return ColumnType::kReal;
    }
    if (is_within({CellKind::kBool})) return ColumnType::kBool;
    return is_within({CellKind::kSet}) ? ColumnType::kSet : ColumnType::kString;
  }

 private:
  // Says whether there is any value, and all are of these kinds.
  bool is_within(std::initializer_list<CellKind> kinds) const {
    constexpr uint32_t kNone = 1U << static_cast<unsigned>(CellKind::kMissing);
    uint32_t allowed = kNone;
    for (const CellKind kind : kinds) allowed |= 1U << static_cast<unsigned>(kind);
    return (bits_ & ~kNone) != 0 && (bits_ & ~allowed) == 0;
  }
  uint32_t bits_ = 0;
};

void add_cell(ColumnBuilder& builder, ColumnType type, const Cell& cell, bool quotes_tell_text,
              std::string_view where) {
  if (cell.text.empty() && !(cell.quoted && quotes_tell_text)) return builder.add_missing();
  const std::string_view trimmed = trim(cell.text);
  switch (type) {
    case ColumnType::kInt:
      return builder.add_int(*parse_int(trimmed), where);
    case ColumnType::kReal: {
      if (const auto integer = parse_int(trimmed)) return builder.add_int(*integer, where);
      return builder.add_real(*parse_number(trimmed), where);
    }
    case ColumnType::kBool:
      return builder.add_bool(*parse_bool(trimmed), where);
    case ColumnType::kSet:
      return builder.add(*parse_set(trimmed), where);
    default:
      return builder.add_string(cell.text, where);
  }
}

std::vector<ColumnType> find_types(std::string_view text, char separator, const std::string& name) {
  HeadedReader reader(text, separator, name);
  std::vector<Kinds> kinds(reader.names().size());
  std::vector<Cell> cells;
  while (reader.next(cells)) {
    for (size_t i = 0; i < cells.size(); ++i) kinds[i].add(kind_of(cells[i], reader.quotes_tell_text()));
  }
  std::vector<ColumnType> types;
  for (const Kinds& kind : kinds) types.push_back(kind.type());
  return types;
}

}  // namespace

CellKind kind_of(const Cell& cell, bool quotes_tell_text) {
  const std::string_view text = trim(cell.text);
  const bool is_text = cell.quoted && quotes_tell_text;
  if (cell.text.empty()) return is_text ? CellKind::kText : CellKind::kMissing;
  if (parse_set(text)) return CellKind::kSet;
  if (is_text) return CellKind::kText;
  if (parse_bool(text)) return CellKind::kBool;
  if (has_leading_zero(text)) return CellKind::kText;
  if (parse_int(text)) return CellKind::kInt;
  const auto number = parse_number(text);
  if (!number) return CellKind::kText;
  if (!std::isfinite(*number)) return CellKind::kNotFinite;
  // An integer that no int64 holds would lose digits as a real.
  return text.find_first_not_of("+-0123456789") == std::string_view::npos && text.size() > 18
             ? CellKind::kText
             : CellKind::kReal;
}

void collect_id(const std::vector<Cell>& cells, size_t place, const HeadedReader& reader, IdCollector& ids) {
  const Cell& cell = cells[place];
  if (cell.text.empty()) {
    fail(reader.name(), ":", reader.line(), ": field \"", reader.names()[place], "\" (the id) is empty");
  }
  const bool is_text = cell.quoted && reader.quotes_tell_text();
  const auto integer = is_text ? std::nullopt : parse_integer(trim(cell.text));
  if (integer) {
    ids.add(*integer, reader.line());
  } else {
    ids.add(cell.text, reader.line());
  }
}

Table read_delimited_table(std::string_view text, char separator, const std::string& name,
                           const TableOptions& options, const Context& context) {
  text = without_byte_order_mark(text, name);
  check_text(text, name);
  const std::vector<ColumnType> types = find_types(text, separator, name);
  HeadedReader reader(text, separator, name);
  const auto id_place = options.id_field ? reader.place_of(*options.id_field) : reader.find("id");
  std::vector<ColumnBuilder> builders;
  for (size_t i = 0; i < types.size(); ++i) builders.emplace_back(reader.names()[i], types[i]);

  IdCollector ids;
  std::vector<Cell> cells;
  int64_t num_rows = 0;
  while (reader.next(cells)) {
    const std::string where = name + ":" + std::to_string(reader.line());
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i == id_place) {
        collect_id(cells, i, reader, ids);
      } else {
        add_cell(builders[i], types[i], cells[i], reader.quotes_tell_text(), where);
      }
    }
    if (++num_rows % kRowsBetweenReports == 0) context.advance("reading the table", num_rows, 0, "rows");
  }
  if (num_rows == 0) fail(name, ": the file has a heading, but no rows");
  check_num_rows(num_rows, name, "rows");
  Table table;
  table.ids = id_place ? ids.finish(name) : Ids::row_numbers(num_rows);
  table.attributes.num_rows = num_rows;
  for (size_t i = 0; i < builders.size(); ++i) {
    if (i != id_place) table.attributes.columns.push_back(builders[i].finish());
  }
  return table;
}

}  // namespace whitney::data
