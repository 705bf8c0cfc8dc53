// Claim: under any filter the planner takes at most 1.15 times as long as the best of the fixed plans for it
// (scan, filtered graph, graph then filter), and a third of the worst over all filters. hnsw, M 16,
// ef_construction 100, one thread, a query a call by its filter's text, which is met again and so kept.
//   planner_bench [--data mnist|packages|deep|all] [--max-rows N] [--queries N] [--rounds N] [--recall R]
//                 [--plan-costs measured|standard] [--index hnsw|ivf] [--codes CODES] [--costs yes]
// Filters: equality, range, set and combination x shares of the rows .001 to .8 (50 rows at least) x rows
// drawn at random, around the query (positive correlation), far from it (negative). Each plan gets the least
// ef that reaches the recall@10. Before a plan is timed it answers the same queries once, so that each finds
// the caches as it left them itself. --costs yes: what the steps of scans and walks take here instead.
// --index ivf: lists (flat, unless --codes says otherwise) instead of walks, and nprobe instead of ef; the
// two walks are then one plan, measured twice.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/arguments.h"
#include "bench/bench_main.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/recall_curve.h"
#include "bench/search_data.h"
#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/core/report.h"
#include "whitney/data/attributes.h"
#include "whitney/search/planner.h"
#include "whitney/search/searcher.h"

namespace whitney::bench {
namespace {

constexpr int64_t kHits = 10;
// An eighth apart: at the coarser steps of a curve a plan that misses the recall by a hair pays half as much
// again.
constexpr int64_t kEfs[] = {10,  11,  12,  14,  16,  18,  20,  22,  25,  28,  32,  36,
                            40,  45,  50,  56,  63,  71,  80,  90,  100, 112, 126, 142,
                            160, 180, 200, 224, 252, 284, 320, 360, 400, 450, 500, 640};
constexpr double kShares[] = {0.001, 0.01, 0.05, 0.2, 0.5, 0.8};
constexpr double kMostOverBest = 1.15, kLeastOverWorst = 3;
constexpr int64_t kLeastPassing = 50;
// Places of the rows on a line are cut into so many.
constexpr int64_t kCells = 1000;

struct Arguments {
  std::string data = "all";
  int64_t max_rows = 1'000'000'000;
  int64_t num_queries = 60;
  int num_rounds = 5;
  double recall = 0.95;
  std::string plan_costs = "measured", index = "hnsw", codes;
  bool costs = false;
};

// ---- attributes that go with the vectors ----

// A line through the data along which near vectors lie near one another: between two clusters' rows.
class Line {
 public:
  Line(const SearchData& data, uint64_t item) : direction_(static_cast<size_t>(data.base.cols())) {
    RandomStream random(42, "planner bench line", item);
    for (int pair = 0; pair < 64; ++pair) {
      const auto a = data.base.row<float>(
                     static_cast<int64_t>(random.below(static_cast<uint64_t>(data.base.rows())))),
                 b = data.base.row<float>(
                     static_cast<int64_t>(random.below(static_cast<uint64_t>(data.base.rows()))));
      // Differences of rows span what the data span; they are added up in one sense.
      double along = 0;
      for (size_t j = 0; j < direction_.size(); ++j) along += direction_[j] * (a[j] - b[j]);
      for (size_t j = 0; j < direction_.size(); ++j) direction_[j] += (along < 0 ? b[j] - a[j] : a[j] - b[j]);
    }
    for (int64_t row = 0; row < data.base.rows(); ++row) sorted_.push_back(at(data.base.row<float>(row)));
    std::ranges::sort(sorted_);
  }
  // The share of rows before it, in cells.
  int64_t cell(std::span<const float> vector) const {
    const auto before = std::ranges::lower_bound(sorted_, at(vector)) - sorted_.begin();
    return std::min(kCells - 1, before * kCells / std::ssize(sorted_));
  }

 private:
  double at(std::span<const float> vector) const {
    double sum = 0;
    for (size_t j = 0; j < direction_.size(); ++j) sum += direction_[j] * vector[j];
    return sum;
  }
  std::vector<double> direction_, sorted_;
};

// Equality needs a column for each share: cells as wide as the share. A set holds the cell of each width.
std::string width_name(double share) { return "w" + std::to_string(std::lround(share * 1000)); }
int64_t wide_cell(int64_t cell, double share) {
  if (share > 0.5) return cell < std::lround(share * kCells) ? 0 : 1;
  return std::min(static_cast<int64_t>(static_cast<double>(cell) / (share * kCells)),
                  static_cast<int64_t>(1 / share) - 1);
}

struct Lines {
  Line first, second;
};

// For rows as they lie ("near") and for rows dealt at random ("any"): the place on both lines, wide cells,
// and sets of cells.
Attributes attributes_of(const SearchData& data, const Lines& lines) {
  const int64_t n = data.base.rows();
  std::vector<int64_t> dealt(static_cast<size_t>(n));
  std::iota(dealt.begin(), dealt.end(), 0);
  RandomStream(42, "planner bench deal", 0).shuffle(std::span(dealt));
  Attributes attributes;
  attributes.num_rows = n;
  for (const std::string kind : {"near", "any"}) {
    ColumnBuilder first(kind + "_first", ColumnType::kInt), second(kind + "_second", ColumnType::kInt),
        tags(kind + "_tags", ColumnType::kSet);
    std::vector<ColumnBuilder> widths;
    for (const double share : kShares) widths.emplace_back(kind + "_" + width_name(share), ColumnType::kInt);
    for (int64_t row = 0; row < n; ++row) {
      const auto vector = data.base.row<float>(kind == "near" ? row : dealt[static_cast<size_t>(row)]);
      const int64_t cell = lines.first.cell(vector);
      first.add_int(cell, "");
      second.add_int(lines.second.cell(vector), "");
      std::vector<std::string> held;
      for (size_t i = 0; i < std::size(kShares); ++i) {
        widths[i].add_int(wide_cell(cell, kShares[i]), "");
        held.push_back(width_name(kShares[i]) + "." + std::to_string(wide_cell(cell, kShares[i])));
      }
      tags.add_set(std::vector<std::string_view>(held.begin(), held.end()), "");
    }
    for (ColumnBuilder* builder : {&first, &second, &tags}) attributes.columns.push_back(builder->finish());
    for (ColumnBuilder& builder : widths) attributes.columns.push_back(builder.finish());
  }
  return attributes;
}

// ---- cells: what is asked ----

enum class Kind : uint8_t { kEquality, kRange, kSet, kCombination };
enum class Place : uint8_t { kRandom, kPositive, kNegative };
constexpr std::array kKinds = {Kind::kEquality, Kind::kRange, Kind::kSet, Kind::kCombination};
constexpr std::array<std::string_view, 4> kKindNames = {"equality", "range", "set", "combination"};
constexpr std::array kPlaces = {Place::kRandom, Place::kPositive, Place::kNegative};
constexpr std::array<std::string_view, 3> kPlaceNames = {"random", "positive", "negative"};

std::string range_text(const std::string& field, int64_t centre, double share) {
  const auto width = std::max<int64_t>(1, std::lround(share * kCells));
  const int64_t low = std::clamp<int64_t>(centre - width / 2, 0, kCells - width);
  return field + " between " + std::to_string(low) + " and " + std::to_string(low + width - 1);
}

// The filter of a query: cells on the lines where it lies, or half a line away.
std::string filter_text(Kind kind, double share, Place place, int64_t first, int64_t second) {
  const auto away = [&](int64_t cell) {
    return place == Place::kNegative ? (cell < kCells / 2 ? kCells - 1 - cell / 4 : (kCells - 1 - cell) / 4)
                                     : cell;
  };
  const std::string prefix = place == Place::kRandom ? "any_" : "near_";
  first = kind != Kind::kRange && share > 0.5 ? 0 : away(first);  // one cell is as wide
  second = away(second);
  switch (kind) {
    case Kind::kEquality:
      return prefix + width_name(share) + " = " + std::to_string(wide_cell(first, share));
    case Kind::kRange:
      return range_text(prefix + "first", first, share);
    case Kind::kSet:
      return prefix + "tags contains \"" + width_name(share) + "." + std::to_string(wide_cell(first, share)) +
             "\"";
    case Kind::kCombination:
      break;
  }
  return range_text(prefix + "first", first, std::sqrt(share)) + " and " +
         range_text(prefix + "second", second, std::sqrt(share));
}

struct Question {
  std::string filter;
  std::unique_ptr<Matrix> query;  // where the truth looks for it
  std::unique_ptr<Truth> truth;
  int64_t num_passing = 0;
};

std::vector<Question> questions_of(const Searcher& searcher, const SearchData& data, const Lines& lines,
                                   Kind kind, double share, Place place) {
  std::vector<Question> questions;
  for (int64_t q = 0; q < data.queries.rows(); ++q) {
    Question question;
    question.query = std::make_unique<Matrix>(Matrix::copy_of(data.queries.view().slice(q, q + 1)));
    const auto vector = question.query->row<float>(0);
    const int64_t cell = lines.first.cell(vector);
    if (share > 0.5 && place != Place::kRandom &&
        (wide_cell(cell, share) == 0) != (place == Place::kPositive))
      continue;
    question.filter = filter_text(kind, share, place, cell, lines.second.cell(vector));
    const std::vector<uint32_t> allowed = searcher.matches(question.filter, {}).rows();
    question.num_passing = std::ssize(allowed);
    if (question.num_passing < kLeastPassing) continue;
    question.truth = std::make_unique<Truth>(data.base, *question.query, kHits, data.metric, &allowed);
    questions.push_back(std::move(question));
  }
  return questions;
}

// ---- measuring ----

using Plan = std::optional<FilterPlan>;
constexpr std::array<Plan, 4> kPlans = {Plan(), FilterPlan::kScan, FilterPlan::kFilteredGraph,
                                        FilterPlan::kGraphThenFilter};

SearchResult ask(const Searcher& searcher, const Question& question, Plan plan, int64_t ef, bool explain) {
  static const Context context = one_thread();
  SearchRequest request;
  request.k = kHits;
  request.filter = question.filter;
  request.options = Value::object({{searcher.index().method() == "ivf" ? "nprobe" : "ef", ef}});
  request.plan = plan;
  request.explain = explain;
  return searcher.search(*question.query, request, context);
}

double recall_of(const Searcher& searcher, const std::vector<Question>& questions, Plan plan, int64_t ef) {
  double sum = 0;
  for (const Question& question : questions) {
    const SearchResult result = ask(searcher, question, plan, ef, false);
    if (result.counts[0] != std::min(kHits, question.num_passing)) fail("too few hits: ", question.filter);
    sum += question.truth->recall(result.neighbors.rows);
  }
  return sum / static_cast<double>(questions.size());
}

struct PlanTime {
  int64_t ef = 0;
  bool reaches = false;
  double recall = 0;
  std::vector<double> seconds;
};

struct Cell {
  std::string name;
  double passing = 0;
  std::array<PlanTime, 4> plans;
  // What the planner chose, of 10 queries.
  std::string chosen;
};

std::string chosen_text(const Searcher& searcher, const std::vector<Question>& questions, int64_t ef) {
  std::map<std::string, int> counts;
  for (const Question& question : questions)
    ++counts[ask(searcher, question, {}, ef, true).explain.at("plan").as_string()];
  std::string text;
  for (const auto& [plan, count] : counts) {
    text += (text.empty() ? "" : ", ") + plan;
    if (counts.size() > 1) text += " " + std::to_string(count);
  }
  return text;
}

// How often a plan answers all queries in a round: a clock's reading is to tell some milliseconds. One that
// takes many times as long as the planner runs in the first round only.
struct Passes {
  int count = 1;
  bool is_far_off = false;
};

std::array<Passes, 4> passes_of(const Searcher& searcher, const std::vector<Question>& questions,
                                const Cell& cell) {
  constexpr double kLeastSeconds = 3e-3, kFarOff = 4;
  std::array<Passes, 4> passes;
  double planner = 0;
  for (size_t p = 0; p < kPlans.size(); ++p) {
    const double seconds = seconds_of([&] {
      for (const Question& question : questions) ask(searcher, question, kPlans[p], cell.plans[p].ef, false);
    });
    if (p == 0) planner = seconds;
    passes[p].count = std::clamp(static_cast<int>(std::ceil(kLeastSeconds / seconds)), 1, 100);
    passes[p].is_far_off = seconds > kFarOff * planner;
  }
  return passes;
}

Cell measure(const Searcher& searcher, const std::vector<Question>& questions, std::string name,
             const Arguments& arguments) {
  Cell cell;
  cell.name = std::move(name);
  for (const Question& question : questions)
    cell.passing += static_cast<double>(question.num_passing) / static_cast<double>(questions.size());
  for (size_t p = 0; p < kPlans.size(); ++p) {
    PlanTime& time = cell.plans[p];
    for (const int64_t ef : kEfs) {
      time.ef = ef;
      time.recall = recall_of(searcher, questions, kPlans[p], ef);
      time.reaches = time.recall >= arguments.recall;
      if (time.reaches || kPlans[p] == FilterPlan::kScan) break;
    }
  }
  std::array<Passes, 4> passes = passes_of(searcher, questions, cell);
  for (int round = 0; round < arguments.num_rounds; ++round) {
    for (size_t turn = 0; turn < kPlans.size(); ++turn) {
      // To and fro: what comes after a plan that reads the same rows finds more of them in the caches.
      const size_t place = (turn + static_cast<size_t>(round / 2)) % kPlans.size();
      const size_t p = round % 2 == 0 ? place : kPlans.size() - 1 - place;
      if (passes[p].is_far_off && round > 0) continue;
      const auto pass = [&] {
        for (const Question& question : questions)
          ask(searcher, question, kPlans[p], cell.plans[p].ef, false);
      };
      pass();
      const double seconds = seconds_of([&] {
        for (int i = 0; i < passes[p].count; ++i) pass();
      });
      cell.plans[p].seconds.push_back(seconds / passes[p].count);
    }
  }
  cell.chosen = chosen_text(searcher, questions, cell.plans[0].ef);
  for (PlanTime& time : cell.plans) {
    for (double& seconds : time.seconds) seconds /= static_cast<double>(questions.size());
  }
  return cell;
}

// The planner's time over that of the quickest plan that reaches the recall, by the rounds.
double over_best(const Cell& cell) {
  double best = 0;
  size_t best_plan = 1;
  for (size_t p = 1; p < kPlans.size(); ++p) {
    if (!cell.plans[p].reaches) continue;
    const double seconds = median(cell.plans[p].seconds);
    if (best == 0 || seconds < best) {
      best = seconds;
      best_plan = p;
    }
  }
  std::vector<double> ratios;
  const std::vector<double>& rounds = cell.plans[best_plan].seconds;
  for (size_t round = 0; round < std::min(rounds.size(), cell.plans[0].seconds.size()); ++round)
    ratios.push_back(cell.plans[0].seconds[round] / cell.plans[best_plan].seconds[round]);
  return median(ratios);
}

bool summarize(const std::vector<Cell>& cells) {
  std::vector<std::vector<std::string>> table = {{"filter", "passing", "planner us (ef)", "chosen", "scan us",
                                                  "filtered graph us (ef)", "graph, then filter us (ef)",
                                                  "planner / best"}};
  std::array<double, 4> totals = {};
  double highest = 0;
  int num_over = 0;
  for (const Cell& cell : cells) {
    std::vector<std::string> line = {cell.name, digits(cell.passing, "%.0f")};
    for (size_t p = 0; p < kPlans.size(); ++p) {
      const PlanTime& time = cell.plans[p];
      const double seconds = median(time.seconds);
      totals[p] += seconds;
      std::string text = digits(1e6 * seconds, "%.1f");
      if (p != 1) text += " (" + std::to_string(time.ef) + ")";
      if (!time.reaches) text += " finds " + digits(time.recall, "%.2f");
      line.push_back(text);
      if (p == 0) line.push_back(cell.chosen);
    }
    const double ratio = over_best(cell);
    highest = std::max(highest, ratio);
    num_over += ratio > kMostOverBest ? 1 : 0;
    line.push_back(digits(ratio, "%.2f"));
    table.push_back(line);
  }
  const double worst = *std::max_element(totals.begin() + 1, totals.end()) / totals[0];
  std::printf(
      "%s\nplanner over the best fixed plan: at most %.2f, above %.2f in %d of %zu filters\n"
      "over all filters: %.1f ms; scan %.1f, filtered graph %.1f, graph, then filter %.1f; the worst over "
      "the planner: %.2f\n\n",
      text_table(table).c_str(), highest, kMostOverBest, num_over, cells.size(), 1e3 * totals[0],
      1e3 * totals[1], 1e3 * totals[2], 1e3 * totals[3], worst);
  return num_over == 0 && worst >= kLeastOverWorst;
}

// ---- costs ----

// Nanoseconds of a query, and its counters, of each fixed plan at random shares and several ef.
void print_costs(const Searcher& searcher, const SearchData& data, const Lines& lines,
                 const Arguments& arguments) {
  std::vector<std::vector<std::string>> table = {{"filter", "plan", "ef", "us", "expected us", "distances",
                                                  "expected", "hops", "lists", "share around", "recall"}};
  for (const Place place : {Place::kRandom, Place::kPositive, Place::kNegative}) {
    for (const double share : kShares) {
      const auto questions = questions_of(searcher, data, lines, Kind::kRange, share, place);
      if (questions.empty()) continue;
      for (const Plan plan : {kPlans[1], kPlans[2], kPlans[3]}) {
        for (const int64_t ef : {10, 20, 40, 80, 320}) {
          if (plan == FilterPlan::kScan && ef != 20) continue;
          std::vector<double> seconds;
          for (int round = 0; round < arguments.num_rounds; ++round) {
            seconds.push_back(seconds_of([&] {
              for (const Question& question : questions) ask(searcher, question, plan, ef, false);
            }));
          }
          const auto count = static_cast<double>(questions.size());
          std::map<std::string, double> sums;
          double recall = 0;
          for (const Question& question : questions) {
            const SearchResult found = ask(searcher, question, plan, ef, true);
            recall += question.truth->recall(found.neighbors.rows) / count;
            const Value& explain = found.explain;
            for (const char* part : {"estimates", "actuals"}) {
              for (const auto& [key, value] : explain.at(part).as_object())
                sums[std::string(part) + "." + key] += value.as_real() / count;
            }
          }
          table.push_back(
              {std::string(kPlaceNames[static_cast<size_t>(place)]) + " " + digits(share, "%g"),
               std::string(search::name_of(*plan)), std::to_string(ef),
               digits(1e6 * median(seconds) / count, "%.1f"), digits(sums["estimates.microseconds"], "%.1f"),
               digits(sums["actuals.distances"], "%.0f"), digits(sums["estimates.distances"], "%.0f"),
               digits(sums["actuals.hops"], "%.0f"), digits(sums["actuals.lists"], "%.0f"),
               digits(sums["estimates.local_share"], "%.3f"), digits(recall, "%.3f")});
        }
      }
    }
  }
  std::printf("%s\n", text_table(table).c_str());
}

// What the planner goes by, as explain tells it.
void print_plan_costs(const Searcher& searcher, const SearchData& data) {
  const RowSet allowed = RowSet::range(0, static_cast<uint32_t>(data.base.rows() / 2));
  SearchParams params;
  params.allowed = &allowed;
  params.explain = true;
  const Matrix query = Matrix::copy_of(data.queries.view().slice(0, 1));
  const Value explain = searcher.index().search(query, params, {}).explain;
  std::printf("costs: %s\n", explain.at("costs").to_json().c_str());
}

bool run(std::optional<SearchData> data, const Arguments& arguments) {
  if (!data) return true;
  const Lines lines = {Line(*data, 1), Line(*data, 2)};
  data->attributes = attributes_of(*data, lines);
  Value options = Value::object({{"plan_costs", arguments.plan_costs}});
  if (arguments.index == "hnsw") options.set("m", 16).set("ef_construction", 100);
  if (arguments.index == "ivf") options.set("codes", "flat");
  if (!arguments.codes.empty()) options.set("codes", arguments.codes);
  const Searcher searcher(build_index(arguments.index, data->embeddings(), options, {}));
  std::printf("== %s: %lld x %lld, %lld queries, recall@10 %.2f\n", data->name.c_str(),
              static_cast<long long>(data->base.rows()), static_cast<long long>(data->base.cols()),
              static_cast<long long>(data->queries.rows()), arguments.recall);
  print_plan_costs(searcher, *data);
  if (arguments.costs) {
    print_costs(searcher, *data, lines, arguments);
    return true;
  }
  std::vector<Cell> cells;
  for (const Kind kind : kKinds) {
    for (const double share : kShares) {
      for (const Place place : kPlaces) {
        const std::string name = std::string(kKindNames[static_cast<size_t>(kind)]) + " " +
                                 digits(share, "%g") + " " +
                                 std::string(kPlaceNames[static_cast<size_t>(place)]);
        const auto questions = questions_of(searcher, *data, lines, kind, share, place);
        if (questions.size() < 5) continue;
        cells.push_back(measure(searcher, questions, name, arguments));
      }
    }
  }
  return summarize(cells);
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  ArgumentReader reader(count, words);
  reader.take("--data", arguments.data);
  reader.take("--max-rows", arguments.max_rows);
  reader.take("--queries", arguments.num_queries);
  reader.take("--rounds", arguments.num_rounds);
  reader.take("--recall", arguments.recall);
  reader.take("--plan-costs", arguments.plan_costs);
  reader.take("--index", arguments.index);
  reader.take("--codes", arguments.codes);
  std::string costs;
  reader.take("--costs", costs);
  arguments.costs = costs == "yes";
  reader.finish();
  return arguments;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("planner_bench", [&] {
    const bench::Arguments arguments = bench::parse(argc, argv);
    std::printf("limit of one thread: reading %.1f GB/s\n\n", bench::read_bandwidth(1) / 1e9);
    bool holds = true;
    const auto wants = [&](std::string_view name) {
      return arguments.data == "all" || arguments.data == name;
    };
    if (wants("mnist"))
      holds = bench::run(bench::read_mnist(arguments.max_rows, arguments.num_queries), arguments) && holds;
    if (wants("packages"))
      holds = bench::run(bench::read_synopses(arguments.max_rows, arguments.num_queries), arguments) && holds;
    if (wants("deep"))
      holds = bench::run(bench::read_deep10k(arguments.max_rows, arguments.num_queries), arguments) && holds;
    if (!holds) std::fprintf(stderr, "planner_bench: a claim does not hold\n");
    return holds;
  });
}
