#include "whitney/eval/retrieval_data.h"

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/file_format.h"
#include "whitney/data/id_table.h"
#include "whitney/data/json_lines.h"
#include "whitney/data/text_scan.h"

namespace whitney::eval {
namespace {

namespace fs = std::filesystem;

// The first of the names that the folder has, packed or not; empty when it has none.
std::string find_file(const fs::path& folder, std::initializer_list<std::string> names) {
  static constexpr std::array kPacked = {"", ".gz", ".xz", ".zst"};
  for (const std::string& name : names) {
    for (const char* packed : kPacked) {
      const fs::path path = folder / (name + packed);
      if (fs::is_regular_file(path)) return path.string();
    }
  }
  return {};
}

// Adds the id of a JSON object, under "_id" or "id".
class JsonIds {
 public:
  explicit JsonIds(std::string name) : name_(std::move(name)) {}

  void add(const data::JsonRow& row, const std::vector<std::string>& names) {
    for (const auto& [number, value] : row.fields) {
      if (names[number] != "_id" && names[number] != "id") continue;
      if (value.is_int() && value.as_int() >= 0)
        return ids_.add(static_cast<uint64_t>(value.as_int()), row.line);
      if (!value.is_string() || value.as_string().empty()) {
        fail(name_, ":", row.line, ": field \"", names[number], "\" holds ", value.to_json(),
             " (expected: an id, text or a number)");
      }
      return ids_.add(std::string_view(value.as_string()), row.line);
    }
    fail(name_, ":", row.line, ": there is no id (expected: field \"_id\" or \"id\")");
  }
  Ids finish() { return ids_.finish(name_); }

 private:
  std::string name_;
  data::IdCollector ids_;
};

// A text of a JSON object; nothing when the field is missing or null.
const std::string* find_text(const data::JsonRow& row, const std::vector<std::string>& names,
                             std::string_view field, const std::string& name) {
  for (const auto& [number, value] : row.fields) {
    if (names[number] != field || value.is_null()) continue;
    if (!value.is_string()) {
      fail(name, ":", row.line, ": field \"", field, "\" holds ", value.to_json(), " (expected: a text)");
    }
    return &value.as_string();
  }
  return nullptr;
}

data::JsonLinesOptions with_fields(std::vector<std::string> fields) {
  data::JsonLinesOptions options;
  options.id_field.clear();
  options.only = std::move(fields);
  return options;
}

Corpus finish(std::vector<std::string> texts, Ids ids, const std::string& name, std::string_view noun) {
  if (texts.empty()) fail(name, ": there are no ", noun, " in this file");
  return {std::move(ids), std::move(texts)};
}

Corpus read_json_queries(data::InputStream& input, const Context& context) {
  JsonIds ids(input.name());
  std::vector<std::string> texts;
  data::read_json_lines(input, with_fields({"_id", "id", "text"}), context,
                        [&](const data::JsonRow& row, const std::vector<std::string>& names) {
                          ids.add(row, names);
                          const std::string* text = find_text(row, names, "text", input.name());
                          if (text == nullptr)
                            fail(input.name(), ":", row.line, ": field \"text\" is missing");
                          texts.push_back(*text);
                        });
  return finish(std::move(texts), ids.finish(), input.name(), "queries");
}

bool is_heading(std::string_view text) { return text == "text" || text == "query" || text == "title"; }

Corpus read_tab_queries(data::InputStream& input, const Context& context) {
  const data::SharedBytes bytes = input.read_all(context);
  std::string_view rest = data::without_byte_order_mark(bytes.text, input.name());
  data::check_text(rest, input.name());
  data::IdCollector ids;
  std::vector<std::string> texts;
  for (int64_t line = 1; !rest.empty(); ++line) {
    const std::string_view record = data::take_line(rest);
    if (data::trim(record).empty()) continue;
    const size_t tab = record.find('\t');
    const std::string_view id = data::trim(record.substr(0, tab));
    if (tab == std::string_view::npos || id.empty())
      fail(input.name(), ":", line, ": ", data::quoted(record), " is no query (expected: id<TAB>text)");
    const std::string_view behind = record.substr(tab + 1);
    const std::string_view text = data::trim(behind.substr(0, behind.find('\t')));
    if (texts.empty() && is_heading(text)) continue;
    if (const auto integer = data::parse_integer(id))
      ids.add(*integer, line);
    else
      ids.add(id, line);
    texts.emplace_back(text);
  }
  return finish(std::move(texts), ids.finish(input.name()), input.name(), "queries");
}

bool is_json_lines(const std::string& path) {
  return data::file_format(path, data::TxtMeaning::kText).format == data::FileFormat::kJsonLines;
}

}  // namespace

RetrievalFiles find_retrieval_files(const std::string& path, const std::string& split) {
  if (!fs::exists(path)) fail(path, ": no such file or folder");
  if (!fs::is_directory(path)) return {"", "", path};
  const fs::path folder(path);
  RetrievalFiles files;
  files.corpus = find_file(folder, {"corpus.jsonl"});
  files.queries = find_file(folder, {"queries.jsonl", "queries.tsv"});
  files.qrels =
      find_file(folder, {"qrels/" + split + ".tsv", "qrels/" + split + ".txt", "qrels/" + split + ".jsonl",
                         "qrels.tsv", "qrels.txt", "qrels.trec", "qrels.jsonl"});
  return files;
}

Corpus read_documents(const std::string& path, bool title, const Context& context) {
  auto input = data::InputStream::open(path, context.cancellation);
  return read_documents(input, title, context);
}

Corpus read_documents(data::InputStream& input, bool title, const Context& context) {
  if (!is_json_lines(input.name()))
    fail(input.name(), ": documents are read from JSON lines (expected: a name in .jsonl)");
  JsonIds ids(input.name());
  std::vector<std::string> texts;
  data::read_json_lines(
      input, with_fields({"_id", "id", "title", "text"}), context,
      [&](const data::JsonRow& row, const std::vector<std::string>& names) {
        ids.add(row, names);
        const std::string* heading = find_text(row, names, "title", input.name());
        const std::string* text = find_text(row, names, "text", input.name());
        if (heading == nullptr && text == nullptr)
          fail(input.name(), ":", row.line, ": there is neither field \"text\" nor field \"title\"");
        const std::string joined =
            concat(title && heading != nullptr ? *heading : "", " ", text != nullptr ? *text : "");
        texts.emplace_back(data::trim(joined));
      });
  return finish(std::move(texts), ids.finish(), input.name(), "documents");
}

Corpus read_queries(const std::string& path, const Context& context) {
  auto input = data::InputStream::open(path, context.cancellation);
  return read_queries(input, context);
}

Corpus read_queries(data::InputStream& input, const Context& context) {
  return is_json_lines(input.name()) ? read_json_queries(input, context) : read_tab_queries(input, context);
}

std::vector<std::string> texts_of(const Qrels& qrels, const Corpus& queries,
                                  const std::string& queries_path) {
  std::vector<std::string> texts;
  for (const Qrels::Query& query : qrels.queries) {
    const std::optional<int64_t> row = queries.ids.find(query.id);
    if (!row) {
      fail(qrels.name, ":", query.line, ": query ", data::quoted(query.id), " is not in ", queries_path,
           queries.ids.did_you_mean(query.id));
    }
    texts.push_back(queries.texts[static_cast<size_t>(*row)]);
  }
  return texts;
}

}  // namespace whitney::eval
