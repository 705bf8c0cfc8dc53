#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"
#include "whitney/data/delimited_table.h"
#include "whitney/data/file_format.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/json_columns.h"
#include "whitney/data/json_lines.h"
#include "whitney/data/readers.h"
#include "whitney/data/recbole_table.h"
#include "whitney/data/row_limit.h"

namespace whitney {

namespace {

Table read_json_table(data::InputStream& input, const TableOptions& options, const Context& context) {
  data::JsonLinesOptions json;
  json.id_field = options.id_field.value_or("id");
  json.id_required = options.id_field.has_value();
  data::IdCollector ids;
  data::JsonColumns columns(input.name());
  int64_t num_rows = 0;
  data::read_json_lines(input, json, context, [&](data::JsonRow& row, const std::vector<std::string>& names) {
    data::collect_id(row, input.name(), json.id_field, num_rows, ids);
    columns.add(row, names);
    ++num_rows;
  });
  if (num_rows == 0) fail(input.name(), ": no row in this file (expected one JSON object a line)");
  data::check_num_rows(num_rows, input.name(), "rows");
  Table table;
  table.ids = ids.size() > 0 ? ids.finish(input.name()) : Ids::row_numbers(num_rows);
  table.attributes = columns.finish(context);
  return table;
}

Table read_artifact_table(const std::string& path, const TableOptions& options, const Context& context) {
  if (options.id_field)
    context.note(path + ": an artifact has ids of its own; the id field is not looked at");
  return load_table(Artifact::read(path, context));
}

}  // namespace

Table read_table(const std::string& path, const TableOptions& options, const Context& context) {
  const data::FileName name = data::file_format(path, data::TxtMeaning::kText);
  if (path == "-" || name.format == data::FileFormat::kJsonLines) {
    auto input = data::InputStream::open(path, context.cancellation);
    return read_json_table(input, options, context);
  }
  switch (name.format) {
    case data::FileFormat::kSafetensors:
      return read_artifact_table(path, options, context);
    case data::FileFormat::kCsv:
    case data::FileFormat::kTsv: {
      auto input = data::InputStream::open(path, context.cancellation);
      const data::SharedBytes bytes = input.read_all(context);
      const char separator = name.format == data::FileFormat::kCsv ? ',' : '\t';
      return data::read_delimited_table(bytes.text, separator, input.name(), options, context);
    }
    case data::FileFormat::kRecbole: {
      auto input = data::InputStream::open(path, context.cancellation);
      const data::SharedBytes bytes = input.read_all(context);
      return data::read_recbole_table(bytes.text, input.name(), options, context);
    }
    default:
      fail(path,
           ": the extension tells no format of tables (expected: .jsonl, .ndjson, .csv, .tsv, .safetensors, "
           "or RecBole's .item and .user)");
  }
}

}  // namespace whitney
