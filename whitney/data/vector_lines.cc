#include "whitney/data/vector_lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/decimal.h"
#include "whitney/data/delimited.h"
#include "whitney/data/delimited_table.h"
#include "whitney/data/growing_matrix.h"
#include "whitney/data/id_table.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/json_columns.h"
#include "whitney/data/json_lines.h"
#include "whitney/data/row_limit.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

constexpr std::array<std::string_view, 2> kVectorFields = {"vector", "embedding"};
// Rows between two looks at cancellation.
constexpr int64_t kRowsAtOnce = 4096;

bool is_vector_field(std::string_view name) {
  return std::ranges::find(kVectorFields, name) != kVectorFields.end();
}

void check_width(int64_t width, int64_t dim, std::string_view where) {
  if (width == 0) fail(where, ": the vector is empty");
  if (width != dim) fail(where, ": the vector has ", width, " values, those before it ", dim);
}

// ---- JSON lines
// --------------------------------------------------------------------------------------------------

// Gathers the objects of a file.
class ObjectCollector {
 public:
  ObjectCollector(std::string name, std::string id_field)
      : name_(std::move(name)), id_field_(std::move(id_field)), columns_(name_) {}

  void take(JsonRow& row, const std::vector<std::string>& names) {
    const std::string where = concat(name_, ":", row.line);
    if (!row.has_vector)
      fail(where, R"(: no vector (expected: a list of numbers in the field "vector" or "embedding"))");
    if (!vectors_) vectors_.emplace(std::ssize(row.vector));
    check_width(std::ssize(row.vector), vectors_->dim(), where);
    collect_id(row, name_, id_field_, vectors_->rows(), ids_);
    columns_.add(row, names);
    vectors_->append_row(row.vector);
  }

  Embeddings finish(const Context& context) {
    if (!vectors_) fail(name_, ": holds no vector");
    Embeddings embeddings;
    const int64_t rows = vectors_->rows();
    check_num_rows(rows, name_, "vectors");
    embeddings.ids = ids_.size() > 0 ? ids_.finish(name_) : Ids::row_numbers(rows);
    embeddings.attributes = columns_.finish(context);
    embeddings.vectors = vectors_->finish();
    return embeddings;
  }

 private:
  std::string name_, id_field_;
  IdCollector ids_;
  std::optional<GrowingMatrix> vectors_;
  JsonColumns columns_;
};

// ---- CSV and TSV
// -------------------------------------------------------------------------------------------------

struct NumberedName {
  std::string_view word;
  uint64_t number = 0;
};

// "v12" is ("v", 12).
std::optional<NumberedName> split_number(std::string_view name) {
  size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') --digits;
  const auto number = parse_integer(name.substr(digits));
  if (!number) return std::nullopt;
  return NumberedName{name.substr(0, digits), *number};
}

// Where the columns begin that are numbered to the end of the list, from 0 or 1; the list's size when there
// are none.
size_t start_of_numbered(const std::vector<std::string_view>& names) {
  if (names.empty()) return 0;
  const auto last = split_number(names.back());
  if (!last) return names.size();
  size_t begin = names.size() - 1;
  for (uint64_t number = last->number; begin > 0 && number > 0; --begin, --number) {
    const auto before = split_number(names[begin - 1]);
    if (!before || before->word != last->word || before->number != number - 1) break;
  }
  const uint64_t first = split_number(names[begin])->number;
  // A single column with a number is an attribute, but for our own name of it.
  const bool is_vector = first <= 1 && (names.size() - begin > 1 || names.back() == "v0");
  return is_vector ? begin : names.size();
}

bool is_number(const Cell& cell) { return parse_float(trim(cell.text)).has_value(); }

// A first line of names and not of values: some cell behind the first is no number, or all of them count.
bool is_heading(const std::vector<Cell>& cells, const TableOptions& options) {
  const auto others = std::span(cells).subspan(1);
  if (!std::ranges::all_of(others, is_number)) return true;
  if (is_number(cells[0])) return false;
  if (others.empty()) return true;
  std::vector<std::string_view> names;
  for (const Cell& cell : others) names.push_back(trim(cell.text));
  const std::string_view first = trim(cells[0].text);
  return (first.empty() || first == options.id_field.value_or("id")) && start_of_numbered(names) == 0;
}

// Values without a heading; a first column that is no number holds the ids.
Embeddings read_values(DelimitedReader& reader, std::vector<Cell>& cells, const Context& context) {
  const bool has_id = !is_number(cells[0]);
  const size_t num_cells = cells.size();
  GrowingMatrix vectors(static_cast<int64_t>(num_cells - (has_id ? 1 : 0)));
  IdCollector ids;
  std::vector<float> row;
  do {
    if (vectors.rows() % kRowsAtOnce == 0) context.check_cancelled();
    const std::string where = concat(reader.name(), ":", reader.line());
    if (cells.size() != num_cells)
      fail(where, ": has ", cells.size(), " columns, the first line ", num_cells);
    row.clear();
    for (size_t column = has_id ? 1 : 0; column < num_cells; ++column) {
      const auto value = parse_float(trim(cells[column].text));
      if (!value) {
        fail(where, ": column ", column + 1, " holds ", quoted(cells[column].text),
             ", which is no finite number of float32");
      }
      row.push_back(*value);
    }
    if (has_id) {
      const auto integer = parse_integer(cells[0].text);
      integer ? ids.add(*integer, reader.line()) : ids.add(cells[0].text, reader.line());
    }
    vectors.append_row(row);
  } while (reader.next(cells));
  Embeddings embeddings;
  check_num_rows(vectors.rows(), reader.name(), "vectors");
  embeddings.ids = has_id ? ids.finish(reader.name()) : Ids::row_numbers(vectors.rows());
  embeddings.vectors = vectors.finish();
  if (!has_id) {
    context.note(concat(reader.name(), ": has no heading and no column of ids: all ", num_cells,
                        " columns are taken as values, and the ids are row numbers"));
  }
  return embeddings;
}

// A table with the text it was read from, which is read again to name the line of a row that is refused.
struct HeadedText {
  std::string_view text;
  char separator;
  std::string name;
  Table table;

  std::string where(int64_t row) const {
    HeadedReader reader(text, separator, name);
    std::vector<Cell> cells;
    for (int64_t i = 0; i <= row; ++i) reader.next(cells);
    return concat(name, ":", reader.line());
  }
};

[[noreturn]] void fail_value(const HeadedText& from, int64_t row, const Column& column,
                             std::string_view what) {
  fail(from.where(row), ": the row of \"", from.table.ids.text(row), "\" ", what, " in the column \"",
       column.name, "\"");
}

// Columns [begin, end) of numbers side by side.
Matrix join_columns(const HeadedText& from, size_t begin) {
  const Table& table = from.table;
  const auto columns = std::span(table.attributes.columns).subspan(begin);
  const int64_t rows = table.ids.size(), dim = std::ssize(columns);
  Matrix vectors(rows, dim);
  auto* out = vectors.mutable_data<float>();
  for (int64_t d = 0; d < dim; ++d) {
    const Column& column = columns[static_cast<size_t>(d)];
    if (column.type != ColumnType::kReal && column.type != ColumnType::kInt) {
      fail(from.name, ": the column \"", column.name, "\" is of type ", name_of(column.type),
           " where numbers are due");
    }
    for (int64_t row = 0; row < rows; ++row) {
      if (!column.has(row)) fail_value(from, row, column, "has no value, or NaN,");
      float& value = out[row * dim + d];
      value = column.type == ColumnType::kReal ? static_cast<float>(column.reals[row])
                                               : static_cast<float>(column.ints[row]);
      if (!std::isfinite(value)) fail_value(from, row, column, "holds no finite number of float32");
    }
  }
  return vectors;
}

// "[0.1, 0.2]", also without commas or brackets.
std::optional<std::vector<float>> parse_list(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  constexpr std::string_view kSeparators = ", \t\r\n";
  std::vector<float> values;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kSeparators), text.size()));
    if (text.empty()) return values;
    const std::string_view field = text.substr(0, text.find_first_of(kSeparators));
    const auto value = parse_float(field);
    if (!value) return std::nullopt;
    values.push_back(*value);
    text.remove_prefix(field.size());
  }
}

Matrix parse_lists(const HeadedText& from, const Column& column) {
  const Table& table = from.table;
  if (column.type != ColumnType::kString) {
    fail(from.name, ": the column \"", column.name, "\" is of type ", name_of(column.type),
         " where lists such as [0.1, 0.2] are due");
  }
  std::optional<GrowingMatrix> vectors;
  for (int64_t row = 0; row < table.ids.size(); ++row) {
    if (!column.has(row)) fail_value(from, row, column, "has no vector");
    const auto values = parse_list(column.dictionary_entry(column.codes[row]));
    if (!values) fail_value(from, row, column, "has no list of finite numbers such as [0.1, 0.2]");
    if (!vectors) vectors.emplace(std::ssize(*values));
    if (std::ssize(*values) != vectors->dim() || values->empty())
      check_width(std::ssize(*values), vectors->dim(), from.where(row));
    vectors->append_row(*values);
  }
  if (!vectors) fail(from.name, ": holds no vector");
  return vectors->finish();
}

// Takes the vectors out of a table's columns.
Embeddings from_table(HeadedText from) {
  std::vector<Column>& columns = from.table.attributes.columns;
  std::vector<std::string_view> names;
  for (const Column& column : columns) names.push_back(column.name);
  Embeddings embeddings;
  const auto list = std::ranges::find_if(names, is_vector_field);
  if (const size_t begin = start_of_numbered(names); begin < names.size()) {
    embeddings.vectors = join_columns(from, begin);
    columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(begin), columns.end());
  } else if (list != names.end()) {
    const auto column = columns.begin() + (list - names.begin());
    embeddings.vectors = parse_lists(from, *column);
    columns.erase(column);
  } else {
    std::string text;
    for (const std::string_view name : names) {
      if (text.size() < 200) text += concat(text.empty() ? "" : ", ", name);
    }
    fail(from.name,
         ": no column holds vectors (expected: columns at the end that are numbered, as \"v0\", \"v1\", or a "
         "column \"vector\" "
         "of lists); there are: ",
         text.empty() ? "none" : text);
  }
  embeddings.ids = std::move(from.table.ids);
  embeddings.attributes = std::move(from.table.attributes);
  return embeddings;
}

}  // namespace

Embeddings read_vectors_json_lines(InputStream& input, const TableOptions& options, const Context& context) {
  JsonLinesOptions json;
  json.id_field = options.id_field.value_or(json.id_field);
  json.id_required = options.id_field.has_value();
  json.vector_fields.assign(kVectorFields.begin(), kVectorFields.end());
  ObjectCollector collector(input.name(), json.id_field);
  read_json_lines(input, json, context,
                  [&](JsonRow& row, const std::vector<std::string>& names) { collector.take(row, names); });
  return collector.finish(context);
}

Embeddings read_vectors_delimited(const SharedBytes& file, char separator, const std::string& name,
                                  const TableOptions& options, const Context& context) {
  const std::string_view text = without_byte_order_mark(file.text, name);
  check_text(text, name);
  DelimitedReader reader(text, separator, name);
  std::vector<Cell> cells;
  if (!reader.next(cells)) fail(name, ": is empty");
  if (!is_heading(cells, options)) return read_values(reader, cells, context);
  return from_table({text, separator, name, read_delimited_table(text, separator, name, options, context)});
}

}  // namespace whitney::data
