#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/delimited_table.h"
#include "whitney/data/file_format.h"
#include "whitney/data/readers.h"
#include "whitney/data/text_scan.h"

namespace whitney {

namespace {

constexpr int64_t kBlockRows = 1 << 13;
constexpr int64_t kRoundBlocks = 32;  // the texts of a round are held at once

std::string json_text(std::string_view text) { return Value(text).to_json(); }

class JsonWriter {
 public:
  explicit JsonWriter(const Table& table) : table_(table) {
    for (const Column& column : table.attributes.columns) keys_.push_back("," + json_text(column.name) + ":");
  }
  std::string heading() const { return {}; }
  void append_row(int64_t row, std::string& out) const {
    const Ids& ids = table_.ids;
    out += "{\"id\":";
    out += ids.is_integer() ? std::to_string(ids.integer(row)) : json_text(ids.string(row));
    for (size_t c = 0; c < keys_.size(); ++c) {
      const Column& column = table_.attributes.columns[c];
      if (column.type == ColumnType::kReal && column.has(row) && std::isinf(column.reals[row])) {
        fail("column \"", column.name, "\" of id \"", ids.text(row),
             "\" is infinite, which JSON cannot say; write CSV or .safetensors");
      }
      out += keys_[c];
      out += column.value(row).to_json();
    }
    out += "}\n";
  }

 private:
  const Table& table_;
  std::vector<std::string> keys_;
};

class DelimitedWriter {
 public:
  DelimitedWriter(const Table& table, char separator) : table_(table), separator_(separator) {}
  std::string heading() const {
    std::string out = "id";
    for (const Column& column : table_.attributes.columns) {
      out += separator_;
      data::append_cell(out, column.name, separator_, false);
    }
    return out + "\n";
  }
  void append_row(int64_t row, std::string& out) const {
    const Ids& ids = table_.ids;
    if (ids.is_integer()) {
      out += std::to_string(ids.integer(row));
    } else {
      append_text(ids.string(row), out);
    }
    for (const Column& column : table_.attributes.columns) {
      out += separator_;
      if (column.has(row)) append_value(column, row, out);
    }
    out += '\n';
  }

 private:
  // Text that would be read as something else stands in quotes.
  void append_text(std::string_view text, std::string& out) const {
    data::append_cell(out, text, separator_, data::kind_of({text, false}, true) != data::CellKind::kText);
  }
  void append_value(const Column& column, int64_t row, std::string& out) const {
    if (column.type == ColumnType::kString) {
      append_text(column.dictionary_entry(column.codes[row]), out);
    } else if (column.type == ColumnType::kReal && std::isinf(column.reals[row])) {
      out += column.reals[row] > 0 ? "inf" : "-inf";
    } else if (column.type == ColumnType::kDate) {
      out += date_text(column.ints[row]);
    } else {
      data::append_cell(out, column.value(row).to_json(), separator_, false);
    }
  }

  const Table& table_;
  char separator_;
};

template <class Writer>
void write_text(const Table& table, const Writer& writer, const std::string& path, bool force,
                const Context& context) {
  AtomicFile file(path, force);
  file.write(writer.heading());
  const int64_t num_rows = table.ids.size();
  for (int64_t first = 0; first < num_rows; first += kRoundBlocks * kBlockRows) {
    const int64_t end = std::min(num_rows, first + kRoundBlocks * kBlockRows);
    std::vector<std::string> texts(static_cast<size_t>((end - first + kBlockRows - 1) / kBlockRows));
    parallel_blocks(context, end - first, kBlockRows, [&](int64_t block_begin, int64_t block_end) {
      std::string& text = texts[static_cast<size_t>(block_begin / kBlockRows)];
      for (int64_t row = block_begin; row < block_end; ++row) writer.append_row(first + row, text);
    });
    for (const std::string& text : texts) file.write(text);
    context.advance("writing", end, num_rows, "rows");
  }
  context.check_cancelled();
  file.commit();
}

}  // namespace

void write_table(const Table& table, const std::string& path, bool force, const Context& context) {
  const data::FileName name = data::file_format(path, data::TxtMeaning::kText);
  data::check_not_packed(path, name);
  if (!table.attributes.empty() && table.attributes.num_rows != table.ids.size()) {
    fail("there are attributes of ", table.attributes.num_rows, " rows for ", table.ids.size(), " ids");
  }
  if (name.format == data::FileFormat::kSafetensors) return save_table(table, path, force, context);
  const bool is_json = path == "-" || name.format == data::FileFormat::kJsonLines;
  if (!is_json && name.format != data::FileFormat::kCsv && name.format != data::FileFormat::kTsv) {
    const bool is_read_only = name.format == data::FileFormat::kRecbole;
    fail(path,
         is_read_only ? ": .item and .user are read, but not written"
                      : ": the extension tells no format of tables",
         " (expected: .jsonl, .ndjson, .csv, .tsv or .safetensors)");
  }
  if (table.attributes.find("id") != nullptr) {
    fail(path,
         ": the column \"id\" cannot stand beside the field \"id\" that holds the ids; drop or rename it");
  }
  if (is_json) return write_text(table, JsonWriter(table), path, force, context);
  write_text(table, DelimitedWriter(table, name.format == data::FileFormat::kCsv ? ',' : '\t'), path, force,
             context);
}

}  // namespace whitney
