#include "whitney/eval/text_pairs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/data/delimited.h"
#include "whitney/data/file_format.h"
#include "whitney/data/json_lines.h"
#include "whitney/data/text_scan.h"

namespace whitney::eval {
namespace {

constexpr std::array<std::string_view, 4> kFirstNames = {"sentence1", "sentence_A", "text1", "id1"};
constexpr std::array<std::string_view, 4> kSecondNames = {"sentence2", "sentence_B", "text2", "id2"};
constexpr std::array<std::string_view, 3> kScoreNames = {"score", "relatedness_score", "similarity"};

// Where the parts of a pair stand in a record.
struct Places {
  size_t first, second, score;
  size_t last() const { return std::max({first, second, score}); }
};

constexpr Places kBenchmarkPlaces = {5, 6, 4};
constexpr Places kPlainPlaces = {0, 1, 2};

double score_of(std::string_view text, const std::string& name, int64_t line) {
  const std::optional<double> score = data::parse_number(data::trim(text));
  if (!score || !std::isfinite(*score))
    fail(name, ":", line, ": score ", data::quoted(text), " is not a number");
  return *score;
}

std::optional<size_t> place_of(const std::optional<std::string>& given,
                               std::span<const std::string_view> usual,
                               std::span<const std::string> heading) {
  const auto find = [&](std::string_view name) -> std::optional<size_t> {
    const auto found = std::ranges::find(heading, name);
    if (found == heading.end()) return std::nullopt;
    return static_cast<size_t>(found - heading.begin());
  };
  if (given) return find(*given);
  for (const std::string_view name : usual) {
    if (const auto place = find(name)) return place;
  }
  return std::nullopt;
}

// A named column that is missing is the user's slip, a usual one may be named otherwise.
[[noreturn]] void fail_column(const std::string& name, const std::optional<std::string>& given,
                              std::string_view usual, std::string_view option,
                              std::span<const std::string> heading) {
  if (given) fail(name, ": there is no column ", data::quoted(*given), did_you_mean(*given, heading));
  fail(name, ": there is no column \"", usual, "\" (expected: columns sentence1, sentence2 and score; --",
       option, " names another)");
}

Places places_in(std::span<const std::string> heading, const TextPairFields& fields,
                 const std::string& name) {
  const auto first = place_of(fields.first, kFirstNames, heading);
  if (!first) fail_column(name, fields.first, kFirstNames[0], "first-field", heading);
  const auto second = place_of(fields.second, kSecondNames, heading);
  if (!second) fail_column(name, fields.second, kSecondNames[0], "second-field", heading);
  const auto score = place_of(fields.score, kScoreNames, heading);
  if (!score) fail_column(name, fields.score, kScoreNames[0], "score-field", heading);
  return {*first, *second, *score};
}

bool is_number(std::string_view text) { return data::parse_number(data::trim(text)).has_value(); }

std::vector<std::string_view> cut_at_tabs(std::string_view line) {
  std::vector<std::string_view> cells;
  for (size_t begin = 0;;) {
    const size_t end = line.find('\t', begin);
    cells.push_back(line.substr(begin, end - begin));
    if (end == std::string_view::npos) return cells;
    begin = end + 1;
  }
}

// Where a file without a heading has them, by its first record; nothing when that is a heading.
std::optional<Places> places_without_heading(std::span<const std::string_view> cells,
                                             const TextPairFields& fields) {
  if (fields.first || fields.second || fields.score) return std::nullopt;
  if (cells.size() > kBenchmarkPlaces.last() && is_number(cells[kBenchmarkPlaces.score]))
    return kBenchmarkPlaces;
  if (cells.size() == 3 && is_number(cells[kPlainPlaces.score])) return kPlainPlaces;
  return std::nullopt;
}

void add(TextPairs& pairs, std::string_view first, std::string_view second, double score, int64_t line) {
  pairs.first.emplace_back(first);
  pairs.second.emplace_back(second);
  pairs.scores.push_back(score);
  pairs.lines.push_back(line);
}

void read_tabs(std::string_view text, const TextPairFields& fields, TextPairs& pairs) {
  std::optional<Places> places;
  for (int64_t line = 1; !text.empty(); ++line) {
    const std::string_view record = data::take_line(text);
    if (record.empty()) continue;
    const std::vector<std::string_view> cells = cut_at_tabs(record);
    if (!places) {
      places = places_without_heading(cells, fields);
      if (!places) {
        places = places_in(std::vector<std::string>(cells.begin(), cells.end()), fields, pairs.name);
        continue;
      }
    }
    if (cells.size() <= places->last()) {
      fail(pairs.name, ":", line, ": ", cells.size(), cells.size() == 1 ? " field" : " fields",
           " (expected: at least ", places->last() + 1, ", separated by tabs)");
    }
    add(pairs, cells[places->first], cells[places->second], score_of(cells[places->score], pairs.name, line),
        line);
  }
}

void read_commas(std::string_view text, const TextPairFields& fields, TextPairs& pairs) {
  data::HeadedReader reader(text, ',', pairs.name);
  const Places places = places_in(reader.names(), fields, pairs.name);
  std::vector<data::Cell> cells;
  while (reader.next(cells)) {
    add(pairs, cells[places.first].text, cells[places.second].text,
        score_of(cells[places.score].text, pairs.name, reader.line()), reader.line());
  }
}

// A text, or an id, which may be a number.
std::string text_of(const Value& value, const std::string& where, std::string_view field) {
  if (value.is_string()) return value.as_string();
  if (value.is_int()) return value.to_json();
  fail(where, ": field \"", field, "\" holds ", value.to_json(), " (expected: a text)");
}

class JsonPairs {
 public:
  JsonPairs(const TextPairFields& fields, TextPairs& pairs) : fields_(fields), pairs_(pairs) {}

  std::vector<std::string> wanted() const {
    std::vector<std::string> names;
    const auto add_names = [&](const std::optional<std::string>& given, auto usual) {
      if (given) return names.push_back(*given);
      names.insert(names.end(), usual.begin(), usual.end());
    };
    add_names(fields_.first, kFirstNames);
    add_names(fields_.second, kSecondNames);
    add_names(fields_.score, kScoreNames);
    return names;
  }

  void take(const data::JsonRow& row, const std::vector<std::string>& names) {
    std::vector<std::string> own;
    for (const auto& field : row.fields) own.push_back(names[field.first]);
    const std::string where = concat(pairs_.name, ":", row.line);
    const Places places = places_in(own, fields_, where);
    const Value& score = row.fields[places.score].second;
    if (!score.is_number())
      fail(where, ": field \"", own[places.score], "\" holds ", score.to_json(), " (expected: a number)");
    add(pairs_, text_of(row.fields[places.first].second, where, own[places.first]),
        text_of(row.fields[places.second].second, where, own[places.second]), score.as_real(), row.line);
  }

 private:
  const TextPairFields& fields_;
  TextPairs& pairs_;
};

}  // namespace

TextPairs read_text_pairs(const std::string& path, const TextPairFields& fields, const Context& context) {
  auto input = data::InputStream::open(path, context.cancellation);
  return read_text_pairs(input, fields, context);
}

TextPairs read_text_pairs(data::InputStream& input, const TextPairFields& fields, const Context& context) {
  TextPairs pairs;
  pairs.name = input.name();
  const data::FileFormat format = data::file_format(pairs.name, data::TxtMeaning::kText).format;
  if (format == data::FileFormat::kJsonLines) {
    JsonPairs json(fields, pairs);
    data::JsonLinesOptions options;
    options.id_field.clear();
    options.only = json.wanted();
    data::read_json_lines(
        input, options, context,
        [&](const data::JsonRow& row, const std::vector<std::string>& names) { json.take(row, names); });
  } else {
    const data::SharedBytes bytes = input.read_all(context);
    const std::string_view text = data::without_byte_order_mark(bytes.text, pairs.name);
    data::check_text(text, pairs.name);
    format == data::FileFormat::kCsv ? read_commas(text, fields, pairs) : read_tabs(text, fields, pairs);
  }
  if (pairs.size() == 0) fail(pairs.name, ": there are no pairs in this file");
  return pairs;
}

}  // namespace whitney::eval
