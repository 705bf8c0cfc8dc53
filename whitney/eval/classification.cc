#include "whitney/eval/classification.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/data/readers.h"
#include "whitney/eval/classification_scores.h"
#include "whitney/eval/labelled_rows.h"
#include "whitney/eval/logistic_regression.h"
#include "whitney/eval/multinomial_regression.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

using eval::ClassificationScores;
using eval::LabelledRows;
using eval::SplitPart;

constexpr double kTrainRatio = 0.8;

/// Those of the rows whose place `belongs` says yes to.
template <class Belongs>
LabelledRows some_of(const LabelledRows& rows, const Belongs& belongs) {
  LabelledRows result;
  for (size_t i = 0; i < rows.label_rows.size(); ++i) {
    if (!belongs(i)) continue;
    result.vector_rows.push_back(rows.vector_rows[i]);
    result.label_rows.push_back(rows.label_rows[i]);
  }
  return result;
}

struct Split {
  LabelledRows train, test;
};

Split split_rows(const LabelledRows& rows, const std::vector<SplitPart>& parts,
                 const ClassificationOptions& options, const Context& context) {
  std::vector<SplitPart> part_of;
  if (parts.empty()) {
    part_of = eval::random_split(rows.size(), options.train_ratio.value_or(kTrainRatio), context);
  } else {
    for (int64_t row : rows.label_rows) part_of.push_back(parts[static_cast<size_t>(row)]);
  }
  Split split{some_of(rows, [&](size_t i) { return part_of[i] == SplitPart::kTrain; }),
              some_of(rows, [&](size_t i) { return part_of[i] == SplitPart::kTest; })};
  for (const LabelledRows* part : {&split.train, &split.test}) {
    if (part->size() > 0) continue;
    fail("of ", rows.size(), " labelled ids with vectors none is left to ",
         part == &split.train ? "train on" : "test", " (expected: at least one in each part)");
  }
  return split;
}

bool is_multi_label(const Labels& labels, const LabelledRows& rows, std::optional<bool> wanted) {
  if (wanted == true) return true;
  for (int64_t row : rows.label_rows) {
    const auto codes = eval::labels_of(labels, row);
    if (codes.size() < 2) continue;
    if (!wanted) return true;
    fail("id \"", labels.ids.text(row), "\" has the labels \"", labels.names[codes[0]], "\" and \"",
         labels.names[codes[1]], "\" (expected: one label an id, or multi_label)");
  }
  return false;
}

class Protocol {
 public:
  Protocol(const Embeddings& embeddings, const Labels& labels, bool multi_label, eval::Classifier classifier,
           const Context& context)
      : embeddings_(embeddings),
        labels_(labels),
        multi_label_(multi_label),
        classifier_(classifier),
        context_(context) {}

  int64_t num_unfinished() const { return num_unfinished_; }

  ClassificationScores run(const LabelledRows& train, const LabelledRows& test, double c) {
    const eval::LogisticModel model = trained(train, c);
    num_unfinished_ += model.num_unfinished;
    const Matrix scores =
        eval::decision_scores(context_, model, eval::vectors_of(embeddings_, test.vector_rows));
    return {labels_, test.label_rows, scores, multi_label_};
  }

  /// The value that wins in cross validation: by accuracy, by micro F1 of several labels; equal: the smaller.
  double choose_c(const LabelledRows& train, std::vector<double> grid, int num_folds) {
    if (train.size() < num_folds) {
      fail(train.size(), " rows to train on are too few for ", num_folds,
           " folds (expected: at least one in each)");
    }
    std::vector<int64_t> fold_of(static_cast<size_t>(train.size()));
    for (size_t i = 0; i < fold_of.size(); ++i) fold_of[i] = static_cast<int64_t>(i) % num_folds;
    RandomStream(context_.seed, "classification folds", 0).shuffle(std::span(fold_of));
    std::sort(grid.begin(), grid.end());
    double best = grid[0], best_sum = -1;
    for (size_t g = 0; g < grid.size(); ++g) {
      double sum = 0;
      for (int fold = 0; fold < num_folds; ++fold) {
        context_.advance("cross validation", static_cast<int64_t>(g) * num_folds + fold,
                         std::ssize(grid) * num_folds, "folds");
        const ClassificationScores scores =
            run(some_of(train, [&](size_t i) { return fold_of[i] != fold; }),
                some_of(train, [&](size_t i) { return fold_of[i] == fold; }), grid[g]);
        sum += scores.values()[multi_label_ ? 1 : 0];
      }
      if (sum <= best_sum) continue;
      best = grid[g];
      best_sum = sum;
    }
    return best;
  }

 private:
  eval::LogisticModel trained(const LabelledRows& train, double c) const {
    const Matrix vectors = eval::vectors_of(embeddings_, train.vector_rows);
    if (classifier_ == eval::Classifier::kOneVsRest) {
      return eval::train_logistic_regression(context_, vectors, eval::targets_of(labels_, train.label_rows),
                                             {.c = c});
    }
    std::vector<uint32_t> classes;
    for (const int64_t row : train.label_rows) classes.push_back(eval::labels_of(labels_, row)[0]);
    return eval::train_multinomial_regression(context_, vectors, classes, std::ssize(labels_.names),
                                              {.c = c});
  }

  const Embeddings& embeddings_;
  const Labels& labels_;
  bool multi_label_;
  eval::Classifier classifier_;
  const Context& context_;
  int64_t num_unfinished_ = 0;
};

/// Accuracy on `test` of the set of labels that is most frequent in `train` (equally: that sorts first).
double majority_accuracy(const Labels& labels, const LabelledRows& train, const LabelledRows& test) {
  const auto set_of = [&](int64_t row) {
    const auto codes = eval::labels_of(labels, row);
    return std::vector<uint32_t>(codes.begin(), codes.end());
  };
  std::map<std::vector<uint32_t>, int64_t> counts;
  for (int64_t row : train.label_rows) ++counts[set_of(row)];
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto num_right = std::count_if(test.label_rows.begin(), test.label_rows.end(),
                                       [&](int64_t row) { return set_of(row) == most->first; });
  return static_cast<double>(num_right) / static_cast<double>(test.size());
}

/// How many labels that are true in `test` are true nowhere in `train`.
int64_t num_unseen(const Labels& labels, const LabelledRows& train, const LabelledRows& test) {
  std::vector<bool> in_train(labels.names.size()), in_test(labels.names.size());
  for (int64_t row : train.label_rows) {
    for (uint32_t code : eval::labels_of(labels, row)) in_train[code] = true;
  }
  for (int64_t row : test.label_rows) {
    for (uint32_t code : eval::labels_of(labels, row)) in_test[code] = true;
  }
  int64_t count = 0;
  for (size_t code = 0; code < in_test.size(); ++code) count += in_test[code] && !in_train[code] ? 1 : 0;
  return count;
}

Report::Row row_of(const ClassificationScores& scores, bool multi_label, const ClassificationOptions& options,
                   const Context& context) {
  Report::Row row;
  row.labels = Value::object({{"kind", multi_label ? "multi-label" : "single-label"}});
  const ClassificationScores::Values values = scores.values();
  const std::vector<eval::Interval> intervals = eval::bootstrap_intervals(
      context, scores.num_rows(), std::ssize(values),
      [&](std::span<const int64_t> rows, std::span<double> out) {
        const ClassificationScores::Values resampled = scores.values(rows);
        std::copy(resampled.begin(), resampled.end(), out.begin());
      },
      options.bootstrap);
  for (size_t i = 0; i < values.size(); ++i) {
    eval::add_figure(row, std::string(ClassificationScores::kNames[i]), "%", 100 * values[i],
                     {100 * intervals[i].low, 100 * intervals[i].high});
  }
  return row;
}

}  // namespace

std::vector<std::string> ClassificationOptions::ineffective() const {
  std::vector<std::string> sentences;
  if (c_grid.empty() && num_folds != ClassificationOptions().num_folds)
    sentences.emplace_back("option \"num_folds\" has no effect without c_grid");
  if (!c_grid.empty() && c != ClassificationOptions().c)
    sentences.emplace_back("option \"c\" has no effect beside c_grid");
  return sentences;
}

Report classification(const Embeddings& embeddings, const Labels& labels, const std::vector<SplitPart>& parts,
                      const ClassificationOptions& options, const Context& context) {
  const LabelledRows rows = eval::match_labels(embeddings, labels, "ids", context);
  const Split split = split_rows(rows, parts, options, context);
  const bool multi_label = is_multi_label(labels, rows, options.multi_label);
  if (multi_label && options.classifier == eval::Classifier::kMultinomial)
    throw UsageError("classifier=multinomial needs ids of one label each (one_vs_rest takes several)");
  Protocol protocol(embeddings, labels, multi_label, options.classifier, context);
  const double c =
      options.c_grid.empty() ? options.c : protocol.choose_c(split.train, options.c_grid, options.num_folds);
  const ClassificationScores scores = protocol.run(split.train, split.test, c);
  Report report;
  report.title = "Classification";
  Report::Row& row = report.rows.emplace_back(row_of(scores, multi_label, options, context));
  const auto add = [&](const char* name, const char* unit, double value) {
    row.figures.push_back({name, unit, value});
  };
  add("majority", "%", 100 * majority_accuracy(labels, split.train, split.test));
  add("c", "", c);
  add("train", "rows", static_cast<double>(split.train.size()));
  add("test", "rows", static_cast<double>(split.test.size()));
  if (const int64_t unseen = num_unseen(labels, split.train, split.test); unseen > 0)
    report.notes.push_back(concat(unseen, " of ", labels.names.size(), " labels have no row to train on"));
  if (const int64_t unfinished = protocol.num_unfinished(); unfinished > 0)
    report.notes.push_back(concat("training of ", unfinished, " classifiers ended before it had converged"));
  return report;
}

namespace {

/// Labels and the part of each, empty for parts drawn by the seed.
eval::SplitLabels split_labels(const std::string& path, const Embeddings& embeddings,
                               const ClassificationOptions& options, const Context& context) {
  const int num_given = int{options.split.has_value()} + int{options.split_field.has_value()} +
                        int{options.test_labels.has_value()} + int{options.train_ratio.has_value()};
  if (num_given > 1)
    throw UsageError("give one of train_ratio, split, split_field and test_labels: each says what is tested");
  const Labels labels = read_labels(path, context);
  if (options.test_labels) return eval::join_labels(labels, read_labels(options.test_labels->value, context));
  if (options.split)
    return {labels, eval::split_by_labels(labels, read_labels(options.split->value, context), context)};
  if (options.split_field)
    return {labels, eval::split_by_attribute(labels, embeddings, *options.split_field, context)};
  return {labels, {}};
}

class Classification : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"model or embeddings", "labels"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<ClassificationOptions>(resolved);
    const Embeddings embeddings = options.source.read(paths[0], resolved, context);
    const eval::SplitLabels labels = split_labels(paths[1], embeddings, options, context);
    return classification(embeddings, labels.labels, labels.parts, options, context);
  }
};

const bool registered = register_method(declare_method<ClassificationOptions>(
    Verb::kEvaluate,
    {.name = "classification",
     .class_name = "Classification",
     .summary = "How well logistic regression on the vectors tells their labels",
     .description =
         "How much do frozen vectors know of their labels? One logistic regression per label (one against "
         "the rest; LIBLINEAR's objective, the bias penalised too), or with --classifier multinomial one for "
         "all labels (scikit-learn's, the bias free), is trained on one part and asked about the other. "
         "Where each id has one label, the label of the highest score is "
         "predicted; where ids have several, every label whose probability is above 1/2. Accuracy (of "
         "several labels: all of an id right), micro and macro F1 and mean average precision come with "
         "bootstrap intervals over the tested rows, beside the accuracy of always naming what is most "
         "frequent.\n"
         "The vectors are embeddings, or a model's (a folder or a .gguf file) of the texts that --texts "
         "names.\n"
         "The strength of the penalty moves figures by points: --c-grid 0.01,0.1,1,10 chooses it within the "
         "part trained on. MTEB trains on 8 to 16 examples a label and averages ten draws; here the whole "
         "part is trained on.",
     .source = "Fan et al.: LIBLINEAR, JMLR 2008; Efron: Bootstrap methods, 1979",
     .example = "whitney evaluate classification texts.safetensors labels.tsv --train-ratio 0.8"},
    std::make_shared<Classification>()));

}  // namespace

}  // namespace whitney
