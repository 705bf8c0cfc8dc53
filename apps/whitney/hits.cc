#include "apps/whitney/hits.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/core/report.h"
#include "whitney/linalg/metric.h"

namespace whitney::app {
namespace {

std::string_view value_name(const HitRows& rows) {
  return higher_is_better(rows.metric) ? "score" : "distance";
}

std::string figure_text(float value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", static_cast<double>(value));
  return text;
}

// The real number whose shortest text is that of the float: 0.1, not 0.10000000149.
double shortest_double(float value) {
  std::array<char, 64> text{};
  const char* end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double result = value;
  std::from_chars(text.data(), end, result);
  return result;
}

}  // namespace

Value id_value(const Ids& ids, int64_t row) {
  if (!ids.is_integer()) return ids.string(row);
  const uint64_t id = ids.integer(row);
  // JSON's integers end at 2^63 - 1 here; beyond, the digits stay right as text.
  return id <= static_cast<uint64_t>(INT64_MAX) ? Value(static_cast<int64_t>(id)) : Value(ids.text(row));
}

std::string cell_text(const Value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.as_string();
  if (!value.is_list()) return value.to_json();
  std::string text;
  for (const Value& element : value.as_list()) text += (text.empty() ? "" : ", ") + cell_text(element);
  return text;
}

std::vector<std::string> attributes_to_show(const Attributes& attributes,
                                            const std::vector<std::string>& show) {
  const std::vector<std::string> names = attributes.names();
  std::vector<std::string> result;
  for (const std::string& name : show) {
    if (attributes.find(name) != nullptr) {
      result.push_back(name);
    } else if (name == "all") {
      result.insert(result.end(), names.begin(), names.end());
    } else if (names.empty()) {
      throw UsageError(concat("option \"--show\": there is no attribute \"", name,
                              "\": the file has none (`whitney index --attributes TABLE` joins them)"));
    } else {
      throw UsageError(
          concat("option \"--show\": there is no attribute \"", name, "\"", did_you_mean(name, names)));
    }
  }
  return result;
}

std::string hits_text(const HitRows& rows, const SearchResult& result,
                      const std::vector<std::string>& queries, const std::vector<std::string>& show) {
  const bool several = queries.size() > 1;
  std::vector<std::vector<std::string>> cells(1);
  if (several) cells[0].push_back("query");
  cells[0].insert(cells[0].end(), {"rank", "id", std::string(value_name(rows))});
  cells[0].insert(cells[0].end(), show.begin(), show.end());
  for (size_t q = 0; q < queries.size(); ++q) {
    for (int64_t i = 0; i < result.counts[q]; ++i) {
      const auto at = static_cast<size_t>(static_cast<int64_t>(q) * result.neighbors.k + i);
      const int64_t row = result.neighbors.rows[at];
      std::vector<std::string>& line = cells.emplace_back();
      if (several) line.push_back(queries[q]);
      line.insert(line.end(),
                  {std::to_string(i + 1), rows.ids.text(row), figure_text(result.neighbors.values[at])});
      for (const std::string& name : show) line.push_back(cell_text(rows.attributes.find(name)->value(row)));
    }
  }
  return text_table(cells);
}

Value hits_value(const HitRows& rows, const SearchResult& result, const std::vector<std::string>& queries,
                 const std::vector<std::string>& show) {
  Value::List answers;
  for (size_t q = 0; q < queries.size(); ++q) {
    Value::List hits;
    for (int64_t i = 0; i < result.counts[q]; ++i) {
      const auto at = static_cast<size_t>(static_cast<int64_t>(q) * result.neighbors.k + i);
      const int64_t row = result.neighbors.rows[at];
      Value hit =
          Value::object({{"rank", i + 1},
                         {"id", id_value(rows.ids, row)},
                         {std::string(value_name(rows)), shortest_double(result.neighbors.values[at])}});
      if (!show.empty()) {
        Value attributes = Value::object();
        for (const std::string& name : show) attributes.set(name, rows.attributes.find(name)->value(row));
        hit.set("attributes", std::move(attributes));
      }
      hits.push_back(std::move(hit));
    }
    answers.push_back(Value::object({{"query", queries[q]}, {"hits", std::move(hits)}}));
  }
  return Value::object({{"metric", name_of_enum(rows.metric)}, {"queries", std::move(answers)}});
}

std::string lines_of(const Value& value, size_t indent) {
  std::string text;
  const std::string margin(indent, ' ');
  for (const auto& [key, member] : value.as_object()) {
    if (member.is_object())
      text += concat(margin, key, ":\n", lines_of(member, indent + 2));
    else
      text += concat(margin, key, ": ", cell_text(member), "\n");
  }
  return text;
}

}  // namespace whitney::app
