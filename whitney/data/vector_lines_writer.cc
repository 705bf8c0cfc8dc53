#include <array>
#include <string>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/decimal.h"
#include "whitney/data/delimited.h"
#include "whitney/data/text_scan.h"
#include "whitney/data/vector_lines.h"

namespace whitney::data {

namespace {

// Rows between two looks at cancellation.
constexpr int64_t kRowsAtOnce = 4096;

void check_names(const Attributes& attributes, std::initializer_list<std::string_view> taken) {
  for (const std::string_view name : taken) {
    if (attributes.find(name) != nullptr)
      fail("an attribute is named \"", name, "\", which the format needs for something else");
  }
}

template <class AppendRow>
void write_rows(const Embeddings& embeddings, AtomicFile& file, const Context& context,
                const AppendRow& append_row) {
  WHITNEY_CHECK(embeddings.vectors.dtype() == DType::kF32);
  std::string text;
  for (int64_t row = 0; row < embeddings.size(); ++row) {
    if (row % kRowsAtOnce == 0) {
      context.check_cancelled();
      context.advance("write", row, embeddings.size(), "rows");
    }
    text.clear();
    append_row(row, embeddings.vectors.row<float>(row), text);
    file.write(text);
  }
}

// Text in quotes keeps its type: "17" is a string, 17 an integer, and an empty field no value at all.
bool needs_quotes(std::string_view text) {
  return text.empty() || text == "true" || text == "false" || text == "null" ||
         parse_number(text).has_value();
}

void append_attribute(const Column& column, int64_t row, char separator, std::string& out) {
  if (!column.has(row)) return;
  switch (column.type) {
    case ColumnType::kString: {
      const std::string_view text = column.dictionary_entry(column.codes[row]);
      return append_cell(out, text, separator, needs_quotes(text));
    }
    case ColumnType::kDate:
      return append_cell(out, date_text(column.ints[row]), separator, false);
    default:
      return append_cell(out, column.value(row).to_json(), separator, false);
  }
}

}  // namespace

void write_vectors_json_lines(const Embeddings& embeddings, AtomicFile& file, const Context& context) {
  check_names(embeddings.attributes, {"id", "vector", "embedding"});
  std::string id_key = R"({"id":)", vector_key = R"(,"vector":[)";
  std::vector<std::string> keys;
  for (const Column& column : embeddings.attributes.columns) {
    keys.push_back("," + Value(column.name).to_json() + ":");
  }
  const Ids& ids = embeddings.ids;
  write_rows(embeddings, file, context, [&](int64_t row, std::span<const float> vector, std::string& text) {
    text += id_key;
    text += ids.is_integer() ? ids.text(row) : Value(ids.string(row)).to_json();
    for (size_t c = 0; c < keys.size(); ++c) {
      text += keys[c];
      text += embeddings.attributes.columns[c].value(row).to_json();
    }
    text += vector_key;
    for (const float value : vector) {
      append_float(text, value);
      text += ',';
    }
    if (vector.empty())
      text += ']';
    else
      text.back() = ']';
    text += "}\n";
  });
}

void write_vectors_delimited(const Embeddings& embeddings, char separator, AtomicFile& file,
                             const Context& context) {
  check_names(embeddings.attributes, {"id"});
  std::string heading = "id";
  for (const Column& column : embeddings.attributes.columns) {
    heading += separator;
    append_cell(heading, column.name, separator, false);
  }
  for (int64_t d = 0; d < embeddings.dim(); ++d) heading += concat(separator, "v", d);
  file.write(heading + "\n");
  const Ids& ids = embeddings.ids;
  write_rows(embeddings, file, context, [&](int64_t row, std::span<const float> vector, std::string& text) {
    const std::string id = ids.text(row);
    append_cell(text, id, separator, !ids.is_integer() && needs_quotes(id));
    for (const Column& column : embeddings.attributes.columns) {
      text += separator;
      append_attribute(column, row, separator, text);
    }
    for (const float value : vector) {
      text += separator;
      append_float(text, value);
    }
    text += '\n';
  });
}

}  // namespace whitney::data
