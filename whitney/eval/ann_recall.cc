#include "whitney/eval/ann_recall.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/data/artifact.h"
#include "whitney/data/readers.h"
#include "whitney/eval/task.h"
#include "whitney/search/flat.h"
#include "whitney/search/row_set.h"

namespace whitney {
namespace {

// A distance in double, lower is nearer: Euclidean, 1 - cosine, or the inner product negated.
double distance_of(const std::vector<float>& query, const std::vector<float>& row, Metric metric) {
  double dot = 0, query_squares = 0, row_squares = 0, difference = 0;
  for (size_t j = 0; j < query.size(); ++j) {
    const double q = query[j], r = row[j];
    dot += q * r;
    query_squares += q * q;
    row_squares += r * r;
    difference += (q - r) * (q - r);
  }
  switch (metric) {
    case Metric::kL2:
      return std::sqrt(difference);
    case Metric::kInnerProduct:
      return -dot;
    case Metric::kCosine:
      break;
  }
  const double norms = std::sqrt(query_squares * row_squares);
  return norms > 0 ? 1 - dot / norms : 1;
}

// The queries of a measurement, of one kind.
class AnnQueries {
 public:
  virtual ~AnnQueries() = default;
  virtual int64_t size() const = 0;
  virtual SearchResult ask(const Index& index, const SearchParams& params, const Context& context) const = 0;
  /// Distances of rows of an index from a query, in double, lower is nearer.
  virtual std::vector<double> distances(int64_t query, const Index& index,
                                        std::span<const int64_t> rows) const = 0;
};

class DenseQueries : public AnnQueries {
 public:
  explicit DenseQueries(const MatrixView& vectors) : vectors_(vectors) {}
  int64_t size() const override { return vectors_.rows; }
  SearchResult ask(const Index& index, const SearchParams& params, const Context& context) const override {
    return index.search(vectors_, params, context);
  }
  std::vector<double> distances(int64_t query, const Index& index,
                                std::span<const int64_t> rows) const override {
    std::vector<float> values(static_cast<size_t>(vectors_.cols));
    copy_row_as_float(vectors_, query, values.data());
    std::vector<double> result;
    for (const int64_t row : rows) result.push_back(distance_of(values, index.vector(row), index.metric()));
    return result;
  }

 private:
  const MatrixView& vectors_;
};

// A scan of the index tells distances, where only the rows asked for are allowed.
class RaggedQueries : public AnnQueries {
 public:
  explicit RaggedQueries(const RaggedEmbeddings& rows) : rows_(rows) {}
  int64_t size() const override { return rows_.size(); }
  SearchResult ask(const Index& index, const SearchParams& params, const Context& context) const override {
    return index.search_ragged(rows_, params, context);
  }
  std::vector<double> distances(int64_t query, const Index& index,
                                std::span<const int64_t> rows) const override {
    if (rows.empty()) return {};
    const int64_t one[] = {query};
    RaggedEmbeddings asked = rows_.entries_of(one);
    asked.ids = Ids::row_numbers(1);
    const RowSet allowed = RowSet::of(std::vector<uint32_t>(rows.begin(), rows.end()));
    SearchParams params;
    params.k = std::ssize(rows);
    params.allowed = &allowed;
    params.exact = true;
    Context here;  // a query is a task
    here.threads = 1;
    const SearchResult found = index.search_ragged(asked, params, here);
    std::vector<double> result;
    for (int64_t i = 0; i < found.counts[0]; ++i)
      result.push_back(-double{found.neighbors.values[static_cast<size_t>(i)]});
    return result;
  }

 private:
  const RaggedEmbeddings& rows_;
};

class Measurement {
 public:
  Measurement(const Index& truth, const AnnQueries& queries, const std::vector<int64_t>& excluded,
              int64_t most_hits, double epsilon, const Context& context)
      : truth_(truth), queries_(queries), excluded_(excluded), epsilon_(epsilon), context_(context) {
    SearchParams params;
    params.k = most_hits;
    params.excluded = excluded;
    params.exact = true;
    true_distances_ = distances(queries.ask(truth, params, context));
  }

  // Recall@k in % and queries/s.
  std::pair<double, double> run(const Index& index, int64_t k, const Value& options) const {
    SearchParams params;
    params.k = k;
    params.excluded = excluded_;
    params.options = options;
    double seconds = std::numeric_limits<double>::infinity();
    SearchResult result;
    for (int repeat = 0; repeat < 2; ++repeat) {
      const auto begin = std::chrono::steady_clock::now();
      result = queries_.ask(index, params, context_);
      seconds =
          std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    const std::vector<std::vector<double>> found = distances(result);
    double sum = 0;
    for (size_t q = 0; q < found.size(); ++q) sum += recall(true_distances_[q], found[q], k);
    return {100 * sum / static_cast<double>(found.size()), static_cast<double>(found.size()) / seconds};
  }

 private:
  double recall(const std::vector<double>& due, const std::vector<double>& found, int64_t k) const {
    const int64_t num_due = std::min(k, std::ssize(due));
    if (num_due == 0) return 1;
    const double last = due[static_cast<size_t>(num_due - 1)];
    const double limit = last + epsilon_ * std::abs(last);
    const auto right = std::ranges::count_if(found, [&](double distance) { return distance <= limit; });
    return static_cast<double>(std::min<int64_t>(right, num_due)) / static_cast<double>(num_due);
  }

  // Of the hits of each query, ascending. Row numbers of both indexes are the same ones.
  std::vector<std::vector<double>> distances(const SearchResult& result) const {
    std::vector<std::vector<double>> all(static_cast<size_t>(queries_.size()));
    parallel_for(context_, queries_.size(), [&](int64_t q) {
      const std::span<const int64_t> rows(result.neighbors.rows);
      const auto of_query = rows.subspan(static_cast<size_t>(q * result.neighbors.k),
                                         static_cast<size_t>(result.counts[static_cast<size_t>(q)]));
      std::vector<double>& own = all[static_cast<size_t>(q)];
      own = queries_.distances(q, truth_, of_query);
      std::ranges::sort(own);
    });
    return all;
  }

  const Index& truth_;
  const AnnQueries& queries_;
  const std::vector<int64_t>& excluded_;
  double epsilon_;
  const Context& context_;
  std::vector<std::vector<double>> true_distances_;
};

// The index's own declaration knows the options of its search.
Method search_of(const Index& index) {
  Method method;
  method.verb = Verb::kIndex;
  method.info.name = concat("search in ", index.method());
  method.options = index.search_options();
  return method;
}

// An option of a search and the values that are measured.
struct Swept {
  OptionSpec option;
  Value::List values;
};

// "ef=16,32", or as a list "ef=16", "32"; without a name: of the first option.
std::vector<Swept> read_sweep(const Method& search, const std::vector<std::string>& sweep) {
  std::vector<Swept> all;
  const auto of_option = [&](std::string_view name) -> Swept& {
    const auto known = std::ranges::find(search.options, name, &OptionSpec::name);
    if (known == search.options.end()) {
      resolve_options(search, Value::object({{std::string(name), Value()}}));  // says what is known
      throw UsageError(concat("unknown option \"", name, "\" of ", search.info.name));
    }
    const auto found = std::ranges::find(all, name, [](const Swept& one) { return one.option.name; });
    return found != all.end() ? *found : all.emplace_back(Swept{*known, {}});
  };
  std::string name;
  for (std::string_view rest : sweep) {
    for (size_t comma = 0; comma != rest.npos; rest.remove_prefix(std::min(rest.size(), comma + 1))) {
      comma = rest.find(',');
      std::string_view value = rest.substr(0, comma);
      if (const size_t equals = value.find('='); equals != value.npos) {
        name = value.substr(0, equals);
        value.remove_prefix(equals + 1);
      }
      if (name.empty() && search.options.empty())
        throw UsageError(concat("option \"sweep\": a ", search.info.name, " has no options"));
      Swept& swept = of_option(name.empty() ? search.options.front().name : name);
      swept.values.push_back(parse_option_text(swept.option, value));
    }
  }
  return all;
}

// Each value of each option with each of the others; the last option changes first.
std::vector<Value> settings_of(const std::vector<Swept>& sweep) {
  std::vector<Value> settings = {Value::object()};
  for (const Swept& swept : sweep) {
    std::vector<Value> more;
    for (const Value& setting : settings) {
      for (const Value& value : swept.values) more.push_back(Value(setting).set(swept.option.name, value));
    }
    settings = std::move(more);
  }
  return settings;
}

Report measure(const Index& index, const Index& truth, const AnnQueries& queries,
               const std::vector<int64_t>& excluded, const AnnRecallOptions& options,
               const Context& context) {
  if (options.k.empty()) throw UsageError("k is empty: give at least one number of hits, such as 10");
  if (queries.size() == 0) fail("there are no queries to measure recall with");
  Report report;
  report.title = concat("Recall of ", index.method());
  const Method search = search_of(index);
  const std::vector<Value> settings = settings_of(read_sweep(search, options.sweep));
  const int64_t most_hits = *std::ranges::max_element(options.k);
  const Measurement measurement(truth, queries, excluded, most_hits, options.epsilon, context);
  const int64_t total = std::ssize(options.k) * std::ssize(settings);
  for (const int k : options.k) {
    for (const Value& setting : settings) {
      context.advance("settings", std::ssize(report.rows), total, "settings");
      const auto [recall, rate] = measurement.run(index, k, resolve_options(search, setting));
      Report::Row row{Value::object({{"k", k}}),
                      {{"recall", "%", recall}, {"queries_per_second", "queries/s", rate}}};
      for (const auto& [name, value] : setting.as_object()) row.labels.set(name, value);
      report.rows.push_back(std::move(row));
    }
  }
  context.advance("settings", total, total, "settings");
  report.notes.push_back(concat(queries.size(), " queries among ", index.live().size(), " rows, ",
                                context.num_threads(), context.num_threads() == 1 ? " thread" : " threads"));
  return report;
}

}  // namespace

Report ann_recall(const Index& index, const Index& truth, const MatrixView& queries,
                  const std::vector<int64_t>& excluded, const AnnRecallOptions& options,
                  const Context& context) {
  return measure(index, truth, DenseQueries(queries), excluded, options, context);
}

Report ann_recall(const Index& index, const Index& truth, const RaggedEmbeddings& queries,
                  const std::vector<int64_t>& excluded, const AnnRecallOptions& options,
                  const Context& context) {
  return measure(index, truth, RaggedQueries(queries), excluded, options, context);
}

namespace {

// Live rows drawn without repetition, in the order of the draw.
std::vector<int64_t> draw_rows(const Index& index, int64_t num_wanted, uint64_t seed) {
  std::vector<uint32_t> rows = index.live().rows();
  RandomStream random(seed, "ann-recall queries", 0);
  const auto count = static_cast<size_t>(std::min(num_wanted, std::ssize(rows)));
  for (size_t i = 0; i < count; ++i) std::swap(rows[i], rows[i + random.below(rows.size() - i)]);
  return {rows.begin(), rows.begin() + static_cast<int64_t>(count)};
}

Matrix vectors_of(const Index& index, const std::vector<int64_t>& rows) {
  Matrix result(std::ssize(rows), index.dim());
  float* out = result.mutable_data<float>();
  for (const int64_t row : rows) {
    const std::vector<float> vector = index.vector(row);
    out = std::copy(vector.begin(), vector.end(), out);
  }
  return result;
}

// Joined half by half, so that entries are copied few times.
RaggedEmbeddings entries_of(const Index& index, std::span<const int64_t> rows) {
  if (rows.size() == 1) return index.ragged(rows[0]);
  const size_t half = rows.size() / 2;
  return joined_entries(entries_of(index, rows.first(half)), entries_of(index, rows.subspan(half)));
}

RaggedEmbeddings ragged_of(const Index& index, std::span<const int64_t> rows) {
  RaggedEmbeddings all = entries_of(index, rows);
  all.ids = Ids::row_numbers(std::ssize(rows));
  return all;
}

// What an artifact holds; others hold vectors.
enum class Holds : uint8_t { kIndex, kRagged, kVectors };

Holds what_holds(const std::string& path) {
  if (!path.ends_with(".safetensors")) return Holds::kVectors;
  const Artifact artifact = Artifact::open(path);
  if (artifact.kind() == "index") return Holds::kIndex;
  return holds_ragged(artifact) ? Holds::kRagged : Holds::kVectors;
}

// An index and, where another has the full values, what is scanned for the truth.
struct Measured {
  std::unique_ptr<Index> index, full;
  const Index& truth() const { return full != nullptr ? *full : *index; }
};

Measured measured_of(const std::string& path, const MethodChoice& choice, const Context& context) {
  switch (what_holds(path)) {
    case Holds::kIndex:
      return {open_index(path), nullptr};
    case Holds::kRagged: {
      const RaggedEmbeddings rows = load_ragged(Artifact::open(path));
      Measured measured{build_index(choice.method, rows, choice.options, context), nullptr};
      // Vector sets are kept whole; sparse values are, unless told otherwise.
      if (rows.is_sparse) measured.full = build_index(choice.method, rows, Value::object(), context);
      return measured;
    }
    case Holds::kVectors:
      break;
  }
  const Embeddings embeddings = read_vectors(path, TableOptions(), context);
  return {build_index(choice.method, embeddings, choice.options, context), flat_index(embeddings)};
}

class AnnRecall : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"embeddings or index"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<AnnRecallOptions>(resolved);
    const Measured measured = measured_of(paths[0], options.index, context);
    const Index &index = *measured.index, &truth = measured.truth();
    if (index.input() == IndexInput::kTexts)
      fail(paths[0], ": is an index of texts, whose answers are exact (expected: one of vectors)");
    const bool holds_ragged = is_ragged(index.input());
    std::vector<int64_t> rows;
    if (!options.queries) rows = draw_rows(index, options.num_queries, context.seed);
    if (!options.queries && rows.empty()) fail(paths[0], ": has no rows to draw queries from");
    if (holds_ragged) {
      const RaggedEmbeddings queries =
          options.queries ? load_ragged(Artifact::open(options.queries->value)) : ragged_of(truth, rows);
      return ann_recall(index, truth, queries, rows, options, context);
    }
    const Matrix queries = options.queries
                               ? read_vectors(options.queries->value, TableOptions(), context).vectors
                               : vectors_of(truth, rows);
    return ann_recall(index, truth, queries.view(), rows, options, context);
  }
};

const bool registered = register_method(declare_method<AnnRecallOptions>(
    Verb::kEvaluate,
    {.name = "ann-recall",
     .class_name = "AnnRecall",
     .summary = "Recall and speed of an index against a scan",
     .description =
         "How many of the true k nearest does an index find, and how fast? Queries come from a file or are "
         "rows drawn "
         "by the seed, each left out of its own answer; truth is a scan. A hit counts by its distance, as in "
         "ann-benchmarks, so that ties are no errors. Give several values of what a search may spend to see "
         "the "
         "curve of recall and speed: --sweep nprobe=8,16,32,rescore=100,300, or --sweep 16,32,64 of the "
         "first "
         "option that the index declares (ef of graphs, nprobe of lists, rescore of codes). An index file is "
         "measured as it is, against its own vectors; of embeddings an index is built first (--index hnsw "
         "--index.m 16). Sparse vectors and several vectors a row are measured like vectors, by their "
         "scores. "
         "Rates are those of one batch with all threads allowed; --threads 1 gives the usual figure.",
     .source = "Aumueller, Bernhardsson, Faithfull: ANN-Benchmarks, arXiv 1807.05614 (its recall by distance "
               "threshold)",
     .example = "whitney evaluate ann-recall nodes.hnsw.safetensors --k 10 --sweep 16,32,64,128"},
    std::make_shared<AnnRecall>()));

}  // namespace

}  // namespace whitney
