#include "whitney/data/node_types.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/edge_list_format.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/text_scan.h"

namespace whitney {
namespace {

struct Line {
  std::string_view node, type;
};

/// where: file and line.
Line fields_of(std::string_view line, const std::string& where) {
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos)
    fail(where, ": ", data::quoted(data::trim(line)), " has no type (expected: node<TAB>type)");
  const Line fields{data::trim(line.substr(0, tab)), data::trim(line.substr(tab + 1))};
  if (fields.node.empty()) fail(where, ": field 1 (the node) is empty");
  if (fields.type.empty()) fail(where, ": field 2 (the type) is empty");
  if (fields.type.find('\t') != std::string_view::npos)
    fail(where, ": more than two fields (expected: node<TAB>type)");
  return fields;
}

/// Numbers texts by first appearance.
class Names {
 public:
  uint32_t number_of(std::string_view name) {
    const auto [found, is_new] =
        numbers_.try_emplace(std::string(name), static_cast<uint32_t>(names_.size()));
    if (is_new) names_.push_back(found->first);
    return found->second;
  }
  std::vector<std::string>& names() { return names_; }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  std::vector<std::string> names_;
};

}  // namespace

NodeTypes read_node_types(const std::string& path, const Context& context) {
  auto input = data::InputStream::open(path, context.cancellation);
  const data::SharedBytes bytes = input.read_all(context);
  std::string_view text = data::without_byte_order_mark(bytes.text, input.name());
  data::check_text(text, input.name());
  NodeTypes result;
  Names nodes, types;
  for (int64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = data::take_line(text);
    if (data::is_skipped(data::trim(line))) continue;
    const std::string where = concat(input.name(), ":", number);
    const Line fields = fields_of(line, where);
    const uint32_t node = nodes.number_of(fields.node), type = types.number_of(fields.type);
    if (node == result.types.size()) result.types.push_back(type);
    if (result.types[node] != type) {
      fail(where, ": node ", data::quoted(fields.node), " is of type ", data::quoted(fields.type),
           ", and was of ", data::quoted(types.names()[result.types[node]]), " before (expected: one type)");
    }
  }
  if (result.types.empty()) fail(input.name(), ": no type in this file (expected lines of node<TAB>type)");
  result.ids = Ids::strings(nodes.names());
  result.names = std::move(types.names());
  return result;
}

}  // namespace whitney
