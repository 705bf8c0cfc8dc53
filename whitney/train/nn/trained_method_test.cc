#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "whitney/core/error_of.h"
#include "whitney/core/plug_in.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/learner.h"
#include "whitney/train/nn/small_objective_test.h"
#include "whitney/train/nn/training_loop.h"

// A trained method as docs/training.md says to write one, from its declaration to what it makes; known to
// this program alone.

namespace whitney::nn {
namespace {

using ::testing::HasSubstr;

struct SmallMethodOptions {
  TrainingOptions training;
  SmallMethodOptions() { training.epochs = 3; }
  void fields(auto&& field) { training.fields(field); }
  std::vector<std::string> ineffective() const { return training.ineffective(); }
  static std::vector<std::string> about_the_run() { return TrainingOptions::about_the_run(); }
};

// What would stand in the method's own source.
Embeddings small_method(const Graph& graph, const SmallMethodOptions& options, const Context& context) {
  SmallObjective objective;
  Momentum optimizer(0.1);
  const RunIdentity identity{.method = "small-method",
                             .options = option_values(options),
                             .seed = context.seed,
                             .input = fingerprint(graph)};
  const Trained trained = train(objective, optimizer, options.training, identity, context);
  const torch::Tensor table = objective.parameters().at("table").detach().contiguous();
  Matrix vectors(table.size(0), table.size(1), DType::kF32);
  std::memcpy(vectors.mutable_data<float>(), table.data_ptr(), table.nbytes());
  Embeddings embeddings;
  embeddings.ids = graph.ids;
  embeddings.vectors = std::move(vectors);
  embeddings.record.set("training", trained.to_value());
  return embeddings;
}
const bool provided = provide_function("small-method", small_method);

// What would stand in small_method_options.cc.
Embeddings run(const Graph& graph, const SmallMethodOptions& options, const Context& context) {
  return function_of_part<decltype(small_method)>("train", "small-method")(graph, options, context);
}
CostEstimate estimate(const DataSize& size, const SmallMethodOptions& options, const Context&) {
  return {graph_bytes(size) + kLibtorchBytes + training_bytes(size.num_rows * 3, 1, options.training), 0};
}
const bool registered = [] {
  MethodInfo info;
  info.name = "small-method";
  info.part = "train";
  return register_graph_learner<SmallMethodOptions>(std::move(info), run, estimate);
}();

Graph small_graph() {
  const std::vector<uint32_t> sources = {0, 1, 2, 3, 4, 5}, targets = {1, 2, 3, 4, 5, 6};
  return build_graph(Ids::row_numbers(7), {sources, targets, {}}, /*directed=*/false, Context());
}

TEST(TrainedMethod, IsCalledThroughTheDoorOfAllLearners) {
  const Embeddings made = learn("small-method", small_graph(), Value::object({{"epochs", 2}}), Context());
  EXPECT_EQ(made.vectors.rows(), 7);
  EXPECT_EQ(made.record.at("method").as_string(), "small-method");
  EXPECT_EQ(made.record.at("training").at("epochs").as_int(), 2);
  EXPECT_EQ(made.record.at("options").at("shards").as_int(), 4);
}

TEST(TrainedMethod, ItsRecordTellsNothingOfHowTheRunWasKept) {
  const TemporaryFolder folder;
  const Value kept = Value::object({{"checkpoint", folder.file("c.safetensors")}, {"resume", true}});
  const Embeddings plain = learn("small-method", small_graph(), Value(), Context());
  const Embeddings watched = learn("small-method", small_graph(), kept, Context());
  EXPECT_EQ(plain.record, watched.record);
  EXPECT_EQ(plain.record.at("options").find("checkpoint"), nullptr);
}

TEST(TrainedMethod, IsRefusedWhereItsEstimateDoesNotFit) {
  Context context;
  context.max_memory_bytes = 50 << 20;
  EXPECT_THAT(error_of([&] { learn("small-method", small_graph(), Value(), context); }),
              HasSubstr("small-method"));
  EXPECT_THAT(error_of([&] { learn("small-method", small_graph(), Value(), context); }), HasSubstr("MB"));
}

}  // namespace
}  // namespace whitney::nn
