// Claim: under a filter, at recall@10 of 0.99 and never short, hnsw answers at least twice the queries of
// qdrant-edge and as many as a scan of the passing rows in numpy, prepared beforehand, where up to a fifth
// passes; where half passes, 1.3 times the best of hnswlib (functor over a bitmap) and faiss
// (IDSelectorBitmap). One thread, M 16, ef_construction 100.
//   filter_peers_bench [--data mnist|packages|deep|all] [--max-rows N] [--queries N] [--rounds N] [--recall
//   R]
// Each program gets the least ef that reaches the recall. Ours is told the filter's text in every call, of
// one query or of all that share it; what a text came to it keeps, unless the text is new each time. Filters
// at random, around the query and far from it: its digit of MNIST and another, of the others the region that
// it lies in (nearest of ten rows) and the farthest; its half of all rows and the other.

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
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
#include "bench/hnsw_peer_native.h"
#include "bench/machine_limits.h"
#include "bench/pairs.h"
#include "bench/python_peer.h"
#include "bench/recall_curve.h"
#include "bench/search_data.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/core/report.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/attributes.h"
#include "whitney/search/searcher.h"

namespace whitney::bench {
namespace {

constexpr int kM = 16, kEfConstruction = 100;
constexpr int64_t kHits = 10;
constexpr int kLabels = 10;
constexpr int64_t kEfs[] = {10, 16, 24, 40, 64, 100, 160, 250, 400, 640, 1000};

struct Arguments {
  std::string data = "packages";
  int64_t max_rows = 1'000'000'000;
  int64_t num_queries = 400;
  int num_rounds = 5;
  double recall = 0.99;
};

// A condition as all programs are told it: [field, operator, value, ...].
Value condition(std::string_view field, std::string_view op, std::vector<Value> values) {
  Value::List list = {Value(field), Value(op)};
  list.insert(list.end(), values.begin(), values.end());
  return list;
}

std::string text_of(const Value& conditions) {
  std::string text;
  for (const Value& one : conditions.as_list()) {
    const Value::List& words = one.as_list();
    if (!text.empty()) text += " and ";
    text += words[0].as_string() + " " + words[1].as_string() + " " + words[2].to_json();
    if (words.size() > 3) text += " and " + words[3].to_json();
  }
  return text;
}

// Queries that share a filter.
struct Group {
  Value conditions;
  std::string text;
  std::vector<int64_t> places;
  std::unique_ptr<Matrix> queries;  // where the truth looks for them
  std::vector<uint32_t> allowed;
  std::unique_ptr<Truth> truth;
};

struct FilterCase {
  std::string name;
  std::vector<Group> groups;
  double passing = 0, num_queries = 0;
};

// Seconds of a group in each round, and the rows found.
struct Answer {
  std::vector<double> seconds;
  std::vector<int64_t> rows;
};

class Contestant {
 public:
  virtual ~Contestant() = default;
  virtual std::string name() const = 0;
  virtual bool has_ef() const { return true; }
  virtual Answer search(const Group& group, int64_t ef, int num_rounds) = 0;
};

Context threads_of(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

// How ours is asked: by filters that it has met before, which are kept, one query a call or all at once; or
// by ones that it has not.
enum class Asking : uint8_t { kKnown, kAtOnce, kNew };

class Ours : public Contestant {
 public:
  Ours(const Searcher& searcher, Asking asking) : searcher_(searcher), asking_(asking) {}
  std::string name() const override {
    return asking_ == Asking::kKnown    ? "whitney"
           : asking_ == Asking::kAtOnce ? "whitney at once"
                                        : "whitney, new filter";
  }
  Answer search(const Group& group, int64_t ef, int num_rounds) override {
    const Context context = threads_of(1);
    SearchRequest request;
    request.k = kHits;
    request.options = Value::object({{"ef", ef}});
    const int64_t m = group.queries->rows(), step = asking_ == Asking::kAtOnce ? m : 1;
    Answer answer;
    for (int round = 0; round < num_rounds; ++round) {
      answer.rows.clear();
      answer.seconds.push_back(seconds_of([&] {
        for (int64_t q = 0; q < m; q += step) {
          request.filter = group.text;
          // More texts than are kept.
          if (asking_ == Asking::kNew) request.filter.append(static_cast<size_t>(++num_asked_ % 150), ' ');
          const SearchResult result =
              searcher_.search(group.queries->view().slice(q, q + step), request, context);
          answer.rows.insert(answer.rows.end(), result.neighbors.rows.begin(), result.neighbors.rows.end());
        }
      }));
    }
    return answer;
  }

 private:
  const Searcher& searcher_;
  Asking asking_;
  int64_t num_asked_ = 0;
};

#if WHITNEY_BENCH_PEERS
class Hnswlib : public Contestant {
 public:
  explicit Hnswlib(const SearchData& data) {
    const Matrix& base = data.base;
    index_ = std::make_unique<HnswlibIndex>(base.cols(), base.rows(), kM, kEfConstruction,
                                            data.metric != Metric::kL2);
    parallel_for(threads_of(0), base.rows(),
                 [&](int64_t row) { index_->add(base.row<float>(row).data(), row); });
  }
  std::string name() const override { return "hnswlib"; }
  Answer search(const Group& group, int64_t ef, int num_rounds) override {
    index_->set_ef(ef);
    const RowSet allowed = RowSet::of(group.allowed);
    Answer answer;
    for (int round = 0; round < num_rounds; ++round) {
      answer.rows.assign(static_cast<size_t>(group.queries->rows() * kHits), -1);
      answer.seconds.push_back(seconds_of([&] {
        const std::vector<uint64_t> bits = allowed.bits(int64_t{group.allowed.back()} + 1);
        for (int64_t q = 0; q < group.queries->rows(); ++q) {
          index_->search_allowed(group.queries->row<float>(q).data(), kHits, bits,
                                 &answer.rows[static_cast<size_t>(q * kHits)]);
        }
      }));
    }
    return answer;
  }

 private:
  std::unique_ptr<HnswlibIndex> index_;
};
#endif

class PythonContestant : public Contestant {
 public:
  PythonContestant(PythonPeer& peer, std::string name) : peer_(peer), name_(std::move(name)) {
    const Value answer = peer_.ask(Value::object({{"question", "build"}, {"peer", name_}}));
    std::printf("%s was made ready in %.1f s\n", name_.c_str(), answer.at("seconds").as_real());
    std::fflush(stdout);
  }
  std::string name() const override { return name_; }
  bool has_ef() const override { return name_ != "numpy" && name_ != "qdrant-edge exact"; }
  Answer search(const Group& group, int64_t ef, int num_rounds) override {
    Value::List places, allowed;
    for (const int64_t place : group.places) places.emplace_back(place);
    for (const uint32_t row : group.allowed) allowed.emplace_back(int64_t{row});
    const Value given = peer_.ask(Value::object({{"question", "search"},
                                                 {"peer", name_},
                                                 {"filter", group.conditions},
                                                 {"places", std::move(places)},
                                                 {"allowed", std::move(allowed)},
                                                 {"ef", ef},
                                                 {"rounds", num_rounds}}));
    Answer answer;
    for (const Value& seconds : given.at("seconds").as_list()) answer.seconds.push_back(seconds.as_real());
    for (const Value& row : given.at("rows").as_list()) answer.rows.push_back(row.as_int());
    return answer;
  }

 private:
  PythonPeer& peer_;
  std::string name_;
};

// ---- data and cases ----

Column random_column(std::string name, int64_t num_rows, uint64_t bound) {
  ColumnBuilder builder(std::move(name), ColumnType::kInt);
  RandomStream random(42, "filter peers bench", 0);
  for (int64_t row = 0; row < num_rows; ++row) builder.add_int(static_cast<int64_t>(random.below(bound)), "");
  return builder.finish();
}

// What rows and queries near one another share.
struct Labels {
  std::string name;
  std::vector<int> base, queries;
  // For each label one of rows that are far from its queries.
  std::array<int, kLabels> far = {};
};

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += (double{a[j]} - b[j]) * (double{a[j]} - b[j]);
  return sum;
}

// Regions: the nearest of ten rows drawn at random.
Labels regions_of(const SearchData& data) {
  RandomStream random(42, "filter peers bench regions", 0);
  std::vector<std::span<const float>> centres;
  for (int i = 0; i < kLabels; ++i)
    centres.push_back(
        data.base.row<float>(static_cast<int64_t>(random.below(static_cast<uint64_t>(data.base.rows())))));
  const auto nearest = [&](std::span<const float> vector) {
    const auto closest = std::ranges::min_element(
        centres, {}, [&](std::span<const float> centre) { return squared_distance(vector, centre); });
    return static_cast<int>(closest - centres.begin());
  };
  Labels labels;
  labels.name = "region";
  for (int64_t row = 0; row < data.base.rows(); ++row)
    labels.base.push_back(nearest(data.base.row<float>(row)));
  for (int64_t q = 0; q < data.queries.rows(); ++q)
    labels.queries.push_back(nearest(data.queries.row<float>(q)));
  for (size_t i = 0; i < kLabels; ++i) {
    const auto farthest = std::ranges::max_element(
        centres, {}, [&](std::span<const float> centre) { return squared_distance(centres[i], centre); });
    labels.far[i] = static_cast<int>(farthest - centres.begin());
  }
  return labels;
}

// Halves: which of two rows that are far apart is nearer, cut where half of the rows lie on either side.
Labels halves_of(const SearchData& data) {
  const auto farthest_from = [&](std::span<const float> from) {
    int64_t best = 0;
    double most = -1;
    for (int64_t row = 0; row < data.base.rows(); ++row) {
      const double found = squared_distance(from, data.base.row<float>(row));
      if (found > most) most = found, best = row;
    }
    return data.base.row<float>(best);
  };
  const std::span<const float> one = farthest_from(data.base.row<float>(0)), other = farthest_from(one);
  const auto side = [&](std::span<const float> vector) {
    return squared_distance(vector, one) - squared_distance(vector, other);
  };
  std::vector<double> sides;
  for (int64_t row = 0; row < data.base.rows(); ++row) sides.push_back(side(data.base.row<float>(row)));
  const double cut = median(sides);
  Labels labels;
  labels.name = "half";
  for (const double of_row : sides) labels.base.push_back(of_row < cut ? 0 : 1);
  for (int64_t q = 0; q < data.queries.rows(); ++q)
    labels.queries.push_back(side(data.queries.row<float>(q)) < cut ? 0 : 1);
  labels.far[0] = 1;
  return labels;
}

Labels labels_of(const SearchData& data) {
  if (data.base_labels.empty()) return regions_of(data);
  Labels labels{"digit", data.base_labels, data.query_labels, {}};
  for (int digit = 0; digit < kLabels; ++digit)
    labels.far[static_cast<size_t>(digit)] = (digit + 5) % kLabels;
  return labels;
}

void add_columns(SearchData& data, std::span<const Labels> all_labels) {
  data.attributes.num_rows = data.base.rows();
  data.attributes.columns.push_back(random_column("noise", data.base.rows(), 1000));
  for (const Labels& labels : all_labels) {
    ColumnBuilder column(labels.name, ColumnType::kInt);
    for (const int label : labels.base) column.add_int(label, "");
    data.attributes.columns.push_back(column.finish());
  }
}

void write_files(const SearchData& data, const TemporaryFolder& folder) {
  const auto write = [&](const std::string& name, const Matrix& matrix) {
    std::ofstream(folder.file(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(matrix.bytes().data()),
               static_cast<std::streamsize>(matrix.bytes().size()));
  };
  write("base", data.base);
  write("queries", data.queries);
  std::ofstream lines(folder.file("attributes.jsonl"));
  for (int64_t row = 0; row < data.base.rows(); ++row) {
    Value line = Value::object();
    for (const Column& column : data.attributes.columns) {
      Value value = column.value(row);
      // The first line tells the fields' types.
      if (!value.is_null() || row == 0) line.set(column.name, std::move(value));
    }
    lines << line.to_json() << "\n";
  }
}

Group group_of(const Searcher& searcher, const SearchData& data, Value conditions,
               std::vector<int64_t> places) {
  Group group;
  group.text = text_of(conditions);
  group.conditions = std::move(conditions);
  group.queries = std::make_unique<Matrix>(std::ssize(places), data.queries.cols());
  float* out = group.queries->mutable_data<float>();
  for (const int64_t place : places) out = std::ranges::copy(data.queries.row<float>(place), out).out;
  group.places = std::move(places);
  group.allowed = searcher.matches(group.text, {}).rows();
  if (group.allowed.empty()) fail("no row satisfies ", group.text);
  group.truth = std::make_unique<Truth>(data.base, *group.queries, kHits, data.metric, &group.allowed);
  return group;
}

std::vector<int64_t> all_places(const SearchData& data) {
  std::vector<int64_t> places(static_cast<size_t>(data.queries.rows()));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

FilterCase one_filter(const Searcher& searcher, const SearchData& data, Value conditions) {
  FilterCase result;
  result.groups.push_back(group_of(searcher, data, std::move(conditions), all_places(data)));
  result.name = result.groups[0].text;
  return result;
}

// Queries of a label among the rows of that label, or of one far away.
FilterCase by_label(const Searcher& searcher, const SearchData& data, const Labels& labels, bool far) {
  FilterCase result;
  result.name = (far ? "another " : "the ") + labels.name + (far ? "" : " of the query");
  for (int label = 0; label < kLabels; ++label) {
    std::vector<int64_t> places;
    for (int64_t q = 0; q < data.queries.rows(); ++q) {
      if (labels.queries[static_cast<size_t>(q)] == label) places.push_back(q);
    }
    if (places.empty()) continue;
    const int wanted = far ? labels.far[static_cast<size_t>(label)] : label;
    Value conditions = Value::List{condition(labels.name, "=", {wanted})};
    result.groups.push_back(group_of(searcher, data, std::move(conditions), std::move(places)));
  }
  return result;
}

std::vector<FilterCase> cases_of(const Searcher& searcher, const SearchData& data,
                                 std::span<const Labels> all_labels) {
  std::vector<FilterCase> cases;
  const auto add = [&](Value::List conditions) {
    cases.push_back(one_filter(searcher, data, std::move(conditions)));
  };
  for (const int most : {1, 9, 49, 199, 499}) add({condition("noise", "between", {0, most})});
  for (const Labels& labels : all_labels) {
    for (const bool far : {false, true}) cases.push_back(by_label(searcher, data, labels, far));
  }
  if (data.attributes.find("section") != nullptr) {
    add({condition("section", "=", {"sound"})});
    add({condition("section", "=", {"python"})});
    add({condition("tags", "contains", {"role::program"})});
    add({condition("installed_size_kb", "between", {100, 1000})});
    add({condition("section", "=", {"libs"}), condition("installed_size_kb", "between", {100, 1000})});
  }
  for (FilterCase& one : cases) {
    for (const Group& group : one.groups) {
      one.num_queries += static_cast<double>(group.places.size());
      one.passing += static_cast<double>(group.allowed.size() * group.places.size());
    }
    one.passing /= one.num_queries;
  }
  return cases;
}

// ---- measuring ----

struct Measured {
  int64_t ef = 0;
  double recall = 0;
  bool is_short = false;
  // Queries a second of each round.
  std::vector<double> rates;
};

// Answers of all groups at one ef: recall, and whether hits are missing.
Measured measure(Contestant& contestant, const FilterCase& filter, int64_t ef, int num_rounds) {
  Measured result;
  result.ef = ef;
  std::vector<double> seconds(static_cast<size_t>(num_rounds), 0);
  for (const Group& group : filter.groups) {
    const Answer answer = contestant.search(group, ef, num_rounds);
    const auto count = static_cast<double>(group.places.size());
    result.recall += group.truth->recall(answer.rows) * count / filter.num_queries;
    const int64_t due = std::min<int64_t>(kHits, std::ssize(group.allowed)) * std::ssize(group.places);
    result.is_short =
        result.is_short || std::ranges::count_if(answer.rows, [](int64_t row) { return row >= 0; }) < due;
    for (size_t round = 0; round < seconds.size(); ++round) seconds[round] += answer.seconds[round];
  }
  for (const double taken : seconds) result.rates.push_back(filter.num_queries / taken);
  return result;
}

// The least ef that reaches the recall; the largest where none does.
int64_t least_ef(Contestant& contestant, const FilterCase& filter, double recall) {
  if (!contestant.has_ef()) return 0;
  for (const int64_t ef : kEfs) {
    if (measure(contestant, filter, ef, 1).recall >= recall) return ef;
  }
  return kEfs[std::size(kEfs) - 1];
}

std::string ratio_text(const Measured& ours, const Measured& peer) {
  std::vector<double> ratios;
  for (size_t i = 0; i < ours.rates.size(); ++i) ratios.push_back(ours.rates[i] / peer.rates[i]);
  const auto [low, high] = std::ranges::minmax(ratios);
  return digits(median(ratios), "%.2f") + " (" + digits(low, "%.2f") + " .. " + digits(high, "%.2f") + ")";
}

void run_case(const FilterCase& filter, std::span<const std::unique_ptr<Contestant>> all,
              const Arguments& arguments) {
  std::printf("== %s: %.0f passing\n", filter.name.c_str(), filter.passing);
  std::vector<Measured> measured;
  for (const auto& one : all) {
    measured.push_back(measure(*one, filter, least_ef(*one, filter, arguments.recall), 1));
    measured.back().rates.clear();
  }
  // In turns; the first runs above have warmed everything.
  for (int round = 0; round < arguments.num_rounds; ++round) {
    for (size_t turn = 0; turn < all.size(); ++turn) {
      const size_t c = (turn + static_cast<size_t>(round)) % all.size();
      measured[c].rates.push_back(measure(*all[c], filter, measured[c].ef, 1).rates[0]);
    }
  }
  std::vector<std::vector<std::string>> table = {
      {"program", "ef", "recall@10", "queries/s", "whitney / program", "at once / program", ""}};
  for (size_t c = 0; c < all.size(); ++c) {
    const Measured& one = measured[c];
    table.push_back({all[c]->name(), one.ef == 0 ? "-" : std::to_string(one.ef), digits(one.recall, "%.4f"),
                     digits(median(one.rates), "%.0f"), ratio_text(measured[0], one),
                     ratio_text(measured[1], one), one.is_short ? "TOO FEW HITS" : ""});
    if (c < 3 && (one.is_short || one.recall < arguments.recall)) table.back().back() += " BELOW THE RECALL";
  }
  std::printf("%s\n", text_table(table).c_str());
  std::fflush(stdout);
}

void run(std::optional<SearchData> data, const Arguments& arguments) {
  if (!data) return;
  const std::array<Labels, 2> labels = {labels_of(*data), halves_of(*data)};
  add_columns(*data, labels);
  const TemporaryFolder folder;
  write_files(*data, folder);
  const Searcher searcher(build_index(
      "hnsw", data->embeddings(),
      Value::object({{"m", kM}, {"ef_construction", kEfConstruction}, {"plan_costs", "measured"}}),
      threads_of(0)));
  std::printf("%s: %lld x %lld, %lld queries\n", data->name.c_str(),
              static_cast<long long>(data->base.rows()), static_cast<long long>(data->base.cols()),
              static_cast<long long>(data->queries.rows()));
  std::vector<std::unique_ptr<Contestant>> all;
  for (const Asking asking : {Asking::kKnown, Asking::kAtOnce, Asking::kNew})
    all.push_back(std::make_unique<Ours>(searcher, asking));
#if WHITNEY_BENCH_PEERS
  all.push_back(std::make_unique<Hnswlib>(*data));
#endif
  std::vector<std::string> words = {folder.file("")};
  for (const int64_t number :
       {data->base.rows(), data->queries.rows(), data->base.cols(), int64_t{data->metric != Metric::kL2},
        int64_t{kM}, int64_t{kEfConstruction}, kHits})
    words.push_back(std::to_string(number));
  PythonPeer peer("filter_peers_bench_peer.py", words);
  if (peer.is_there()) {
    std::printf("%s\n", peer.versions().c_str());
    const Value hello = peer.ask(Value::object({{"question", "hello"}}));
    for (const Value& name : hello.at("peers").as_list())
      all.push_back(std::make_unique<PythonContestant>(peer, name.as_string()));
  }
  for (const FilterCase& filter : cases_of(searcher, *data, labels)) run_case(filter, all, arguments);
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  ArgumentReader reader(count, words);
  reader.take("--data", arguments.data);
  reader.take("--max-rows", arguments.max_rows);
  reader.take("--queries", arguments.num_queries);
  reader.take("--rounds", arguments.num_rounds);
  reader.take("--recall", arguments.recall);
  reader.finish();
  return arguments;
}

}  // namespace
}  // namespace whitney::bench

int main(int argc, char** argv) {
  namespace bench = whitney::bench;
  return bench::bench_main("filter_peers_bench", [&] {
    const bench::Arguments arguments = bench::parse(argc, argv);
    std::printf("limit of one thread: reading %.1f GB/s\n\n", bench::read_bandwidth(1) / 1e9);
    const auto wants = [&](std::string_view name) {
      return arguments.data == "all" || arguments.data == name;
    };
    if (wants("mnist")) bench::run(bench::read_mnist(arguments.max_rows, arguments.num_queries), arguments);
    if (wants("packages"))
      bench::run(bench::read_synopses(arguments.max_rows, arguments.num_queries), arguments);
    if (wants("deep")) bench::run(bench::read_deep10k(arguments.max_rows, arguments.num_queries), arguments);
    return true;
  });
}
