#include <memory>
#include <utility>

#include "whitney/data/learner.h"
#include "whitney/graph/partitioned.h"
#include "whitney/graph/partitioned_base.h"

namespace whitney::graph {
namespace {

class PartitionedLearner : public Learner {
 public:
  DataKind input() const override { return DataKind::kGraph; }
  Learned learn(const Dataset& data, const Value& options, const Context& context) const override {
    const auto given = options_from<PartitionedOptions>(options);
    Embeddings result = partitioned(std::get<Graph>(data), given, context);
    Value recorded = options;  // a record holds no path
    recorded.set("scratch", Value());
    for (const std::string& name : BaseMethod(given.base).path_options()) recorded.set(name, Value());
    result.record.set("options", std::move(recorded));
    return result;
  }
  CostEstimate estimate(const DataSize& size, const Value& options, const Context& context) const override {
    return estimate_partitioned(size, options_from<PartitionedOptions>(options), context);
  }
};

// clang-format off
const bool registered = register_method(declare_method<PartitionedOptions>(
    Verb::kLearn,
    {.name = "partitioned",
     .class_name = "Partitioned",
     .summary = "Node vectors part by part, by any other method, for graphs whose vectors do not fit into memory",
     .description =
         "Cuts a graph into even parts and embeds each by itself with another method, so that no more than a part (or a small border) and "
         "its vectors is in memory besides the graph: the rest waits in files. For graphs that fit, the base alone is "
         "quicker.\n"
         "combine align brings all parts into one space: the nodes at borders, and others of many edges, are embedded once as a frame, each part "
         "is embedded with its neighbours outside (halo) and taken to the frame by least squares, and vectors are smoothed along edges "
         "that lead from part to part. combine concatenate is the form of the paper: a block of columns for the parts, "
         "one for the parts of the border nodes' graph, and so on, with zeros where a node is at no border.\n"
         "Options of the base are written with dots, and base.dim is the width of the whole.",
     .source = "Lin: Large-Scale Network Embedding in Apache Spark, KDD 2021, arXiv 2106.10620; alignment: orthogonal "
               "Procrustes, Schoenemann 1966",
     .example = "whitney learn partitioned edges.tsv -o nodes.safetensors --base fastrp --base.dim 128 --parts 4"},
    std::make_shared<PartitionedLearner>()));
// clang-format on

}  // namespace
}  // namespace whitney::graph
