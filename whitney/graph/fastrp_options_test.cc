#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/registry.h"
#include "whitney/graph/fastrp.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

TEST(FastRP, UnderstandsTheNamesOfNeo4j) {
  const Graph graph = karate();
  FastRPOptions ours = plain(32, {0, 1, 1});
  ours.beta = -0.3;
  FastRPOptions theirs = plain(32, FastRPOptions().weights);
  theirs.beta = FastRPOptions().beta;
  theirs.iteration_weights = {0, 1, 1};
  theirs.normalization_strength = -0.3;
  EXPECT_TRUE(same_bytes(vectors_of(graph, ours), vectors_of(graph, theirs)));
  theirs.beta = 0.5;
  EXPECT_THROW(vectors_of(graph, theirs), UsageError);
}

TEST(FastRP, RefusesWeightsThatAreAllZero) {
  EXPECT_NE(error_of([] { vectors_of(karate(), plain(8, {0, 0})); }).find("node_self_influence"),
            std::string::npos);
  EXPECT_NE(error_of([] { vectors_of(karate(), plain(8, {})); }).find("weights"), std::string::npos);
}

TEST(FastRP, RefusesMoreWeightsThanKeptPowers) {
  const FastRPPowers powers = fastrp_powers(karate(), plain(8, {1, 1}), Context());
  EXPECT_NE(error_of([&] { combine_powers(powers, plain(8, {1, 1, 1}), Context()); }).find("3 weights"),
            std::string::npos);
}

TEST(FastRP, RefusesAGraphWithoutNodes) {
  EXPECT_NE(error_of([] { vectors_of(graph_of(0, {}), FastRPOptions()); }).find("no nodes"),
            std::string::npos);
}

TEST(FastRP, SaysWhenPowersLeaveTheRangeOfFloat) {
  const Graph graph = graph_of(3, {{0, 1}, {1, 2}, {0, 2}}, {1e15F, 1e15F, 1e15F});
  FastRPOptions options = plain(8, {0, 0, 1});
  options.input = FastRPInput::kAdjacency;
  EXPECT_NE(error_of([&] { vectors_of(graph, options); }).find("float32"), std::string::npos);
  options.normalize_rows = false;
  EXPECT_NE(error_of([&] { vectors_of(graph, options); }).find("float32"), std::string::npos);
}

TEST(FastRP, StopsWhenAskedTo) {
  CancellationToken token;
  token.request();
  Context context;
  context.cancellation = &token;
  EXPECT_THROW(vectors_of(karate(), FastRPOptions(), context), Cancelled);
}

TEST(FastRP, ReportsEachPower) {
  Notes notes;
  Context context;
  context.progress = &notes;
  vectors_of(karate(), FastRPOptions(), context);
  EXPECT_EQ(notes.done, 4);
  EXPECT_EQ(notes.total, 4);
}

TEST(FastRP, NamesOptionsWithoutEffect) {
  EXPECT_TRUE(FastRPOptions().ineffective().empty());
  FastRPOptions options;
  options.projection = Projection::kGaussian;
  options.sparsity = 3;
  options.num_powers = 2;
  ASSERT_EQ(options.ineffective().size(), 2U);
  EXPECT_NE(options.ineffective()[0].find("sparsity"), std::string::npos);
  EXPECT_NE(options.ineffective()[1].find("num_powers"), std::string::npos);
}

TEST(FastRP, EstimatesOneMatrixMoreForWeightsOfEarlyPowers) {
  const DataSize size{.num_rows = 1000000, .nnz = 10000000};
  FastRPOptions options;
  const int64_t two = estimate_fastrp(size, options, Context()).peak_bytes;
  options.weights = {1, 1, 1, 1};
  const int64_t three = estimate_fastrp(size, options, Context()).peak_bytes;
  EXPECT_EQ(three - two, size.num_rows * options.dim * 4);
  EXPECT_GT(two, 2 * size.num_rows * options.dim * 4);
}

TEST(FastRP, IsALearnerWhoseResultCarriesItsMetric) {
  const Method& method = Registry::instance().get(Verb::kLearn, "fastrp");
  EXPECT_EQ(method.info.class_name, "FastRP");
  EXPECT_EQ(fastrp(karate(), FastRPOptions(), Context()).metric(), Metric::kCosine);
}

}  // namespace
}  // namespace whitney::graph
