#include "whitney/eval/qrels.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "whitney/core/error.h"
#include "whitney/data/file_format.h"
#include "whitney/data/json_lines.h"
#include "whitney/data/text_scan.h"
#include "whitney/eval/trec_lines.h"

namespace whitney::eval {
namespace {

constexpr std::string_view kExpected =
    "expected: query, iteration, document, grade as TREC has them, or query-id, corpus-id, score as BEIR";

std::optional<int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "query-id", "query_id", "Query", "qid"
bool is_heading(std::string_view field) {
  return field.find("query") != std::string_view::npos || field.find("Query") != std::string_view::npos ||
         field == "qid";
}

class Collector {
 public:
  explicit Collector(std::string name) { qrels_.name = std::move(name); }

  void add(std::string_view query, std::string_view document, int64_t grade, int64_t line) {
    const auto [place, is_new] = places_.try_emplace(std::string(query), qrels_.queries.size());
    if (is_new) {
      qrels_.queries.push_back({std::string(query), {}, line});
      lines_.emplace_back();
    }
    qrels_.queries[place->second].judgements.push_back({std::string(document), grade});
    lines_[place->second].push_back(line);
  }

  Qrels finish() {
    if (qrels_.queries.empty()) fail(qrels_.name, ": there are no judgements in this file (", kExpected, ")");
    for (size_t q = 0; q < qrels_.queries.size(); ++q) sort(qrels_.queries[q], lines_[q]);
    return std::move(qrels_);
  }

 private:
  void sort(Qrels::Query& query, const std::vector<int64_t>& lines) const {
    std::vector<size_t> order(lines.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {},
                             [&](size_t i) -> const std::string& { return query.judgements[i].document; });
    std::vector<Qrels::Judgement> sorted;
    for (size_t i = 0; i < order.size(); ++i) {
      Qrels::Judgement& judgement = query.judgements[order[i]];
      if (!sorted.empty() && sorted.back().document == judgement.document) {
        fail(qrels_.name, ":", lines[order[i]], ": document ", data::quoted(judgement.document), " of query ",
             data::quoted(query.id), " has been judged in line ", lines[order[i - 1]], " already");
      }
      sorted.push_back(std::move(judgement));
    }
    query.judgements = std::move(sorted);
  }

  Qrels qrels_;
  std::unordered_map<std::string, size_t> places_;
  std::vector<std::vector<int64_t>> lines_;
};

void read_lines(data::InputStream& input, Collector& collector, const Context& context) {
  const data::SharedBytes bytes = input.read_all(context);
  TrecLines lines(data::without_byte_order_mark(bytes.text, input.name()), input.name());
  std::vector<std::string_view> fields;
  size_t num_fields = 0;
  while (lines.next(fields)) {
    const bool is_first = num_fields == 0;
    if (is_first) num_fields = fields.size();
    if (fields.size() != num_fields || num_fields < 3 || num_fields > 4) {
      fail(input.name(), ":", lines.line(), ": ", fields.size(), fields.size() == 1 ? " field" : " fields",
           " (", kExpected, ")");
    }
    const std::optional<int64_t> grade = whole_number(fields.back());
    if (!grade) {
      if (is_first && is_heading(fields[0])) continue;
      fail(input.name(), ":", lines.line(), ": grade ", data::quoted(fields.back()),
           " is not a whole number");
    }
    collector.add(fields[0], fields[num_fields - 2], *grade, lines.line());
  }
}

void read_json(data::InputStream& input, Collector& collector, const Context& context) {
  data::JsonLinesOptions options;
  options.id_field.clear();
  options.only = {"query-id", "corpus-id", "score"};
  const auto take = [&](const data::JsonRow& row, const std::vector<std::string>& names) {
    const auto field = [&](std::string_view name) -> const Value& {
      for (const auto& [number, value] : row.fields) {
        if (names[number] == name) return value;
      }
      fail(input.name(), ":", row.line, ": field \"", name, "\" is missing (", kExpected, ")");
    };
    const auto id = [&](std::string_view name) {
      const Value& value = field(name);
      if (!value.is_string() && !value.is_int())
        fail(input.name(), ":", row.line, ": field \"", name, "\" holds ", value.to_json(),
             " (expected: an id)");
      return value.is_string() ? value.as_string() : value.to_json();
    };
    const Value& grade = field("score");
    if (!grade.is_int()) {
      fail(input.name(), ":", row.line, ": field \"score\" holds ", grade.to_json(),
           " (expected: a whole number)");
    }
    collector.add(id("query-id"), id("corpus-id"), grade.as_int(), row.line);
  };
  data::read_json_lines(input, options, context, take);
}

}  // namespace

int64_t Qrels::Query::grade_of(std::string_view document) const {
  const auto found = std::ranges::lower_bound(
      judgements, document, {},
      [](const Judgement& judgement) -> std::string_view { return judgement.document; });
  return found != judgements.end() && found->document == document ? found->grade : 0;
}

bool Qrels::Query::has_relevant() const {
  return std::ranges::any_of(judgements, [](const Judgement& judgement) { return judgement.grade >= 1; });
}

std::vector<int64_t> Qrels::Query::grades() const {
  std::vector<int64_t> result;
  for (const Judgement& judgement : judgements) result.push_back(judgement.grade);
  return result;
}

Qrels read_qrels(const std::string& path, const Context& context) {
  auto input = data::InputStream::open(path, context.cancellation);
  return read_qrels(input, context);
}

Qrels read_qrels(data::InputStream& input, const Context& context) {
  Collector collector(input.name());
  if (data::file_format(input.name(), data::TxtMeaning::kText).format == data::FileFormat::kJsonLines)
    read_json(input, collector, context);
  else
    read_lines(input, collector, context);
  return collector.finish();
}

}  // namespace whitney::eval
