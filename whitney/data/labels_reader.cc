#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/delimited.h"
#include "whitney/data/id_table.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/json_lines.h"
#include "whitney/data/readers.h"
#include "whitney/data/text_scan.h"

namespace whitney {

namespace {

using data::StringIdTable;

// Gathers pairs of id and label. An id may stand in several lines: files with a pair a line are common.
class LabelCollector {
 public:
  explicit LabelCollector(std::string name) : name_(std::move(name)) {}
  void add(std::string_view id, std::string_view label) {
    const uint32_t row = ids_.add(id, StringIdTable::tag_of(id), name_);
    const uint32_t code = labels_.add(label, StringIdTable::tag_of(label), name_);
    pairs_.emplace_back(row, code);
    all_integers_ = all_integers_ && data::parse_integer(id).has_value();
  }
  Labels finish() {
    if (pairs_.empty()) fail(name_, ": no label in this file (expected lines of id<TAB>label)");
    Labels labels;
    std::vector<uint32_t> order(static_cast<size_t>(labels_.size())), codes(order.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return labels_.text(a) < labels_.text(b); });
    for (size_t i = 0; i < order.size(); ++i) {
      codes[order[i]] = static_cast<uint32_t>(i);
      labels.names.emplace_back(labels_.text(order[i]));
    }
    for (auto& [row, code] : pairs_) code = codes[code];
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    labels.ids = ids();
    labels.starts.assign(static_cast<size_t>(labels.num_rows()) + 1, 0);
    for (const auto& [row, code] : pairs_) {
      ++labels.starts[size_t{row} + 1];
      labels.codes.push_back(code);
    }
    std::partial_sum(labels.starts.begin(), labels.starts.end(), labels.starts.begin());
    return labels;
  }

 private:
  Ids ids() const {
    if (!all_integers_) return ids_.to_ids();
    Array<uint64_t> integers(ids_.size());
    uint64_t* const out = integers.mutable_data();
    for (int64_t row = 0; row < ids_.size(); ++row) out[row] = *data::parse_integer(ids_.text(row));
    return Ids::integers(std::move(integers));
  }

  std::string name_;
  StringIdTable ids_, labels_;
  bool all_integers_ = true;
  std::vector<std::pair<uint32_t, uint32_t>> pairs_;
};

void read_json_labels(data::InputStream& input, LabelCollector& labels, const Context& context) {
  data::JsonLinesOptions json;
  json.id_required = true;
  json.only = {"label", "labels"};
  data::read_json_lines(input, json, context, [&](data::JsonRow& row, const std::vector<std::string>& names) {
    const auto* text = std::get_if<std::string>(&row.id);
    const std::string id = text != nullptr ? *text : std::to_string(std::get<uint64_t>(row.id));
    const auto refuse = [&](std::string_view field, const Value& value) {
      fail(input.name(), ":", row.line, ": field \"", field, "\" holds ", value.to_json(),
           "; a label is text or an integer (expected: \"label\": \"a\" or \"labels\": [\"a\", \"b\"])");
    };
    const auto add = [&](std::string_view field, const Value& value) {
      if (!value.is_string() && !value.is_int()) refuse(field, value);
      labels.add(id, value.is_string() ? value.as_string() : value.to_json());
    };
    bool any = false;
    for (const auto& [number, value] : row.fields) {
      const std::string& field = names[number];
      if (value.is_null()) continue;
      if (!value.is_list()) add(field, value);
      if (value.is_list()) {
        for (const Value& element : value.as_list()) add(field, element);
      }
      any = any || !value.is_list() || !value.as_list().empty();
    }
    if (!any) fail(input.name(), ":", row.line, ": no label (field \"label\" or \"labels\")");
  });
}

// What stands between id and labels. kAny: tabs, commas and spaces, where all words are numbers.
enum class Between : uint8_t { kTab, kComma, kSpace, kAny };

constexpr std::string_view kAnySeparator = " \t,\r";

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with('%'); }

Between find_between(std::string_view text) {
  constexpr size_t kSampleBytes = 64 << 10;
  bool all_numbers = true;
  int64_t num_lines = 0, num_with_tab = 0, num_with_comma = 0;
  for (size_t looked_at = 0; !text.empty() && looked_at < kSampleBytes;) {
    std::string_view line = data::take_line(text);
    looked_at += line.size() + 1;
    if (data::trim(line).empty() || is_comment(line)) continue;
    num_with_tab += line.find('\t') != std::string_view::npos ? 1 : 0;
    num_with_comma += line.find(',') != std::string_view::npos ? 1 : 0;
    const bool may_be_heading = num_lines++ == 0;
    while (!line.empty() && !may_be_heading) {
      const std::string_view word = line.substr(0, line.find_first_of(kAnySeparator));
      all_numbers = all_numbers && (word.empty() || data::parse_number(word).has_value());
      line.remove_prefix(std::min(line.size(), word.size() + 1));
    }
  }
  if (all_numbers && num_lines > 1) return Between::kAny;
  if (2 * num_with_tab > num_lines) return Between::kTab;
  return 2 * num_with_comma > num_lines ? Between::kComma : Between::kSpace;
}

// Cuts a text in lines of words.
class WordReader {
 public:
  WordReader(std::string_view text, Between between, std::string name)
      : rest_(text),
        between_(between),
        delimited_(text, between == Between::kTab ? '\t' : ',', std::move(name)) {}
  bool next(std::vector<std::string_view>& words) {
    words.clear();
    return between_ == Between::kTab || between_ == Between::kComma ? next_record(words) : next_line(words);
  }
  int64_t line() const { return line_; }

 private:
  bool next_record(std::vector<std::string_view>& words) {
    if (!delimited_.next(cells_)) return false;
    line_ = delimited_.line();
    for (const data::Cell& cell : cells_) words.push_back(cell.quoted ? cell.text : data::trim(cell.text));
    // Labels that are missing at the end leave separators behind.
    while (!words.empty() && words.back().empty()) words.pop_back();
    return true;
  }
  bool next_line(std::vector<std::string_view>& words) {
    if (rest_.empty()) return false;
    ++line_;
    std::string_view line = data::take_line(rest_);
    const std::string_view separators = between_ == Between::kAny ? kAnySeparator : " \t\r";
    while (!line.empty()) {
      const std::string_view word = line.substr(0, line.find_first_of(separators));
      if (!word.empty()) words.push_back(word);
      line.remove_prefix(std::min(line.size(), word.size() + 1));
    }
    return true;
  }

  std::string_view rest_;
  Between between_;
  data::DelimitedReader delimited_;
  std::vector<data::Cell> cells_;
  int64_t line_ = 0;
};

bool is_integer(std::string_view word) { return data::parse_integer(word).has_value(); }

bool is_heading(const std::vector<std::string_view>& first, const std::vector<std::string_view>& second) {
  static const std::set<std::string, std::less<>> kIds = {"id",     "node", "node_id", "nodeid",
                                                          "vertex", "item", "user",    "name"};
  static const std::set<std::string, std::less<>> kLabels = {
      "label", "labels", "class", "classes", "group", "groups", "category", "genre", "genres", "target"};
  if (first.size() < 2) return false;
  std::array<std::string, 2> lower = {std::string(first[0]), std::string(first[1])};
  for (std::string& word : lower) {
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (kIds.contains(lower[0]) && kLabels.contains(lower[1])) return true;
  return second.size() >= 2 && !is_integer(first[0]) && is_integer(second[0]) && !is_integer(first[1]) &&
         is_integer(second[1]);
}

void read_text_labels(std::string_view text, const std::string& name, LabelCollector& labels,
                      const Context& context) {
  WordReader reader(text, find_between(text), name);
  // The first line waits for the second, which tells whether it is a heading.
  std::vector<std::string_view> words, first;
  int64_t first_line = 0;
  const auto take = [&](const std::vector<std::string_view>& line_words, int64_t line) {
    if (line_words.size() < 2)
      fail(name, ":", line, ": no label behind the id ", data::quoted(line_words[0]));
    if (line_words[0].empty()) fail(name, ":", line, ": field 1 (the id) is empty");
    for (size_t i = 1; i < line_words.size(); ++i) {
      if (line_words[i].empty()) fail(name, ":", line, ": field ", i + 1, " (a label) is empty");
      labels.add(line_words[0], line_words[i]);
    }
  };
  int64_t num_lines = 0;
  while (reader.next(words)) {
    if (words.empty() || is_comment(words[0])) continue;
    if (++num_lines == 1) {
      first.assign(words.begin(), words.end());
      first_line = reader.line();
      continue;
    }
    if (num_lines == 2) {
      if (is_heading(first, words)) {
        context.note(concat(name, ":", first_line, ": taken as a heading"));
      } else {
        take(first, first_line);
      }
    }
    take(words, reader.line());
  }
  if (num_lines == 1 && !is_heading(first, {})) take(first, first_line);
}

}  // namespace

Labels read_labels(const std::string& path, const Context& context) {
  auto input = data::InputStream::open(path, context.cancellation);
  const data::SharedBytes bytes = input.read_all(context);
  const std::string_view text = data::without_byte_order_mark(bytes.text, input.name());
  data::check_text(text, input.name());
  LabelCollector labels(input.name());
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    auto lines = data::InputStream::over(text, input.name());
    read_json_labels(lines, labels, context);
  } else {
    read_text_labels(text, input.name(), labels, context);
  }
  return labels.finish();
}

}  // namespace whitney
