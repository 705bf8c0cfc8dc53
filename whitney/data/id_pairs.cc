#include "whitney/data/id_pairs.h"

#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/text_scan.h"

namespace whitney {
namespace {

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  if (line.find('\t') == std::string_view::npos) {
    for (auto word = data::take_word(line); !word.empty(); word = data::take_word(line))
      fields.push_back(word);
    return fields;
  }
  for (;;) {
    const size_t end = line.find('\t');
    fields.push_back(data::trim(line.substr(0, end)));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

}  // namespace

IdPairs read_id_pairs(const std::string& path, const Context& context) {
  data::InputStream input = data::InputStream::open(path, context.cancellation);
  const data::SharedBytes bytes = input.read_all(context);
  std::string_view text = data::without_byte_order_mark(bytes.text, path);
  data::check_text(text, path);
  IdPairs pairs;
  pairs.name = path;
  for (int64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = data::take_line(text);
    if (data::trim(line).empty()) continue;
    const std::vector<std::string_view> fields = fields_of(line);
    if (fields.size() != 2) {
      fail(path, ":", number, ": ", fields.size(), fields.size() == 1 ? " field" : " fields",
           " (expected: two ids between a tab)");
    }
    if (fields[0].empty() || fields[1].empty())
      fail(path, ":", number, ": the ", fields[0].empty() ? "first" : "second", " id is empty");
    pairs.first.emplace_back(fields[0]);
    pairs.second.emplace_back(fields[1]);
    pairs.lines.push_back(number);
  }
  if (pairs.size() == 0) fail(path, ": there is no pair in this file (expected: two ids a line)");
  return pairs;
}

void refuse_pair_with_itself(const IdPairs& pairs, size_t place) {
  fail(pairs.name, ":", pairs.lines[place], ": the item ", data::quoted(pairs.first[place]),
       " is a pair with itself (expected: a query and another item)");
}

}  // namespace whitney
