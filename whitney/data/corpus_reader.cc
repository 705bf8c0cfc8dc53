#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/delimited_table.h"
#include "whitney/data/file_format.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/json_lines.h"
#include "whitney/data/readers.h"
#include "whitney/data/row_limit.h"
#include "whitney/data/text_scan.h"

namespace whitney {

namespace {

Corpus finish(std::vector<std::string> texts, data::IdCollector& ids, const std::string& name) {
  if (texts.empty()) fail(name, ": no text in this file");
  const int64_t num_rows = std::ssize(texts);
  data::check_num_rows(num_rows, name, "texts");
  Corpus corpus;
  corpus.ids = ids.size() > 0 ? ids.finish(name) : Ids::row_numbers(num_rows);
  corpus.texts = std::move(texts);
  return corpus;
}

Corpus read_json_corpus(data::InputStream& input, const TableOptions& options, const std::string& text_field,
                        const Context& context) {
  data::JsonLinesOptions json;
  json.id_field = options.id_field.value_or("id");
  json.id_required = options.id_field.has_value();
  json.only = {text_field};
  if (json.id_field == text_field)
    fail(input.name(), ": field \"", text_field, "\" cannot be both the id and the text");
  data::IdCollector ids;
  std::vector<std::string> texts;
  data::read_json_lines(input, json, context, [&](data::JsonRow& row, const std::vector<std::string>&) {
    data::collect_id(row, input.name(), json.id_field, std::ssize(texts), ids);
    if (row.fields.empty())
      fail(input.name(), ":", row.line, ": field \"", text_field, "\" (the text) is missing");
    const Value& text = row.fields.front().second;
    if (!text.is_string()) {
      fail(input.name(), ":", row.line, ": field \"", text_field, "\" must be a string of text, not ",
           text.to_json());
    }
    texts.push_back(text.as_string());
  });
  return finish(std::move(texts), ids, input.name());
}

Corpus read_delimited_corpus(data::InputStream& input, char separator, const TableOptions& options,
                             const std::string& text_field, const Context& context) {
  const data::SharedBytes bytes = input.read_all(context);
  const std::string_view text = data::without_byte_order_mark(bytes.text, input.name());
  data::check_text(text, input.name());
  data::HeadedReader reader(text, separator, input.name());
  const size_t text_place = reader.place_of(text_field);
  const auto id_place = options.id_field ? reader.place_of(*options.id_field) : reader.find("id");
  data::IdCollector ids;
  std::vector<std::string> texts;
  std::vector<data::Cell> cells;
  while (reader.next(cells)) {
    if (id_place) data::collect_id(cells, *id_place, reader, ids);
    texts.emplace_back(cells[text_place].text);
  }
  return finish(std::move(texts), ids, input.name());
}

// Standard input and names that tell nothing: JSON lines begin with an object.
bool begins_with_object(std::string_view text, const std::string& name) {
  text = data::without_byte_order_mark(text, name);
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '{';
}

// One text a line; an empty line is an empty text, so that row numbers are line numbers less one.
Corpus read_lines(data::InputStream& input, const Context& context) {
  const data::SharedBytes bytes = input.read_all(context);
  std::string_view rest = data::without_byte_order_mark(bytes.text, input.name());
  data::check_text(rest, input.name());
  data::IdCollector ids;
  std::vector<std::string> texts;
  while (!rest.empty()) texts.emplace_back(data::take_line(rest));
  return finish(std::move(texts), ids, input.name());
}

}  // namespace

Corpus read_corpus(const std::string& path, const TableOptions& options, const std::string& text_field,
                   const Context& context) {
  const data::FileFormat format = data::file_format(path, data::TxtMeaning::kText).format;
  switch (format) {
    case data::FileFormat::kJsonLines:
    case data::FileFormat::kCsv:
    case data::FileFormat::kTsv:
    case data::FileFormat::kText:
    case data::FileFormat::kUnknown:
      break;
    default:
      fail(path, ": not a file of texts (expected: .jsonl, .csv, .tsv, or plain text)");
  }
  auto input = data::InputStream::open(path, context.cancellation);
  if (format == data::FileFormat::kJsonLines) return read_json_corpus(input, options, text_field, context);
  if (format == data::FileFormat::kCsv)
    return read_delimited_corpus(input, ',', options, text_field, context);
  if (format == data::FileFormat::kTsv)
    return read_delimited_corpus(input, '\t', options, text_field, context);
  if (format == data::FileFormat::kText) return read_lines(input, context);
  const data::SharedBytes bytes = input.read_all(context);
  auto again = data::InputStream::over(bytes.text, input.name());
  return begins_with_object(bytes.text, input.name()) ? read_json_corpus(again, options, text_field, context)
                                                      : read_lines(again, context);
}

}  // namespace whitney
