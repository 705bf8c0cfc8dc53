#include "bench/filter_eval_bench_peer.h"

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/value.h"

namespace whitney::bench {
namespace {

template <class T>
void write_array(const std::string& path, const Array<T>& values) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.span().size_bytes()));
}

Value write_column(const std::string& folder, const Column& column) {
  const std::string stem = folder + "/" + column.name + ".";
  write_array(stem + "ints", column.ints);
  write_array(stem + "reals", column.reals);
  write_array(stem + "bools", column.bools);
  write_array(stem + "codes", column.codes);
  write_array(stem + "starts", column.starts);
  write_array(stem + "dictionary_offsets", column.dictionary_offsets);
  write_array(stem + "dictionary_bytes", column.dictionary_bytes);
  write_array(stem + "present", column.present);
  return Value::object({{"name", column.name}, {"type", name_of(column.type)}});
}

Value tree(const Filter& filter) {
  Value children{Value::List{}};
  for (const Filter& child : filter.children) children.push_back(tree(child));
  return Value::object({{"op", static_cast<int64_t>(filter.op)},
                        {"field", filter.field},
                        {"values", Value(Value::List(filter.values))},
                        {"children", std::move(children)}});
}

}  // namespace

FilterPeer::FilterPeer(const Attributes& attributes) {
  folder_ = (std::filesystem::temp_directory_path() / "whitney-filter-bench-XXXXXX").string();
  if (mkdtemp(folder_.data()) == nullptr) fail(folder_, ": the folder cannot be made");
  Value columns{Value::List{}};
  for (const Column& column : attributes.columns) columns.push_back(write_column(folder_, column));
  const Value shape = Value::object({{"num_rows", attributes.num_rows}, {"columns", columns}});
  std::ofstream(folder_ + "/columns.json") << shape.to_json();
  python_ = std::make_unique<PythonPeer>("filter_eval_bench_peer.py", std::vector<std::string>{folder_});
}

FilterPeer::~FilterPeer() {
  python_.reset();
  std::error_code ignored;  // a destructor has nobody to tell
  std::filesystem::remove_all(folder_, ignored);
}

std::pair<bool, bool> FilterPeer::check(const Filter& filter, const RowSet& rows) {
  const Value answer = python_->ask(Value::object({{"question", "filter"}, {"filter", tree(filter)}}));
  uint64_t sum = 0, squares = 0;
  for (const uint64_t row : rows.rows()) {
    sum += row;
    squares += row * row % 1'000'003;
  }
  const Value due = Value::List{rows.size(), static_cast<int64_t>(sum), static_cast<int64_t>(squares)};
  std::pair<bool, bool> can;
  for (const auto& [by, answers] : {std::pair{"numpy", &can.first}, std::pair{"arrow", &can.second}}) {
    const Value& got = answer.at(by);
    *answers = !got.is_null();
    if (*answers && got != due)
      fail(by, " gives other rows: ", got.to_json(), " instead of ", due.to_json(), " for ",
           filter.to_text());
  }
  return can;
}

double FilterPeer::seconds(std::string_view by, int repeats) {
  return python_->ask(Value::object({{"question", by}, {"repeats", repeats}})).as_real();
}

}  // namespace whitney::bench
