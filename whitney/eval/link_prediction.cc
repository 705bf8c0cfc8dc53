#include "whitney/eval/link_prediction.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>

#include "whitney/core/error.h"
#include "whitney/data/learner.h"
#include "whitney/data/readers.h"
#include "whitney/eval/average_precision.h"
#include "whitney/eval/node_vectors.h"
#include "whitney/eval/task.h"

namespace whitney {

eval::LinkScores eval::score_links(std::span<const float> positives, std::span<const float> negatives,
                                   std::span<const int> hits) {
  std::vector<float> sorted(negatives.begin(), negatives.end());
  std::ranges::sort(sorted, std::greater());
  LinkScores result;
  for (const float score : positives) {
    // Negatives above the score, and from it on: what is between is equal, and half won.
    const auto [above, from] = std::ranges::equal_range(sorted, score, std::greater());
    const auto below = static_cast<double>(sorted.end() - (from));
    result.auc += below + static_cast<double>(from - above) / 2;
  }
  result.auc /= static_cast<double>(positives.size()) * static_cast<double>(negatives.size());
  std::vector<float> all(positives.begin(), positives.end());
  all.insert(all.end(), negatives.begin(), negatives.end());
  std::vector<uint8_t> relevant(all.size(), 0);
  std::fill_n(relevant.begin(), positives.size(), uint8_t{1});
  result.average_precision = AveragePrecision(all, relevant).value();
  for (const int k : hits) {
    if (size_t(k) > sorted.size()) {
      result.hits.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const auto found =
        std::ranges::count_if(positives, [&](float score) { return score > sorted[size_t(k) - 1]; });
    result.hits.push_back(static_cast<double>(found) / static_cast<double>(positives.size()));
  }
  return result;
}

namespace {

using eval::Decoder;
using eval::LinkScores;
using eval::LinkSplit;
using PairScore = std::function<float(int64_t source, int64_t target)>;

/// What stands in a row: its scores of each split.
struct Measured {
  std::string method, decoder;
  std::vector<LinkScores> splits;
};

float common_neighbors(const Graph& graph, const Graph& reversed, int64_t u, int64_t v) {
  const auto from = graph.neighbors(u), to = reversed.neighbors(v);
  int64_t common = 0;
  for (size_t i = 0, j = 0; i < from.size() && j < to.size();) {
    if (from[i] == to[j]) ++common;
    const bool first = from[i] <= to[j], second = to[j] <= from[i];
    i += first, j += second;
  }
  return static_cast<float>(common);
}

Graph reversed_of(const Graph& graph, const Context& context) {
  if (!graph.directed) return graph;
  return build_graph(graph.ids, {graph.targets.span(), sources_of(graph), {}}, true, context);
}

class LinkPrediction {
 public:
  LinkPrediction(const Graph& graph, const LinkPredictionOptions& options, const Context& context)
      : graph_(graph), options_(options), context_(context) {}

  void run(int split_number) {
    const LinkSplit split = split_links(graph_, options_.split, split_number, context_);
    num_positives_ = std::ssize(split.positives), num_negatives_ = std::ssize(split.negatives);
    num_missing_ = std::max(num_missing_, split.num_missing);
    const Embeddings embeddings =
        learn(options_.learn.method, Dataset(split.training), options_.learn.options, context_);
    const Matrix vectors = eval::vectors_of_nodes(embeddings, graph_, context_);
    size_t place = 0;
    for (const Decoder decoder : eval::chosen_decoders(options_.decoders, embeddings.record)) {
      const eval::PairScores scores(vectors, decoder, context_, eval::activation_of(embeddings.record));
      add(place++, options_.learn.method, std::string(name_of_enum(decoder)), split,
          [&](int64_t u, int64_t v) { return scores.score(u, v); });
    }
    const Graph reversed = reversed_of(split.training, context_);
    add(place++, "common_neighbors", "", split,
        [&](int64_t u, int64_t v) { return common_neighbors(split.training, reversed, u, v); });
    add(place++, "preferential_attachment", "", split, [&](int64_t u, int64_t v) {
      return static_cast<float>(split.training.neighbors(u).size()) *
             static_cast<float>(reversed.neighbors(v).size());
    });
  }

  Report report() const {
    Report report;
    report.title = "Link prediction";
    for (const Measured& measured : measured_) report.rows.push_back(row_of(measured));
    report.notes.push_back(concat("negatives: ", name_of_enum(options_.split.negatives), ", ",
                                  options_.split.negatives_per_edge, " for each test edge"));
    if (num_missing_ > 0) {
      report.notes.push_back(concat(num_positives_, " test edges instead of ", num_positives_ + num_missing_,
                                    ": the others keep the graph connected"));
    }
    return report;
  }

 private:
  void add(size_t place, const std::string& method, const std::string& decoder, const LinkSplit& split,
           const PairScore& score) {
    if (place == measured_.size()) measured_.push_back({method, decoder, {}});
    const auto scores_of = [&](const std::vector<eval::NodePair>& pairs) {
      std::vector<float> scores;
      for (const auto& [u, v] : pairs) scores.push_back(score(u, v));
      return scores;
    };
    measured_[place].splits.push_back(
        eval::score_links(scores_of(split.positives), scores_of(split.negatives), options_.hits));
  }

  Report::Row row_of(const Measured& measured) const {
    const auto count = static_cast<double>(measured.splits.size());
    const auto mean = [&](const auto& value) {
      double sum = 0;
      for (const LinkScores& scores : measured.splits) sum += value(scores);
      return sum / count;
    };
    const double auc = mean([](const LinkScores& s) { return s.auc; });
    const double squares = mean([&](const LinkScores& s) { return (s.auc - auc) * (s.auc - auc); });
    Report::Row row;
    row.labels = Value::object({{"method", measured.method}, {"decoder", measured.decoder}});
    const auto add_share = [&](const std::string& name, double share) {
      row.figures.push_back({name, "%", 100 * share});
    };
    add_share("auc", auc);
    add_share("average_precision", mean([](const LinkScores& s) { return s.average_precision; }));
    for (size_t i = 0; i < options_.hits.size(); ++i)
      add_share(concat("hits@", options_.hits[i]), mean([&](const LinkScores& s) { return s.hits[i]; }));
    add_share("auc_deviation", count < 2 ? 0 : std::sqrt(squares * count / (count - 1)));
    row.figures.push_back({"test_edges", "", static_cast<double>(num_positives_)});
    row.figures.push_back({"negatives", "", static_cast<double>(num_negatives_)});
    return row;
  }

  const Graph& graph_;
  const LinkPredictionOptions& options_;
  const Context& context_;
  std::vector<Measured> measured_;
  int64_t num_positives_ = 0, num_negatives_ = 0, num_missing_ = 0;
};

class LinkPredictionTask : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"graph"}; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<LinkPredictionOptions>(resolved);
    return link_prediction(read_edge_list(paths[0], {options.directed, {}}, context), options, context);
  }
};

const bool registered = register_method(declare_method<LinkPredictionOptions>(
    Verb::kEvaluate,
    {.name = "link-prediction",
     .class_name = "LinkPrediction",
     .summary = "How well node vectors, learned without some edges, tell these from other pairs",
     .description =
         "The test edges are removed before anything is learned, and asked for afterwards: area under the "
         "ROC curve, average precision, and Hits@K among pairs that are no edges. The learner is a method of "
         "`learn`; its options stand behind a dot (--learn.dim 128). Common neighbours and the product of "
         "degrees, which learn nothing, stand beside it.\n"
         "By default the rest of the graph stays connected, and negatives are any two nodes, as in "
         "node2vec's "
         "protocol: on graphs with hubs popularity alone then gets far. --negatives degree asks for more: a "
         "test edge's source and a node by its degree.",
     .source = "Grover & Leskovec: node2vec, KDD 2016, arXiv 1607.00653 (protocol); Hu et al.: Open Graph "
               "Benchmark, NeurIPS 2020, arXiv 2005.00687 (Hits@K)",
     .example = "whitney evaluate link-prediction edges.tsv --learn fastrp --learn.dim 128"},
    std::make_shared<LinkPredictionTask>()));

}  // namespace

Report link_prediction(const Graph& graph, const LinkPredictionOptions& options, const Context& context) {
  if (options.decoders.empty()) throw UsageError("decoders is empty: give at least one, such as own");
  LinkPrediction task(graph, options, context);
  for (int split = 0; split < options.num_splits; ++split) {
    context.advance("splits", split, options.num_splits, "splits");
    task.run(split);
  }
  context.advance("splits", options.num_splits, options.num_splits, "splits");
  return task.report();
}

}  // namespace whitney
