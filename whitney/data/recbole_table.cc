#include "whitney/data/recbole_table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/data/delimited.h"
#include "whitney/data/delimited_table.h"
#include "whitney/data/row_limit.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {
namespace {

constexpr int64_t kRowsBetweenReports = 1 << 16;

enum class FieldType : uint8_t { kToken, kFloat, kTokens, kFloats };
constexpr std::array<std::string_view, 4> kTypeNames = {"token", "float", "token_seq", "float_seq"};

struct Field {
  std::string name;
  FieldType type = FieldType::kToken;
};

ColumnType column_type_of(FieldType type) {
  if (type == FieldType::kFloat) return ColumnType::kReal;
  return type == FieldType::kTokens ? ColumnType::kSet : ColumnType::kString;
}

Field field_of(std::string_view text, const HeadedReader& reader) {
  const size_t colon = text.rfind(':');
  const std::string_view type = colon == text.npos ? "" : text.substr(colon + 1);
  const auto* const known = std::ranges::find(kTypeNames, type);
  if (known == kTypeNames.end() || colon == 0) {
    fail(
        reader.name(), ":", reader.line(), ": the field ", quoted(text),
        " of the heading names no type (expected: name:token, name:float, name:token_seq or name:float_seq)");
  }
  return {std::string(text.substr(0, colon)), static_cast<FieldType>(known - kTypeNames.begin())};
}

std::vector<Field> fields_of(const HeadedReader& reader) {
  std::vector<Field> fields;
  for (const std::string& text : reader.names()) {
    Field field = field_of(text, reader);
    if (std::ranges::find(fields, field.name, &Field::name) != fields.end())
      fail(reader.name(), ":", reader.line(), ": two fields of the heading are named ", quoted(field.name));
    fields.push_back(std::move(field));
  }
  return fields;
}

size_t id_place_of(const std::vector<Field>& fields, const HeadedReader& reader,
                   const TableOptions& options) {
  const auto is_usual = [](const std::string& name) { return name == "item_id" || name == "user_id"; };
  auto found = options.id_field ? std::ranges::find(fields, *options.id_field, &Field::name)
                                : std::ranges::find_if(fields, is_usual, &Field::name);
  if (found == fields.end() && options.id_field) {
    std::vector<std::string> names;
    for (const Field& field : fields) names.push_back(field.name);
    fail(reader.name(), ": the heading has no field ", quoted(*options.id_field),
         did_you_mean(*options.id_field, names));
  }
  if (found == fields.end()) found = fields.begin();
  if (found->type != FieldType::kToken) {
    fail(reader.name(), ":", reader.line(), ": field ", quoted(found->name), " (the id) is a ",
         kTypeNames[static_cast<size_t>(found->type)], " (expected: a token)");
  }
  return static_cast<size_t>(found - fields.begin());
}

void add_cell(ColumnBuilder& builder, const Field& field, std::string_view text, std::string_view where) {
  if (trim(text).empty()) return builder.add_missing();
  if (field.type == FieldType::kToken) return builder.add_string(text, where);
  if (field.type == FieldType::kFloat) {
    const std::optional<double> value = parse_number(trim(text));
    if (!value)
      fail(where, ": field ", quoted(field.name), " holds ", quoted(text),
           ", which is no number (its type is float)");
    return builder.add_real(*value, where);
  }
  std::vector<std::string_view> words;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) words.push_back(word);
  builder.add_set(words, where);
}

void note_left_out(const std::vector<Field>& fields, const std::string& name, const Context& context) {
  std::string names;
  for (const Field& field : fields) {
    if (field.type == FieldType::kFloats)
      names += concat(names.empty() ? "" : ", ", '"', field.name, "\" (float_seq)");
  }
  if (!names.empty()) context.note(concat(name, ": left out, as no attribute can hold it: ", names));
}

}  // namespace

Table read_recbole_table(std::string_view text, const std::string& name, const TableOptions& options,
                         const Context& context) {
  text = without_byte_order_mark(text, name);
  check_text(text, name);
  HeadedReader reader(text, '\t', name, Quotes::kAreCharacters);
  const std::vector<Field> fields = fields_of(reader);
  const size_t id_place = id_place_of(fields, reader, options);
  const auto is_kept = [&](size_t i) { return i != id_place && fields[i].type != FieldType::kFloats; };
  std::vector<ColumnBuilder> builders;
  for (const Field& field : fields) builders.emplace_back(field.name, column_type_of(field.type));

  IdCollector ids;
  std::vector<Cell> cells;
  int64_t num_rows = 0;
  while (reader.next(cells)) {
    const std::string where = concat(name, ":", reader.line());
    collect_id(cells, id_place, reader, ids);
    for (size_t i = 0; i < cells.size(); ++i) {
      if (is_kept(i)) add_cell(builders[i], fields[i], cells[i].text, where);
    }
    if (++num_rows % kRowsBetweenReports == 0) context.advance("reading the table", num_rows, 0, "rows");
  }
  if (num_rows == 0) fail(name, ": the file has a heading, but no rows");
  check_num_rows(num_rows, name, "rows");
  note_left_out(fields, name, context);
  Table table;
  table.ids = ids.finish(name);
  table.attributes.num_rows = num_rows;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (is_kept(i)) table.attributes.columns.push_back(builders[i].finish());
  }
  return table;
}

}  // namespace whitney::data
