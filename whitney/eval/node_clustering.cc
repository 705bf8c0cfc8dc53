#include "whitney/eval/node_clustering.h"

#include <memory>
#include <span>

#include "whitney/data/readers.h"
#include "whitney/eval/clustering.h"
#include "whitney/eval/role_labels.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

class NodeClustering : public Task {
 public:
  std::vector<std::string> inputs() const override { return {"embeddings", "labels"}; }
  bool repeats_first() const override { return true; }
  Report run(const std::vector<std::string>& paths, const Value& resolved,
             const Context& context) const override {
    const Labels labels = read_labels(paths.back(), context);
    return node_clustering(eval::read_named(std::span(paths).first(paths.size() - 1), context), labels,
                           options_from<NodeClusteringOptions>(resolved), context);
  }
};

const bool registered = register_method(declare_method<NodeClusteringOptions>(
    Verb::kEvaluate,
    {.name = "node-clustering",
     .class_name = "NodeClustering",
     .summary = "How well k-means on node vectors finds the classes of the nodes",
     .description =
         "Do nodes of one class lie together? The vectors of labelled nodes are clustered by k-means, in as "
         "many clusters as there are classes, and compared with these: normalised mutual information, the "
         "Rand index adjusted for chance, v-measure, purity, averaged over runs from other starts. Several "
         "files of embeddings make one table.",
     .source = "Rosenberg & Hirschberg: V-measure, EMNLP-CoNLL 2007; Hubert & Arabie: Comparing partitions, "
               "1985",
     .example = "whitney evaluate node-clustering nodes.safetensors labels.tsv --normalize true"},
    std::make_shared<NodeClustering>()));

}  // namespace

Report node_clustering(const std::vector<NamedEmbeddings>& methods, const Labels& labels,
                       const NodeClusteringOptions& options, const Context& context) {
  ClusteringOptions clusters;
  clusters.k = options.k;
  clusters.num_runs = options.num_runs;
  clusters.normalize = options.normalize;
  clusters.max_iterations = options.max_iterations;
  clusters.bootstrap = options.bootstrap;
  const Labels given = eval::without_labels(labels, options.unlabelled, context);
  Report report;
  report.title = "Node clustering";
  for (const NamedEmbeddings& method : methods) {
    Report one = clustering(method.embeddings, given, clusters, context);
    one.rows[0].labels = Value::object({{"method", method.name}});
    report.rows.push_back(std::move(one.rows[0]));
    for (const std::string& note : one.notes) report.notes.push_back(method.name + ": " + note);
  }
  return report;
}

}  // namespace whitney
