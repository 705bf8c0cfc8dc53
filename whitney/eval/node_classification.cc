#include "whitney/eval/node_classification.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/data/readers.h"
#include "whitney/eval/f1_score.h"
#include "whitney/eval/labelled_rows.h"
#include "whitney/eval/logistic_regression.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

std::vector<int64_t> rows_of(std::span<const int64_t> rows, std::span<const int64_t> chosen) {
  std::vector<int64_t> result;
  for (int64_t i : chosen) result.push_back(rows[static_cast<size_t>(i)]);
  return result;
}

/// The k labels with the highest scores, ascending; equal scores: the smaller code.
std::vector<uint32_t> top_labels(std::span<const float> scores, size_t k) {
  std::vector<uint32_t> codes(scores.size());
  std::iota(codes.begin(), codes.end(), 0U);
  std::partial_sort(
      codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(k), codes.end(),
      [&](uint32_t a, uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  codes.resize(k);
  std::sort(codes.begin(), codes.end());
  return codes;
}

std::vector<uint32_t> positive_labels(std::span<const float> scores) {
  std::vector<uint32_t> codes;
  for (size_t code = 0; code < scores.size(); ++code) {
    if (scores[code] > 0) codes.push_back(static_cast<uint32_t>(code));
  }
  return codes;
}

struct Scores {
  double micro = 0, macro = 0, micro_threshold = 0, macro_threshold = 0;
};

class Protocol {
 public:
  Protocol(const Embeddings& embeddings, const Labels& labels, const NodeClassificationOptions& options,
           const Context& context)
      : embeddings_(embeddings),
        labels_(labels),
        options_(options),
        context_(context),
        nodes_(eval::match_labels(embeddings, labels, "nodes", context)) {}

  int64_t num_nodes() const { return nodes_.size(); }
  int64_t num_unfinished() const { return num_unfinished_; }

  std::vector<int64_t> shuffled(int shuffle) const {
    std::vector<int64_t> order(static_cast<size_t>(nodes_.size()));
    std::iota(order.begin(), order.end(), 0);
    RandomStream(context_.seed, "node-classification", static_cast<uint64_t>(shuffle))
        .shuffle(std::span(order));
    return order;
  }

  /// Trains on the first `num_train` nodes of `order`, tests on the others.
  Scores run(std::span<const int64_t> order, int64_t num_train) {
    const auto train = order.first(static_cast<size_t>(num_train)), test = order.subspan(train.size());
    const std::vector<uint8_t> targets = eval::targets_of(labels_, rows_of(nodes_.label_rows, train));
    const Matrix features = eval::vectors_of(embeddings_, rows_of(nodes_.vector_rows, train));
    const eval::LogisticModel model =
        eval::train_logistic_regression(context_, features, targets, {.c = options_.c});
    num_unfinished_ += model.num_unfinished;
    const Matrix asked = eval::vectors_of(embeddings_, rows_of(nodes_.vector_rows, test));
    return score(eval::decision_scores(context_, model, asked), test);
  }

 private:
  Scores score(const Matrix& scores, std::span<const int64_t> test) const {
    eval::F1Counts top(std::ssize(labels_.names)), threshold(std::ssize(labels_.names));
    for (size_t i = 0; i < test.size(); ++i) {
      const auto truth = eval::labels_of(labels_, nodes_.label_rows[static_cast<size_t>(test[i])]);
      const auto row = scores.row<float>(static_cast<int64_t>(i));
      top.add(truth, top_labels(row, truth.size()));
      threshold.add(truth, positive_labels(row));
    }
    return {top.micro(), top.macro(), threshold.micro(), threshold.macro()};
  }

  const Embeddings& embeddings_;
  const Labels& labels_;
  const NodeClassificationOptions& options_;
  const Context& context_;
  eval::LabelledRows nodes_;
  int64_t num_unfinished_ = 0;
};

double mean(std::span<const Scores> scores, double Scores::* field) {
  double sum = 0;
  for (const Scores& s : scores) sum += s.*field;
  return sum / static_cast<double>(scores.size());
}

double deviation(std::span<const Scores> scores, double Scores::* field) {
  const double center = mean(scores, field);
  double sum = 0;
  for (const Scores& s : scores) sum += (s.*field - center) * (s.*field - center);
  return scores.size() < 2 ? 0 : std::sqrt(sum / static_cast<double>(scores.size() - 1));
}

Report::Row row_of(double ratio, std::span<const Scores> scores) {
  Report::Row row;
  row.labels = Value::object({{"train_ratio", ratio}});
  const auto add = [&](const char* name, double share) { row.figures.push_back({name, "%", 100 * share}); };
  add("micro_f1", mean(scores, &Scores::micro));
  add("macro_f1", mean(scores, &Scores::macro));
  add("micro_f1_deviation", deviation(scores, &Scores::micro));
  add("macro_f1_deviation", deviation(scores, &Scores::macro));
  add("micro_f1_threshold", mean(scores, &Scores::micro_threshold));
  add("macro_f1_threshold", mean(scores, &Scores::macro_threshold));
  return row;
}

/// How many of n nodes each ratio trains on.
std::vector<int64_t> train_sizes(std::span<const double> ratios, int64_t n) {
  std::vector<int64_t> sizes;
  for (double ratio : ratios) {
    sizes.push_back(static_cast<int64_t>(ratio * static_cast<double>(n)));
    if (sizes.back() < 1 || sizes.back() >= n) {
      fail("a train ratio of ", ratio, " leaves ", sizes.back(), " of ", n,
           " labelled nodes to train on (expected: at least 1, and 1 to test)");
    }
  }
  return sizes;
}

}  // namespace

Report node_classification(const Embeddings& embeddings, const Labels& labels,
                           const NodeClassificationOptions& options, const Context& context) {
  if (options.train_ratios.empty())
    throw UsageError("train_ratios is empty: give at least one share, such as 0.5");
  Protocol protocol(embeddings, labels, options, context);
  const std::vector<int64_t> num_train = train_sizes(options.train_ratios, protocol.num_nodes());
  const auto num_ratios = num_train.size();
  std::vector<std::vector<Scores>> scores(num_ratios);
  const int64_t total = options.num_shuffles * std::ssize(num_train);
  for (int shuffle = 0; shuffle < options.num_shuffles; ++shuffle) {
    const std::vector<int64_t> order = protocol.shuffled(shuffle);
    for (size_t r = 0; r < num_ratios; ++r) {
      context.advance("splits", shuffle * std::ssize(num_train) + static_cast<int64_t>(r), total, "splits");
      scores[r].push_back(protocol.run(order, num_train[r]));
    }
  }
  context.advance("splits", total, total, "splits");
  Report report;
  report.title = "Node classification";
  for (size_t r = 0; r < num_ratios; ++r) report.rows.push_back(row_of(options.train_ratios[r], scores[r]));
  if (const int64_t unfinished = protocol.num_unfinished(); unfinished > 0) {
    report.notes.push_back(concat("training of ", unfinished, " classifiers ended before it had converged"));
  }
  return report;
}

namespace {

class NodeClassification : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"embeddings", "labels"}; }
  Report run(const std::vector<std::string>& paths, const Value& options,
             const Context& context) const override {
    const Embeddings embeddings = read_vectors(paths[0], TableOptions(), context);
    embeddings.validate(context);
    const Labels labels = read_labels(paths[1], context);
    return node_classification(embeddings, labels, options_from<NodeClassificationOptions>(options), context);
  }
};

const bool registered = register_method(declare_method<NodeClassificationOptions>(
    Verb::kEvaluate,
    {.name = "node-classification",
     .class_name = "NodeClassification",
     .summary = "Micro and macro F1 of labels predicted from node vectors",
     .description =
         "How well do the vectors of a graph's nodes tell their labels? One logistic regression per label is "
         "trained "
         "on a random share of the labelled nodes; for each other node the labels with the highest scores "
         "are "
         "predicted, as many as it has. This is the protocol of DeepWalk, node2vec and FastRP. Knowing how "
         "many "
         "labels a node has flatters every method alike; the figures named threshold do without. The "
         "strength of the "
         "penalty moves F1 by points: with standardised or wide vectors use --c 0.1, and state it.",
     .source = "Perozzi, Al-Rfou, Skiena: DeepWalk, KDD 2014, arXiv 1403.6652 (its scoring script)",
     .example =
         "whitney evaluate node-classification nodes.safetensors labels.tsv --train-ratios 0.1,0.5,0.9"},
    std::make_shared<NodeClassification>()));

}  // namespace

}  // namespace whitney
