#include "whitney/eval/ann_recall.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/data/artifact.h"
#include "whitney/data/readers.h"
#include "whitney/eval/task.h"
#include "whitney/search/flat.h"

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

class Measurement {
 public:
  Measurement(const Index& truth, const MatrixView& queries, const std::vector<int64_t>& excluded,
              int64_t most_hits, double epsilon, const Context& context)
      : truth_(truth),
        queries_(queries),
        excluded_(excluded),
        most_hits_(most_hits),
        epsilon_(epsilon),
        context_(context) {
    SearchParams params;
    params.k = most_hits;
    params.excluded = excluded;
    params.exact = true;
    true_distances_ = distances(truth.search(queries, params, context));
  }

  // Recall@k in % and queries/s.
  std::pair<double, double> run(const Index& index, const SearchParams& params) const {
    double seconds = std::numeric_limits<double>::infinity();
    SearchResult result;
    for (int repeat = 0; repeat < 2; ++repeat) {
      const auto begin = std::chrono::steady_clock::now();
      result = index.search(queries_, params, context_);
      seconds =
          std::min(seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    const std::vector<std::vector<double>> found = distances(result);
    double sum = 0;
    for (size_t q = 0; q < found.size(); ++q) sum += recall(true_distances_[q], found[q], params.k);
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
    std::vector<std::vector<double>> all(static_cast<size_t>(queries_.rows));
    parallel_for(context_, queries_.rows, [&](int64_t q) {
      std::vector<float> query(static_cast<size_t>(queries_.cols));
      copy_row_as_float(queries_, q, query.data());
      std::vector<double>& own = all[static_cast<size_t>(q)];
      for (int64_t i = 0; i < result.counts[static_cast<size_t>(q)]; ++i) {
        const int64_t row = result.neighbors.rows[static_cast<size_t>(q * result.neighbors.k + i)];
        own.push_back(distance_of(query, truth_.vector(row), truth_.metric()));
      }
      std::ranges::sort(own);
    });
    return all;
  }

  const Index& truth_;
  const MatrixView& queries_;
  const std::vector<int64_t>& excluded_;
  int64_t most_hits_;
  double epsilon_;
  const Context& context_;
  std::vector<std::vector<double>> true_distances_;
};

// The index's own declaration resolves the options of its search.
Value search_options(const Index& index, std::optional<int> ef) {
  Method method;
  method.verb = Verb::kIndex;
  method.info.name = concat("search in ", index.method());
  method.options = index.search_options();
  return resolve_options(method, ef ? Value::object({{"ef", *ef}}) : Value::object());
}

bool has_ef(const Index& index) {
  const std::vector<OptionSpec> specs = index.search_options();
  return std::ranges::any_of(specs, [](const OptionSpec& spec) { return spec.name == "ef"; });
}

std::vector<std::optional<int>> values_of_ef(const Index& index, const AnnRecallOptions& options,
                                             Report& report) {
  if (!options.ef.empty() && has_ef(index)) return {options.ef.begin(), options.ef.end()};
  if (!options.ef.empty())
    report.notes.push_back(concat("option \"ef\" has no effect: ", index.method(), " has no ef"));
  return {std::nullopt};
}

}  // namespace

Report ann_recall(const Index& index, const Index& truth, const MatrixView& queries,
                  const std::vector<int64_t>& excluded, const AnnRecallOptions& options,
                  const Context& context) {
  if (options.k.empty()) throw UsageError("k is empty: give at least one number of hits, such as 10");
  if (queries.rows == 0) fail("there are no queries to measure recall with");
  Report report;
  report.title = concat("Recall of ", index.method());
  const std::vector<std::optional<int>> efs = values_of_ef(index, options, report);
  const int64_t most_hits = *std::ranges::max_element(options.k);
  const Measurement measurement(truth, queries, excluded, most_hits, options.epsilon, context);
  const int64_t total = std::ssize(options.k) * std::ssize(efs);
  for (const int k : options.k) {
    for (const std::optional<int> ef : efs) {
      context.advance("settings", std::ssize(report.rows), total, "settings");
      SearchParams params;
      params.k = k;
      params.excluded = excluded;
      params.options = search_options(index, ef);
      const auto [recall, rate] = measurement.run(index, params);
      Report::Row row{Value::object({{"k", k}}),
                      {{"recall", "%", recall}, {"queries_per_second", "queries/s", rate}}};
      if (ef) row.labels.set("ef", *ef);
      report.rows.push_back(std::move(row));
    }
  }
  context.advance("settings", total, total, "settings");
  report.notes.push_back(concat(queries.rows, " queries among ", index.live().size(), " rows, ",
                                context.num_threads(), context.num_threads() == 1 ? " thread" : " threads"));
  return report;
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

class AnnRecall : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"embeddings or index"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<AnnRecallOptions>(resolved);
    std::unique_ptr<Index> index, truth;
    if (is_index(paths[0])) {
      index = open_index(paths[0]);
    } else {
      const Embeddings embeddings = read_vectors(paths[0], TableOptions(), context);
      index = build_index(options.index.method, embeddings, options.index.options, context);
      truth = flat_index(embeddings);
    }
    const Index& scanned = truth != nullptr ? *truth : *index;
    if (options.queries) {
      const Embeddings queries = read_vectors(options.queries->value, TableOptions(), context);
      return ann_recall(*index, scanned, queries.vectors, {}, options, context);
    }
    const std::vector<int64_t> rows = draw_rows(*index, options.num_queries, context.seed);
    return ann_recall(*index, scanned, vectors_of(scanned, rows), rows, options, context);
  }

 private:
  static bool is_index(const std::string& path) {
    return path.ends_with(".safetensors") && Artifact::open(path).kind() == "index";
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
         "ann-benchmarks, so that ties are no errors. Give several --ef to see the curve of recall and "
         "speed. An index "
         "file is measured as it is, against its own vectors; of embeddings an index is built first (--index "
         "hnsw "
         "--index.m 16). Rates are those of one batch with all threads allowed; --threads 1 gives the usual "
         "figure.",
     .source = "Aumueller, Bernhardsson, Faithfull: ANN-Benchmarks, arXiv 1807.05614 (its recall by distance "
               "threshold)",
     .example = "whitney evaluate ann-recall nodes.hnsw.safetensors --k 10 --ef 16,32,64,128"},
    std::make_shared<AnnRecall>()));

}  // namespace

}  // namespace whitney
