#include "whitney/graph/partitioned_base.h"

#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/random.h"

namespace whitney::graph {

BaseMethod::BaseMethod(const MethodChoice& choice)
    : method_(Registry::instance().get(Verb::kLearn, choice.method)), options_(choice.options) {
  const Learner& learner = learner_of(method_);
  const auto refuse = [&](std::string_view why) {
    throw UsageError(concat("option \"base\": ", choice.method, " ", why));
  };
  if (choice.method == "partitioned") refuse("cannot be its own base");
  if (learner.input() != DataKind::kGraph) refuse("does not learn from graphs");
  if (learner.output() != LearnedKind::kEmbeddings) refuse("makes a table, and vectors are needed");
  const Value* dim = options_.find("dim");
  if (dim == nullptr || !dim->is_int())
    refuse("has no option \"dim\", by which the width of vectors can be asked for");
  dim_ = dim->as_int();
}

Matrix BaseMethod::embed(const Graph& graph, int64_t dim, const std::string& what,
                         const Context& context) const {
  Value options = options_;
  options.set("dim", dim);
  Learned learned;
  try {
    learned = learner_of(method_).learn(graph, options, context);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    fail(what, ", ", graph.num_nodes(), " nodes: ", error.what());
  }
  Matrix vectors = std::get<Embeddings>(std::move(learned)).vectors.to_float32();
  if (vectors.rows() != graph.num_nodes() || vectors.cols() != dim) {
    fail(what, ": ", method_.info.name, " gives ", vectors.rows(), " x ", vectors.cols(), " values where ",
         graph.num_nodes(), " x ", dim, " are needed");
  }
  return vectors;
}

CostEstimate BaseMethod::estimate(const DataSize& size, const Context& context) const {
  return learner_of(method_).estimate(size, options_, context);
}

std::vector<std::string> BaseMethod::ineffective() const {
  return method_.ineffective ? method_.ineffective(options_) : std::vector<std::string>();
}

std::vector<std::string> BaseMethod::path_options() const {
  std::vector<std::string> names;
  for (const OptionSpec& option : method_.options) {
    if (option.kind == OptionKind::kPath) names.push_back("base." + option.name);
  }
  return names;
}

Context piece_context(const Context& context, int level, int64_t part) {
  Context piece = context;
  const auto item = (static_cast<uint64_t>(level) << 32U) | static_cast<uint64_t>(part);
  piece.seed = RandomStream(context.seed, "partitioned", item).next_u64();
  piece.progress = nullptr;
  return piece;
}

}  // namespace whitney::graph
