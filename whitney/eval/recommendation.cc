#include "whitney/eval/recommendation.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/interactions_split.h"
#include "whitney/eval/cold_start.h"
#include "whitney/eval/ranking_quality.h"
#include "whitney/recommend/recommender.h"

namespace whitney {
namespace {

using eval::UserQualities;
using Lists = std::vector<std::vector<recommend::ScoredItem>>;

// The list that NGCF's repository takes its ideal from.
constexpr int64_t kNgcfDepth = 100;

/// Numbers ids by the model's rows, unknown ones behind them.
class RowsOfModel {
 public:
  explicit RowsOfModel(const Ids& known) : known_(known) {}
  uint32_t row_of(const Ids& ids, int64_t row) {
    const std::string text = ids.text(row);
    if (const auto found = known_.find(text)) return static_cast<uint32_t>(*found);
    return static_cast<uint32_t>(
        unknown_.try_emplace(text, known_.size() + std::ssize(unknown_)).first->second);
  }
  int64_t size() const { return known_.size() + std::ssize(unknown_); }

 private:
  const Ids& known_;
  std::map<std::string, int64_t> unknown_;
};

struct NumberedEvents {
  std::vector<uint32_t> users, items;
};

NumberedEvents numbered(const Interactions& events, RowsOfModel& users, RowsOfModel& items) {
  NumberedEvents result;
  for (int64_t u = 0; u < events.num_users(); ++u) {
    if (events.degree(u) == 0) continue;
    const uint32_t user = users.row_of(events.users, u);
    for (const uint32_t item : events.items_of(u)) {
      result.users.push_back(user);
      result.items.push_back(items.row_of(events.items, item));
    }
  }
  return result;
}

Array<int64_t> with_empty_rows(const Array<int64_t>& offsets, int64_t num_rows) {
  Array<int64_t> longer(num_rows + 1, offsets[offsets.size() - 1]);
  std::ranges::copy(offsets, longer.mutable_data());
  return longer;
}

Matrix with_zero_rows(const Matrix& rows, int64_t num_rows) {
  Matrix more = Matrix::zeros(num_rows, rows.cols());
  std::copy_n(rows.bytes().data(), rows.bytes().size(), more.mutable_data<std::byte>());
  return more;
}

/// The model with users and items that training did not meet: nothing speaks for them, all their scores are
/// 0.
RecommenderModel extended(const RecommenderModel& model, int64_t num_users, int64_t num_items) {
  RecommenderModel more;
  more.history = {Ids::row_numbers(num_users),
                  Ids::row_numbers(num_items),
                  with_empty_rows(model.history.offsets, num_users),
                  model.history.targets,
                  {},
                  {}};
  more.scores = model.scores;
  if (auto* weights = std::get_if<ItemWeights>(&more.scores))
    weights->offsets = with_empty_rows(weights->offsets, num_items);
  if (auto* factors = std::get_if<Factors>(&more.scores)) {
    factors->users = with_zero_rows(factors->users, num_users);
    factors->items = with_zero_rows(factors->items, num_items);
  }
  return more;
}

/// The model, what else was seen, and the test, all of the same users and items.
struct AlignedEvents {
  RecommenderModel model;
  Interactions seen, test;
  const Interactions& train() const { return model.history; }
};

AlignedEvents aligned(const RecommenderModel& model, const Interactions& test,
                      const std::optional<Interactions>& seen, const Context& context) {
  RowsOfModel users(model.history.users), items(model.history.items);
  const NumberedEvents of_test = numbered(test, users, items);
  const NumberedEvents of_seen = seen ? numbered(*seen, users, items) : NumberedEvents();
  const auto build = [&](const NumberedEvents& events) {
    return build_interactions(Ids::row_numbers(users.size()), Ids::row_numbers(items.size()),
                              {events.users, events.items, {}, {}}, context);
  };
  return {extended(model, users.size(), items.size()), build(of_seen), build(of_test)};
}

/// How many that have a test event have no training event.
int64_t count_cold(std::span<const int64_t> test_degrees, std::span<const int64_t> train_degrees) {
  int64_t count = 0;
  for (size_t row = 0; row < test_degrees.size(); ++row)
    count += test_degrees[row] > 0 && train_degrees[row] == 0 ? 1 : 0;
  return count;
}

std::vector<int64_t> user_degrees(const Interactions& events) {
  std::vector<int64_t> degrees;
  for (int64_t user = 0; user < events.num_users(); ++user) degrees.push_back(events.degree(user));
  return degrees;
}

/// Test events that training has, too: they are left out of the lists and cannot be met.
int64_t count_common(const Interactions& test, const Interactions& train) {
  int64_t count = 0;
  for (int64_t user = 0; user < test.num_users(); ++user) {
    const auto known = train.items_of(user);
    for (const uint32_t item : test.items_of(user)) count += std::ranges::binary_search(known, item) ? 1 : 0;
  }
  return count;
}

std::vector<uint32_t> users_of(const Interactions& test) {
  std::vector<uint32_t> users;
  for (int64_t user = 0; user < test.num_users(); ++user) {
    if (test.degree(user) > 0) users.push_back(static_cast<uint32_t>(user));
  }
  return users;
}

void add_means(Report::Row& row, const UserQualities& qualities, const eval::BootstrapOptions& bootstrap,
               const Context& context) {
  const std::pair<const char*, const std::vector<double>*> figures[] = {
      {"recall", &qualities.recall}, {"ndcg", &qualities.ndcg}, {"precision", &qualities.precision},
      {"hit", &qualities.hit},       {"mrr", &qualities.mrr},   {"map", &qualities.map}};
  for (const auto& [name, values] : figures)
    eval::add_figure(row, name, "", eval::mean_of(*values),
                     eval::bootstrap_mean_interval(context, *values, bootstrap));
}

std::vector<double> at_places(std::span<const double> values, std::span<const int64_t> places) {
  std::vector<double> chosen;
  for (const int64_t place : places) chosen.push_back(values[static_cast<size_t>(place)]);
  return chosen;
}

void add_slices(const UserQualities& qualities, std::span<const uint32_t> users, const Lists& lists,
                const AlignedEvents& events, int64_t k, std::span<const int64_t> begins,
                std::vector<Report::Row>& rows) {
  const std::vector<eval::EventRange> ranges = eval::event_ranges(begins);
  const auto of_users = eval::user_slices(qualities, events.train(), ranges);
  const auto of_items = eval::item_slices(users, lists, events.test, events.train(), k, ranges);
  const auto add = [&](std::string_view whose, size_t range, int64_t count, Report::Row row) {
    row.labels = Value::object({{"k", k}, {"slice", concat(whose, " of ", ranges[range].text(), " events")}});
    row.figures.push_back({"users", "", static_cast<double>(count)});
    rows.push_back(std::move(row));
  };
  for (size_t range = 0; range < ranges.size(); ++range) {
    Report::Row row;
    if (!of_users[range].empty()) {
      row.figures = {{"recall", "", eval::mean_of(at_places(qualities.recall, of_users[range]))},
                     {"ndcg", "", eval::mean_of(at_places(qualities.ndcg, of_users[range]))}};
    }
    add("users", range, std::ssize(of_users[range]), std::move(row));
  }
  for (size_t range = 0; range < ranges.size(); ++range) {
    Report::Row row;
    if (!of_items[range].users.empty()) row.figures = {{"recall", "", eval::mean_of(of_items[range].recall)}};
    add("items", range, std::ssize(of_items[range].users), std::move(row));
  }
}

std::vector<std::string> notes_of(const AlignedEvents& events, size_t num_users, int64_t cold_users,
                                  const std::string& checksum) {
  std::vector<std::string> notes = {concat(num_users, " users, ", events.test.size(), " test events, ",
                                           events.train().num_items(), " items ranked; split ", checksum)};
  const auto tell = [&](int64_t count, std::string_view what) {
    if (count > 0) notes.push_back(concat(count, what));
  };
  tell(cold_users, " users of the test have no training event: nothing speaks for any item to them");
  tell(count_cold(item_degrees(events.test), item_degrees(events.train())),
       " items of the test have no training event: nothing speaks for them");
  tell(count_common(events.test, events.train()),
       " test events are training events, too, and count as missed");
  return notes;
}

void check_ks(const std::vector<int64_t>& ks) {
  if (ks.empty() || std::ranges::min(ks) < 1)
    throw UsageError("option \"ks\" needs lengths of lists, each at least 1, such as 5,10,20");
}

}  // namespace

Report recommendation(const RecommenderModel& model, const Interactions& test,
                      const std::optional<Interactions>& seen, const RecommendationOptions& options,
                      const Context& context) {
  check_ks(options.ks);
  if (test.size() == 0)
    fail(test.where(), "the test holds no event of a user with an item: there is nothing to measure");
  const AlignedEvents events = aligned(model, test, seen, context);
  const std::vector<uint32_t> users = users_of(events.test);
  const int64_t cold_users = count_cold(user_degrees(events.test), user_degrees(events.train()));
  if (cold_users == std::ssize(users))
    fail(test.where(), "no user of the test is known to the model (expected: users of its training events)");
  const auto recommender = recommend::recommender_of(events.model);
  const int64_t depth = std::max(std::ranges::max(options.ks), options.ngcf_counting ? kNgcfDepth : 1);
  const Interactions* const left_out[] = {&events.train(), &events.seen};
  const Lists lists = recommend::recommend(*recommender, users, depth, left_out, context);

  Report report;
  report.title = "Recommendation, full ranking";
  for (const int64_t k : options.ks) {
    const UserQualities qualities = eval::list_qualities(users, lists, events.test, events.train(), k);
    Report::Row& row = report.rows.emplace_back();
    row.labels = Value::object({{"k", k}});
    add_means(row, qualities, options.bootstrap, context);
    row.figures.push_back({"coverage", "", qualities.coverage});
    row.figures.push_back({"average_popularity", "users", qualities.average_popularity});
    row.figures.push_back({"gini", "", qualities.gini});
    if (options.ngcf_counting)
      row.figures.push_back({"ndcg_ngcf", "", eval::mean_of(eval::ndcg_ngcf(users, lists, events.test, k))});
    if (!options.slices.empty()) add_slices(qualities, users, lists, events, k, options.slices, report.rows);
  }
  const Interactions nothing;
  const Interactions* const parts[] = {&model.history, seen ? &*seen : &nothing, &test};
  report.notes = notes_of(events, users.size(), cold_users, split_checksum(parts));
  return report;
}

}  // namespace whitney
