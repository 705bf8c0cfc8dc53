// Runs the examples of docs/filters.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/filter.h"

namespace whitney {
namespace {

constexpr std::string_view kArrow = "→";

std::vector<std::string> document() {
  std::ifstream file(WHITNEY_FILTERS_DOCUMENT);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Lines of all fenced blocks of a language.
std::vector<std::string> blocks(std::string_view language) {
  std::vector<std::string> lines;
  bool inside = false;
  for (const std::string& line : document()) {
    if (line.starts_with("```")) {
      inside = line == "```" + std::string(language);
    } else if (inside) {
      lines.push_back(line);
    }
  }
  return lines;
}

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' '), end = text.find_last_not_of(' ');
  return begin == std::string_view::npos ? "" : std::string(text.substr(begin, end - begin + 1));
}

// What stands before and after the arrow.
std::pair<std::string, std::string> example(const std::string& line) {
  const size_t at = line.find(kArrow);
  if (at == std::string::npos) fail("an example without an arrow: ", line);
  return {trimmed(line.substr(0, at)), trimmed(line.substr(at + kArrow.size()))};
}

AttributeIndex table() {
  static const std::vector<std::pair<std::string, ColumnType>> kColumns = {
      {"section", ColumnType::kString}, {"size", ColumnType::kInt}, {"score", ColumnType::kReal},
      {"free", ColumnType::kBool},      {"tags", ColumnType::kSet}, {"synopsis", ColumnType::kString},
      {"released", ColumnType::kDate}};
  std::vector<Value> rows;
  std::vector<std::string> ids;
  for (const std::string& line : blocks("jsonl")) {
    rows.push_back(Value::parse_json(line, "docs/filters.md"));
    ids.push_back(rows.back().at("id").as_string());
  }
  Attributes attributes;
  attributes.num_rows = std::ssize(rows);
  for (const auto& [name, type] : kColumns) {
    ColumnBuilder builder(name, type);
    for (const Value& row : rows)
      builder.add(row.find(name) == nullptr ? Value() : *row.find(name), "docs/filters.md");
    attributes.columns.push_back(builder.finish());
  }
  return {Ids::strings(ids), std::move(attributes)};
}

std::string error_of(const AttributeIndex& index, const std::string& filter) {
  try {
    index.check(parse_filter(filter));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(FilterDocument, ExamplesMatchTheRowsBehindTheArrow) {
  const AttributeIndex index = table();
  const std::vector<std::string> ids = {"mpv", "sox", "moc", "doom", "7"};
  const std::vector<std::string> lines = blocks("filter");
  ASSERT_GT(lines.size(), 30U);
  for (const std::string& line : lines) {
    const auto [filter, expected] = example(line);
    std::string found;
    for (const uint32_t row : index.matches(parse_filter(filter), Context()).rows()) {
      found += (found.empty() ? "" : ", ") + ids.at(row);
    }
    EXPECT_EQ(found, expected) << filter;
  }
}

TEST(FilterDocument, ExamplesOfErrorsEndWithTheSentenceBehindTheArrow) {
  const AttributeIndex index = table();
  const std::vector<std::string> lines = blocks("errors");
  ASSERT_GT(lines.size(), 5U);
  for (const std::string& line : lines) {
    const auto [filter, expected] = example(line);
    EXPECT_TRUE(error_of(index, filter).ends_with(expected)) << filter << "\n" << error_of(index, filter);
  }
}

// Rows of the table of types, as the cells of a line.
std::vector<std::vector<std::string>> table_of_types() {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : document()) {
    if (!line.starts_with("| ")) continue;
    std::vector<std::string> cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(trimmed(cell));
    if (column_type_of(cells.at(0))) rows.push_back(cells);
  }
  return rows;
}

TEST(FilterDocument, TheTableOfTypesSaysWhatIsAnswered) {
  const AttributeIndex index = table();
  const std::map<std::string, std::pair<std::string, std::string>> kFieldAndValue = {
      {"int", {"size", "1"}},         {"real", {"score", "1"}}, {"bool", {"free", "true"}},
      {"string", {"section", "'x'"}}, {"set", {"tags", "'x'"}}, {"date", {"released", "date '2026-11-24'"}}};
  const std::vector<std::vector<std::string>> kOperators = {
      {"F = V", "F != V", "F in [V]"},
      {"F < V", "F <= V", "F > V", "F >= V", "F between V and V"},
      {"F contains V"},
      {"F exists"}};
  const auto rows = table_of_types();
  ASSERT_EQ(rows.size(), kFieldAndValue.size());
  for (const auto& cells : rows) {
    const auto& [field, value] = kFieldAndValue.at(cells[0]);
    for (size_t c = 0; c < kOperators.size(); ++c) {
      for (std::string filter : kOperators[c]) {
        filter.replace(0, 1, field);
        for (size_t at = filter.find('V'); at != std::string::npos; at = filter.find('V'))
          filter.replace(at, 1, value);
        EXPECT_EQ(error_of(index, filter) == "no error", cells.at(c + 1) != "no") << filter;
      }
    }
  }
}

}  // namespace
}  // namespace whitney
