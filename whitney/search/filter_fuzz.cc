// Any bytes are a filter or an error that says where; a filter's text is read back as the same tree, and
// `not` matches the other rows.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "whitney/core/context.h"
#include "whitney/core/error.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/filter.h"

namespace {

using whitney::ColumnType;
using whitney::Value;

whitney::AttributeIndex small_table() {
  whitney::Attributes attributes;
  attributes.num_rows = 4;
  const auto add = [&](const char* name, ColumnType type, std::initializer_list<Value> values) {
    whitney::ColumnBuilder builder(name, type);
    for (const Value& value : values) builder.add(value, "fuzz");
    attributes.columns.push_back(builder.finish());
  };
  const Value none;
  add("i", ColumnType::kInt, {1, -5, none, 1});
  add("r", ColumnType::kReal, {0.5, 1e300, 1, none});
  add("b", ColumnType::kBool, {true, false, true, none});
  add("s", ColumnType::kString, {"sound", "Größe x", "", none});
  add("d", ColumnType::kDate, {"2026-11-24", "1969-12-31", none, "2026-11-24T10:00:00Z"});
  add("t", ColumnType::kSet, {Value::List{"x", "y"}, Value::List{}, none, Value::List{"x"}});
  return {whitney::Ids::strings({"a", "b", "7", "ä"}), std::move(attributes)};
}

void check(std::string_view text) {
  whitney::Filter filter;
  try {
    filter = whitney::parse_filter(text);
  } catch (const whitney::UsageError&) {
    return;
  }
  const std::string written = filter.to_text();
  const whitney::Filter read = whitney::parse_filter(written);
  WHITNEY_CHECK(read == filter, "another tree after writing and reading: ", written);
  WHITNEY_CHECK(read.to_text() == written, "another text after reading and writing: ", written);
  static const whitney::AttributeIndex kTable = small_table();
  try {
    const whitney::Context context;
    const whitney::RowSet rows = kTable.matches(filter, context);
    whitney::Filter negation;
    negation.op = whitney::Filter::Op::kNot;
    negation.children.push_back(read);
    const whitney::RowSet others = kTable.matches(negation, context);
    WHITNEY_CHECK(rows.size() + others.size() == 4 && (rows & others).empty(),
                  "not is no complement: ", written);
  } catch (const whitney::UsageError&) {
    return;  // a field or a type that the table does not have
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check({reinterpret_cast<const char*>(data), size});
  return 0;
}
