#include "whitney/search/plan_trials.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "whitney/core/random.h"

namespace whitney::search {
namespace {

Context one_thread() {
  Context context;
  context.threads = 1;
  return context;
}

/// Half way between a vector and the nearest other one: as near to the data as a question that is not one of
/// them.
Matrix queries_between(const Index& index, const Context& context) {
  RandomStream random(42, "plan costs queries", 0);
  Matrix queries(kTrialQueries, index.dim());
  auto* values = queries.mutable_data<float>();
  for (int64_t q = 0; q < kTrialQueries; ++q, values += index.dim()) {
    const auto place = random.below(static_cast<uint64_t>(index.live().size()));
    const uint32_t row = index.live().select(static_cast<int64_t>(place));
    std::ranges::copy(index.vector(row), values);
    SearchParams params;
    params.k = 1;
    params.excluded = {row};
    const SearchResult nearest = index.search(queries.view().slice(q, q + 1), params, context);
    const std::vector<float> other = index.vector(nearest.neighbors.rows[0]);
    for (size_t j = 0; j < other.size(); ++j) values[j] = (values[j] + other[j]) / 2;
  }
  return queries;
}

SearchResult ask(const Index& index, const Matrix& queries, int64_t q, const PlanTrial& trial, bool explain) {
  static const Context context = one_thread();
  SearchParams params;
  params.k = kTrialHits;
  params.plan = trial.plan;
  params.options = trial.options;
  params.explain = explain;
  if (!trial.allowed.empty()) {
    const size_t place = static_cast<size_t>(q) % trial.allowed.size();
    params.allowed = &trial.allowed[place];
    params.memo = trial.memos[place].get();
  }
  return index.search(queries.view().slice(q, q + trial.step()), params, context);
}

/// Asks every query once and counts what comes of it. This also brings near what fits, whoever ran before.
void count(const Index& index, const Matrix& queries, PlanTrial& trial) {
  trial.actuals.clear();
  for (int64_t q = 0; q < kTrialQueries; q += trial.step()) {
    const Value explain = ask(index, queries, q, trial, true).explain;
    for (const auto& [name, value] : explain.at("actuals").as_object())
      if (value.is_number()) trial.actuals[name] += value.as_real() / kTrialQueries;
  }
}

/// Nanoseconds of a query, all that belongs to a search included.
double time_of(const Index& index, const Matrix& queries, const PlanTrial& trial) {
  const auto begin = std::chrono::steady_clock::now();
  for (int64_t q = 0; q < kTrialQueries; q += trial.step()) ask(index, queries, q, trial, false);
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  return time.count() / kTrialQueries;
}

}  // namespace

void PlanTrial::allow(RowSet rows, bool keeps) {
  allowed.push_back(std::move(rows));
  memos.push_back(keeps ? std::make_unique<FilterMemo>() : nullptr);
}

double PlanTrial::actual(std::string_view name) const {
  const auto found = actuals.find(name);
  return found == actuals.end() ? 0 : found->second;
}

double PlanTrial::time() const {
  auto sorted = nanoseconds;
  std::ranges::sort(sorted);
  return sorted[kRounds / 2];
}

RowSet some_rows(const RowSet& live, int64_t count, uint64_t item) {
  RandomStream random(42, "plan costs rows", item);
  const auto size = static_cast<uint64_t>(live.size());
  std::vector<uint32_t> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(live.select(static_cast<int64_t>(random.below(size))));
  return RowSet::of(rows);
}

RowSet share_of_rows(const RowSet& live, double share, uint64_t item) {
  RandomStream random(42, "plan costs share", item);
  std::vector<uint32_t> rows = live.rows();
  std::erase_if(rows, [&](uint32_t) { return random.uniform() >= share; });
  return RowSet::of(rows);
}

void run_trials(const Index& index, const std::vector<PlanTrial*>& trials) {
  const Matrix queries = queries_between(index, one_thread());
  for (size_t round = 0; round < PlanTrial::kRounds; ++round) {
    for (PlanTrial* trial : trials) {
      count(index, queries, *trial);
      trial->nanoseconds[round] = time_of(index, queries, *trial);
    }
  }
}

ScanTrials::ScanTrials(const RowSet& live, const Value& options) {
  const int64_t most = std::min(kManyRows, live.size() / 2);
  for (uint64_t item = 0; item < kTrialQueries; ++item) {
    few.allow(some_rows(live, kFewRows, item));
    if (item < 8) many.allow(some_rows(live, most, item));
  }
  few.plan = many.plan = FilterPlan::kScan;
  few.options = many.options = options;
}

double ScanTrials::row_time() const { return (many.time() - few.time()) / (many.rows() - few.rows()); }

double ScanTrials::start_time() const { return few.time() - few.rows() * row_time(); }

}  // namespace whitney::search
