#include "whitney/eval/sts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/text_scan.h"
#include "whitney/eval/correlation.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

constexpr std::array kSimilarities = {"cosine", "dot", "euclidean", "manhattan"};
constexpr size_t kNumSimilarities = kSimilarities.size();

std::array<double, kNumSimilarities> similarities(std::span<const float> a, std::span<const float> b) {
  double dot = 0, squares_a = 0, squares_b = 0, squares = 0, differences = 0;
  for (size_t j = 0; j < a.size(); ++j) {
    const double x = a[j], y = b[j];
    dot += x * y;
    squares_a += x * x;
    squares_b += y * y;
    squares += (x - y) * (x - y);
    differences += std::abs(x - y);
  }
  const double norms = std::sqrt(squares_a) * std::sqrt(squares_b);
  return {norms > 0 ? dot / norms : 0, dot, -std::sqrt(squares), -differences};
}

// Of each similarity a column over the pairs.
using Columns = std::array<std::vector<double>, kNumSimilarities>;

Columns similarities_of(const eval::TextVectors& vectors, int64_t num_pairs, const Context& context) {
  Columns columns;
  for (std::vector<double>& column : columns) column.resize(static_cast<size_t>(num_pairs));
  parallel_blocks(context, num_pairs, 256, [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; ++pair) {
      const auto values = similarities(vectors.of(pair), vectors.of(num_pairs + pair));
      for (size_t s = 0; s < kNumSimilarities; ++s) columns[s][static_cast<size_t>(pair)] = values[s];
    }
  });
  return columns;
}

// Correlations of each similarity with the scores, in samples and resamples.
class Correlations {
 public:
  Correlations(const Columns& columns, std::span<const double> scores)
      : columns_(columns), scores_(scores), score_ranks_(scores) {
    for (const std::vector<double>& column : columns) ranks_.emplace_back(column);
  }

  static constexpr size_t kNumFigures = 2 * kNumSimilarities;
  static size_t spearman_place(size_t similarity) { return 2 * similarity; }
  static size_t pearson_place(size_t similarity) { return 2 * similarity + 1; }

  // Of the pairs, each as many times as `times` tells.
  void compute(std::span<const int64_t> times, std::span<double> figures) const {
    std::vector<double> score_ranks(scores_.size()), ranks(scores_.size());
    score_ranks_.ranks(times, score_ranks);
    for (size_t s = 0; s < kNumSimilarities; ++s) {
      ranks_[s].ranks(times, ranks);
      figures[spearman_place(s)] = eval::pearson(ranks, score_ranks, times);
      figures[pearson_place(s)] = eval::pearson(columns_[s], scores_, times);
    }
  }

 private:
  const Columns& columns_;
  std::span<const double> scores_;
  eval::ValueRanks score_ranks_;
  std::vector<eval::ValueRanks> ranks_;
};

std::vector<int64_t> times_of(std::span<const int64_t> units) {
  std::vector<int64_t> times(units.size());
  for (const int64_t unit : units) ++times[static_cast<size_t>(unit)];
  return times;
}

void check_scores(const eval::TextPairs& pairs) {
  const auto [least, most] = std::ranges::minmax(pairs.scores);
  if (least == most) {
    fail(pairs.name, ": all scores are ", least,
         ", which nothing correlates with (expected: scores that tell pairs apart)");
  }
}

// Says where the file names an id without a vector.
void check_ids(const Embeddings& embeddings, const eval::TextPairs& pairs) {
  for (size_t i = 0; i < pairs.scores.size(); ++i) {
    for (const std::string* id : {&pairs.first[i], &pairs.second[i]}) {
      if (embeddings.ids.find(*id)) continue;
      fail(pairs.name, ":", pairs.lines[i], ": no vector has the id ", data::quoted(*id),
           embeddings.ids.did_you_mean(*id), " (of embeddings the pairs name ids, of a model texts)");
    }
  }
}

}  // namespace

Report sts(const eval::TextSource& source, const eval::TextPairs& pairs, const StsOptions& options,
           const Context& context) {
  check_scores(pairs);
  if (source.embeddings() != nullptr) check_ids(*source.embeddings(), pairs);
  std::vector<std::string> texts = pairs.first;
  texts.insert(texts.end(), pairs.second.begin(), pairs.second.end());
  const eval::TextVectors vectors = source.vectors_of(context, texts);
  const Columns columns = similarities_of(vectors, pairs.size(), context);
  const Correlations correlations(columns, pairs.scores);

  std::vector<double> figures(Correlations::kNumFigures);
  correlations.compute(std::vector<int64_t>(pairs.scores.size(), 1), figures);
  const std::vector<eval::Interval> intervals = eval::bootstrap_intervals(
      context, pairs.size(), Correlations::kNumFigures,
      [&](std::span<const int64_t> units, std::span<double> values) {
        correlations.compute(times_of(units), values);
      },
      options.bootstrap);

  Report report;
  report.title = "Semantic textual similarity";
  for (size_t s = 0; s < kNumSimilarities; ++s) {
    Report::Row& row = report.rows.emplace_back();
    row.labels = Value::object({{"similarity", kSimilarities[s]}});
    const size_t spearman = Correlations::spearman_place(s), pearson = Correlations::pearson_place(s);
    eval::add_figure(row, "spearman", "", figures[spearman], intervals[spearman]);
    eval::add_figure(row, "pearson", "", figures[pearson], intervals[pearson]);
  }
  report.notes.push_back(concat(pairs.size(), " pairs of ", vectors.vectors.rows(), " distinct texts"));
  return report;
}

namespace {

class Sts : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"source", "pairs"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<StsOptions>(resolved);
    const eval::TextPairs pairs = eval::read_text_pairs(paths[1], options.columns, context);
    const auto source = eval::TextSource::open(context, paths[0], options.encode);
    if (source.embeddings() != nullptr) eval::note_idle_encoding(context, resolved);
    return sts(source, pairs, options, context);
  }
};

const bool registered = register_method(declare_method<StsOptions>(
    Verb::kEvaluate,
    {.name = "sts",
     .class_name = "STS",
     .summary = "How well similarities of vectors agree with people's scores of text pairs",
     .description =
         "Semantic textual similarity: Spearman's and Pearson's correlation between the similarity of two "
         "texts' vectors and the scores that people gave the pairs, for cosine, dot product and the negated "
         "Euclidean and Manhattan distances, with bootstrap intervals over the pairs. Spearman's of the "
         "cosine "
         "is the usual figure.\n"
         "The source is a model (a folder or a .gguf file), which encodes each distinct text once, by its "
         "own "
         "files or as --encode.pooling, --encode.prompt and the others say; or embeddings, of which the "
         "pairs "
         "name ids.\n"
         "The pairs are JSON lines, CSV or lines with tabs: sentence1, sentence2 and score, the files of the "
         "STS "
         "benchmark and of SICK as they are, or columns that you name. Published figures are mostly those of "
         "one file's test part, times 100.",
     .source = "Cer, Diab, Agirre, Lopez-Gazpio, Specia: SemEval-2017 Task 1, arXiv 1708.00055; intervals: "
               "Efron, Annals of Statistics 1979",
     .example = "whitney evaluate sts models/minilm sts-test.tsv.gz"},
    std::make_shared<Sts>()));

}  // namespace

}  // namespace whitney
