#include "whitney/eval/run_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/text_scan.h"
#include "whitney/eval/trec_lines.h"

namespace whitney::eval {
namespace {

constexpr size_t kNumFields = 6;

float score_of(std::string_view text, const std::string& name, int64_t line) {
  const std::optional<double> score = data::parse_number(text);
  if (!score || std::isnan(*score)) fail(name, ":", line, ": score ", data::quoted(text), " is not a number");
  return static_cast<float>(*score);
}

// Throws when a document stands twice among the hits of a query.
void check_once(const TrecRun::Query& query, const std::vector<int64_t>& lines, const std::string& name) {
  std::unordered_map<std::string_view, int64_t> known;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto [first, is_new] = known.try_emplace(query.hits.ids[i], lines[i]);
    if (!is_new) {
      fail(name, ":", lines[i], ": document ", data::quoted(query.hits.ids[i]), " of query ",
           data::quoted(query.id), " stands in line ", first->second, " already");
    }
  }
}

void check_has_no_blank(const std::string& id, const std::string& path) {
  if (!std::ranges::any_of(id, [](char c) { return data::is_blank(c) || c == '\n'; }) && !id.empty()) return;
  fail(path, ": the id ", data::quoted(id), id.empty() ? " is empty" : " holds a blank",
       ", which a run file cannot tell from a separator");
}

std::string shortest_float(float value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

}  // namespace

void order_as_trec_eval(RankedHits& hits) {
  std::vector<size_t> order(hits.ids.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return hits.values[a] != hits.values[b] ? hits.values[a] > hits.values[b] : hits.ids[a] > hits.ids[b];
  });
  RankedHits sorted;
  for (const size_t i : order) {
    sorted.ids.push_back(std::move(hits.ids[i]));
    sorted.values.push_back(hits.values[i]);
  }
  hits = std::move(sorted);
}

TrecRun read_run(const std::string& path, const Context& context) {
  auto input = data::InputStream::open(path, context.cancellation);
  return read_run(input, context);
}

TrecRun read_run(data::InputStream& input, const Context& context) {
  const data::SharedBytes bytes = input.read_all(context);
  const std::string& name = input.name();
  TrecLines lines(data::without_byte_order_mark(bytes.text, name), name);
  TrecRun run;
  std::unordered_map<std::string, size_t> places;
  std::vector<std::vector<int64_t>> lines_of;
  std::vector<std::string_view> fields;
  while (lines.next(fields)) {
    if (fields.size() != kNumFields) {
      fail(name, ":", lines.line(), ": ", fields.size(), fields.size() == 1 ? " field" : " fields",
           " (expected: query, Q0, document, rank, score, tag)");
    }
    const auto [place, is_new] = places.try_emplace(std::string(fields[0]), run.queries.size());
    if (is_new) {
      run.queries.push_back({std::string(fields[0]), {}});
      lines_of.emplace_back();
    }
    RankedHits& hits = run.queries[place->second].hits;
    hits.ids.emplace_back(fields[2]);
    hits.values.push_back(score_of(fields[4], name, lines.line()));
    lines_of[place->second].push_back(lines.line());
  }
  if (run.queries.empty())
    fail(name, ": there are no hits in this file (expected: query, Q0, document, rank, score, tag)");
  for (size_t q = 0; q < run.queries.size(); ++q) {
    check_once(run.queries[q], lines_of[q], name);
    order_as_trec_eval(run.queries[q].hits);
  }
  return run;
}

void write_run(const TrecRun& run, const std::string& tag, const std::string& path, bool force) {
  AtomicFile file(path, force);
  for (const TrecRun::Query& query : run.queries) {
    check_has_no_blank(query.id, path);
    for (size_t i = 0; i < query.hits.ids.size(); ++i) {
      check_has_no_blank(query.hits.ids[i], path);
      file.write(concat(query.id, " Q0 ", query.hits.ids[i], " ", i + 1, " ",
                        shortest_float(query.hits.values[i]), " ", tag, "\n"));
    }
  }
  file.commit();
}

}  // namespace whitney::eval
