#include "whitney/data/json_lines.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <unordered_map>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/text_scan.h"

namespace whitney::data {

namespace {

constexpr int64_t kBlockBytes = 1 << 20;
constexpr int64_t kRoundBytes = 32 << 20;  // the rows of a round are held at once

namespace dom = simdjson::dom;

struct LineError {
  std::string message;
};

std::string_view kind_of(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

Value to_value(const dom::element& element, std::string_view field);

Value list_value(const dom::array& array, std::string_view field) {
  Value::List list;
  for (const dom::element element : array) {
    // No attribute holds lists of these: they stand for themselves, empty.
    if (element.is_array())
      list.push_back(Value::List());
    else if (element.is_object())
      list.push_back(Value::object());
    else
      list.push_back(to_value(element, field));
  }
  return list;
}

Value to_value(const dom::element& element, std::string_view field) {
  switch (element.type()) {
    case dom::element_type::ARRAY:
      return list_value(dom::array(element), field);
    case dom::element_type::OBJECT:
      return Value::object();
    case dom::element_type::INT64:
      return int64_t{element};
    case dom::element_type::UINT64:
      throw LineError{concat("field \"", field, "\": ", uint64_t{element},
                             " is above 2^63 - 1, the largest integer of an attribute")};
    case dom::element_type::DOUBLE:
      return double{element};
    case dom::element_type::STRING:
      return std::string_view(element);
    case dom::element_type::BOOL:
      return bool{element};
    case dom::element_type::NULL_VALUE:
      break;
  }
  return {};
}

void read_id(const dom::element& element, std::string_view field, JsonRow& row) {
  uint64_t integer = 0;
  int64_t negative = 0;
  std::string_view text;
  if (element.get(integer) == simdjson::SUCCESS) {
    row.id = integer;
  } else if (element.get(negative) == simdjson::SUCCESS) {
    row.id = concat(negative);
  } else if (element.get(text) == simdjson::SUCCESS) {
    row.id = std::string(text);
  } else {
    throw LineError{
        concat("field \"", field, "\" is the id; it must be an integer or a string, not ", kind_of(element))};
  }
}

void read_vector(const dom::element& element, std::string_view field, JsonRow& row) {
  dom::array array;
  if (element.get(array) != simdjson::SUCCESS) {
    throw LineError{concat("field \"", field, "\" must be a list of numbers, not ", kind_of(element))};
  }
  if (row.has_vector) throw LineError{concat("field \"", field, "\" is a second vector in one line")};
  row.has_vector = true;
  row.vector.reserve(array.size());
  for (const dom::element number : array) {
    double value = 0;
    if (number.get(value) != simdjson::SUCCESS) {
      throw LineError{concat("field \"", field, "\": value ", row.vector.size(), " is ", kind_of(number),
                             ", not a number")};
    }
    if (std::abs(value) > std::numeric_limits<float>::max()) {
      throw LineError{concat("field \"", field, "\": ", value, " is beyond float32")};
    }
    row.vector.push_back(static_cast<float>(value));
  }
}

// Field names by number, in order of first appearance.
class Names {
 public:
  uint32_t number_of(std::string_view name) {
    // Objects of one file repeat their fields in the same order.
    if (next_ < names.size() && names[next_] == name) return static_cast<uint32_t>(next_++);
    const auto [place, is_new] = numbers_.try_emplace(std::string(name), static_cast<uint32_t>(names.size()));
    if (is_new) names.emplace_back(name);
    next_ = place->second + size_t{1};
    return place->second;
  }
  void begin_row() { next_ = 0; }
  std::vector<std::string> names;

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  size_t next_ = 0;
};

struct Block {
  std::vector<JsonRow> rows;
  Names names;
  int64_t num_lines = 0;
  std::optional<std::string> error;  // in line num_lines of the block
};

class BlockParser {
 public:
  BlockParser(const JsonLinesOptions& options, dom::parser& parser, Block& block)
      : options_(options), parser_(parser), block_(block) {}

  void parse(std::string_view text) {
    while (!text.empty()) {
      const std::string_view line = trim(take_line(text));
      ++block_.num_lines;
      if (line.empty()) continue;
      try {
        parse_line(line);
      } catch (const LineError& error) {
        block_.error = error.message;
        return;
      }
    }
  }

 private:
  void parse_line(std::string_view line) {
    dom::element element;
    const simdjson::error_code code = parser_.parse(line.data(), line.size()).get(element);
    if (code != simdjson::SUCCESS) {
      throw LineError{concat("not valid JSON (", simdjson::error_message(code), "): ", quoted(line))};
    }
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      throw LineError{concat("expected a JSON object, found ", kind_of(element), ": ", quoted(line))};
    }
    JsonRow row;
    row.line = block_.num_lines;
    block_.names.begin_row();
    seen_.clear();
    for (const auto [field, value] : object) {
      if (std::find(seen_.begin(), seen_.end(), field) != seen_.end()) {
        throw LineError{concat("field \"", field, "\" stands twice in one object")};
      }
      seen_.push_back(field);
      read_field(field, value, row);
    }
    if (options_.id_required && std::holds_alternative<std::monostate>(row.id)) {
      throw LineError{concat("field \"", options_.id_field, "\" (the id) is missing")};
    }
    block_.rows.push_back(std::move(row));
  }

  void read_field(std::string_view field, const dom::element& value, JsonRow& row) {
    if (field == options_.id_field) return read_id(value, field, row);
    const auto& vectors = options_.vector_fields;
    if (std::find(vectors.begin(), vectors.end(), field) != vectors.end())
      return read_vector(value, field, row);
    const auto& only = options_.only;
    if (!only.empty() && std::find(only.begin(), only.end(), field) == only.end()) return;
    row.fields.emplace_back(block_.names.number_of(field), to_value(value, field));
  }

  const JsonLinesOptions& options_;
  dom::parser& parser_;
  Block& block_;
  std::vector<std::string_view> seen_;
};

}  // namespace

void read_json_lines(InputStream& input, const JsonLinesOptions& options, const Context& context,
                     const std::function<void(JsonRow& row, const std::vector<std::string>& names)>& take) {
  Names names;
  std::vector<std::unique_ptr<dom::parser>> parsers(static_cast<size_t>(context.num_threads()));
  for (;;) {
    std::string_view piece = input.next_lines(kRoundBytes);
    if (piece.empty()) break;
    int64_t line = input.line_number();
    if (line == 1) piece = without_byte_order_mark(piece, input.name());
    const auto texts = cut_at_lines(piece, kBlockBytes);
    std::vector<Block> blocks(texts.size());
    parallel_for_workers(context, std::ssize(texts), [&](int worker, int64_t b) {
      auto& parser = parsers[static_cast<size_t>(worker)];
      if (parser == nullptr) parser = std::make_unique<dom::parser>();
      BlockParser(options, *parser, blocks[static_cast<size_t>(b)]).parse(texts[static_cast<size_t>(b)]);
    });
    for (Block& block : blocks) {
      std::vector<uint32_t> numbers;
      for (JsonRow& row : block.rows) {
        row.line += line - 1;
        for (auto& [number, value] : row.fields) {
          // A block's names are numbered by first appearance in its rows, so the next new one is always the
          // next.
          while (number >= numbers.size())
            numbers.push_back(names.number_of(block.names.names[numbers.size()]));
          number = numbers[number];
        }
        take(row, names.names);
      }
      if (block.error) fail(input.name(), ":", line + block.num_lines - 1, ": ", *block.error);
      line += block.num_lines;
      block = {};
    }
    context.advance("reading JSON lines", input.position(), input.total(), "bytes");
  }
}

void collect_id(const JsonRow& row, const std::string& name, const std::string& id_field,
                int64_t num_rows_before, IdCollector& ids) {
  const bool has_id = !std::holds_alternative<std::monostate>(row.id);
  if (has_id && ids.size() != num_rows_before) {
    fail(name, ":", row.line, ": field \"", id_field, "\" (the id) stands here but not in the lines before");
  }
  if (!has_id && ids.size() > 0) fail(name, ":", row.line, ": field \"", id_field, "\" (the id) is missing");
  if (const auto* integer = std::get_if<uint64_t>(&row.id)) ids.add(*integer, row.line);
  if (const auto* text = std::get_if<std::string>(&row.id)) ids.add(std::string_view(*text), row.line);
}

}  // namespace whitney::data
