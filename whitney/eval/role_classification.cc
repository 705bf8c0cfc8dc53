#include "whitney/eval/role_classification.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/readers.h"
#include "whitney/eval/node_classification.h"
#include "whitney/eval/role_labels.h"
#include "whitney/eval/task.h"
#include "whitney/graph/degree_profile.h"
#include "whitney/linalg/standardize.h"

namespace whitney {
namespace {

void refuse_several(const Labels& labels) {
  for (int64_t row = 0; row < labels.num_rows(); ++row) {
    const int64_t count = labels.starts[size_t(row) + 1] - labels.starts[size_t(row)];
    if (count == 1) continue;
    fail("the node \"", labels.ids.text(row), "\" has ", count,
         " labels (expected: one, its role; node-classification takes several)");
  }
}

Report::Row row_of(const std::string& name, const Embeddings& embeddings, const Labels& labels,
                   const RoleClassificationOptions& options, const Context& context) {
  Embeddings scaled = embeddings;
  if (options.standardize) {
    scaled.vectors = Matrix::copy_of(embeddings.vectors.to_float32());
    standardize_columns(context, scaled.vectors.mutable_data<float>(), scaled.vectors.rows(),
                        scaled.vectors.cols());
  }
  NodeClassificationOptions classification;
  classification.train_ratios = {options.train_ratio};
  classification.num_shuffles = options.num_shuffles;
  classification.c = options.c;
  const Report report = node_classification(scaled, labels, classification, context);
  Report::Row row;
  row.labels = Value::object({{"method", name}});
  // Of one label each, as many predicted labels are right as nodes are: micro F1 is the accuracy.
  row.figures = {{"accuracy", "%", report.at("micro_f1")},
                 {"macro_f1", "%", report.at("macro_f1")},
                 {"accuracy_deviation", "%", report.at("micro_f1_deviation")},
                 {"macro_f1_deviation", "%", report.at("macro_f1_deviation")}};
  return row;
}

double majority_of(const Labels& labels) {
  std::vector<int64_t> counts(labels.names.size(), 0);
  for (const uint32_t code : labels.codes) ++counts[code];
  return static_cast<double>(std::ranges::max(counts)) / static_cast<double>(labels.codes.size());
}

class RoleClassification : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"embeddings", "labels"}; }
  bool repeats_first() const override { return true; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const auto options = options_from<RoleClassificationOptions>(resolved);
    const Labels labels = read_labels(paths.back(), context);
    std::optional<Graph> graph;
    if (options.graph) graph = read_edge_list(options.graph->value, {}, context);
    return role_classification(eval::read_named(std::span(paths).first(paths.size() - 1), context), labels,
                               graph ? &*graph : nullptr, options, context);
  }
};

const bool registered = register_method(declare_method<RoleClassificationOptions>(
    Verb::kEvaluate,
    {.name = "role-classification",
     .class_name = "RoleClassification",
     .summary = "How well node vectors tell the role of a node: hub, bridge, how busy an airport is",
     .description =
         "Struc2vec's protocol: one-vs-rest logistic regression on 80 % of the labelled nodes, accuracy on "
         "the others, averaged over 10 random splits. Roles are often little more than degrees: give "
         "--graph, "
         "and what the degree alone and the local degree profile tell stands beside. Columns are "
         "standardised, for vectors of counts; several files of embeddings make one table.",
     .source = "Ribeiro, Saverese, Figueiredo: struc2vec, KDD 2017, arXiv 1704.03165",
     .example = "whitney evaluate role-classification nodes.safetensors labels.tsv --graph edges.tsv"},
    std::make_shared<RoleClassification>()));

}  // namespace

Report role_classification(const std::vector<NamedEmbeddings>& methods, const Labels& labels,
                           const Graph* graph, const RoleClassificationOptions& options,
                           const Context& context) {
  const Labels roles = eval::without_labels(labels, options.unlabelled, context);
  refuse_several(roles);
  Report report;
  report.title = "Role classification";
  for (const NamedEmbeddings& method : methods)
    report.rows.push_back(row_of(method.name, method.embeddings, roles, options, context));
  if (graph != nullptr) {
    for (const int rounds : {0, 1}) {
      graph::DegreeProfileOptions profile;
      profile.rounds = rounds;
      report.rows.push_back(row_of(rounds == 0 ? "degree" : "degree_profile",
                                   graph::degree_profile(*graph, profile, context), roles, options, context));
    }
  }
  Report::Row& majority = report.rows.emplace_back();
  majority.labels = Value::object({{"method", "majority"}});
  majority.figures = {{"accuracy", "%", 100 * majority_of(roles)}};
  return report;
}

}  // namespace whitney
