#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/labels.h"
#include "whitney/eval/bootstrap.h"
#include "whitney/eval/label_split.h"
#include "whitney/eval/vector_source.h"

namespace whitney {

namespace eval {

enum class Classifier : uint8_t { kOneVsRest, kMultinomial };
inline constexpr auto enum_names(Classifier) { return std::array{"one_vs_rest", "multinomial"}; }

}  // namespace eval

/// Options of classification on frozen vectors.
struct ClassificationOptions {
  std::optional<double> train_ratio;
  std::optional<Path> split, test_labels;
  std::optional<std::string> split_field;
  eval::Classifier classifier = eval::Classifier::kOneVsRest;
  double c = 1.0;
  std::vector<double> c_grid;
  int num_folds = 5;
  std::optional<bool> multi_label;
  eval::BootstrapOptions bootstrap;
  eval::VectorSource source;
  void fields(auto&& field) {
    field("train_ratio", train_ratio, Range{0.001, 0.999},
          "Share of the labelled ids, drawn by the seed, that is trained on; absent: 0.8, unless a split is "
          "given");
    field("split", split, "File of an id and train or test a line; other parts are left out");
    field("split_field", split_field, "Attribute of the embeddings that says train or test");
    field("test_labels", test_labels, "Labels to test on; those of the input are all trained on");
    field(
        "classifier", classifier,
        "One regression per label against the rest, as LIBLINEAR does; or one for all, of which each id has "
        "one, as scikit-learn does");
    field("c", c, Range{1e-6, 1e6}, "Inverse strength of the L2 penalty, C of scikit-learn and LIBLINEAR");
    field("c_grid", c_grid, Range{1e-6, 1e6},
          "Values of which c is chosen by cross validation within the part trained on; none: c is as given");
    field("num_folds", num_folds, Range{2, 100}, "Folds of that cross validation");
    field("multi_label", multi_label,
          "Each label is decided by itself; absent: when some id has several labels");
    bootstrap.fields(field);
    source.fields(field);
  }
  std::vector<std::string> ineffective() const;
};

/// Trains logistic regression (L2; one-vs-rest with the bias penalised like a weight, LIBLINEAR's objective,
/// or multinomial with a free bias, scikit-learn's) on the vectors of the rows of `labels` that `parts` says,
/// and reports how well it tells the labels of the others. parts: one for each row of labels; empty: drawn by
/// the seed of those that have a vector. Labelled ids without a vector and vectors without labels are left
/// out and counted in notes; Error when no row is left to train on or to test.
///
/// Single-label (each id has one): the label of the highest score is predicted; equal scores: the name that
/// sorts first. Multi-label: every label whose probability is above 1/2. One row of the report, figures in %
/// with percentile bootstrap intervals over the test rows: accuracy (all labels of an id right), micro_f1
/// (single-label: equals accuracy), macro_f1 (mean over labels that are true or predicted in the test part),
/// average_precision (mean over the labels true there of the area under precision and recall, by scores);
/// then majority, the accuracy of always saying what is most frequent in the training part, c, and the
/// numbers of rows trained on and tested.
WHITNEY_API Report classification(const Embeddings& embeddings, const Labels& labels,
                                  const std::vector<eval::SplitPart>& parts,
                                  const ClassificationOptions& options, const Context& context);

}  // namespace whitney
