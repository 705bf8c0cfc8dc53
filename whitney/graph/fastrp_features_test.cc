#include "whitney/graph/fastrp_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/learner.h"
#include "whitney/graph/fastrp.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A path a - b - c with features of three numbers, as a table and as arrays.
class FastRPFeatures : public ::testing::Test {
 protected:
  void SetUp() override {
    write("table.csv", "id,x,y,z,name\na,1,2.5,-1,A\nb,0,1,4,B\nc,3,0,0.5,C\n");
    write("arrays.jsonl",
          "{\"id\":\"c\",\"vector\":[3,0,0.5]}\n{\"id\":\"a\",\"vector\":[1,2.5,-1]}\n"
          "{\"id\":\"b\",\"vector\":[0,1,4]}\n");
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.file(name)) << text;
    return folder_.file(name);
  }
  static Graph path_of(const std::vector<std::string>& ids) {
    return graph_of(Ids::strings(ids), {{0, 1}, {1, 2}});
  }
  FastRPOptions by_table(double ratio) const {
    FastRPOptions options = plain(16, {1, 2});
    options.features = Path{folder_.file("table.csv")};
    options.feature_properties = {"x", "y", "z"};
    options.property_ratio = ratio;
    return options;
  }
  FastRPOptions by_arrays(double ratio) const {
    FastRPOptions options = by_table(ratio);
    options.features = Path{folder_.file("arrays.jsonl")};
    options.feature_properties.clear();
    return options;
  }

  TemporaryFolder folder_;
  Graph graph_ = path_of({"a", "b", "c"});
};

TEST_F(FastRPFeatures, AreTheSameAsThreeNumbersOrAsOneArray) {
  EXPECT_TRUE(same_bytes(vectors_of(graph_, by_table(0.5)), vectors_of(graph_, by_arrays(0.5))));
}

TEST_F(FastRPFeatures, AreProjectedIntoTheLastColumns) {
  FastRPOptions options = by_table(0.25);
  options.beta = -1;
  const FastRPPowers with = fastrp_powers(graph_, options, Context());
  options.property_ratio = 0;
  const FastRPPowers without = fastrp_powers(graph_, options, Context());
  // Row b of F is (0, 1, 4): q_y + 4 q_z in columns 12 to 15, whatever the degree; the others are as without.
  const RandomProjection law(Projection::kVerySparse, 16, 1.5, 42, "fastrp features");
  std::vector<float> y(16), z(16);
  law.write_row(1, y.data());
  law.write_row(2, z.data());
  const auto row = with.powers[0].row<float>(1), plain_row = without.powers[0].row<float>(1);
  for (size_t j = 0; j < 12; ++j) EXPECT_EQ(row[j], plain_row[j]);
  for (size_t j = 12; j < 16; ++j) EXPECT_FLOAT_EQ(row[j], y[j - 12] + 4 * z[j - 12]);
}

TEST_F(FastRPFeatures, AloneMakeVectorsThatDoNotDependOnIds) {
  const Matrix x = vectors_of(graph_, by_table(1));
  write("renamed.csv", "id,x,y,z\nq,1,2.5,-1\nr,0,1,4\ns,3,0,0.5\n");
  FastRPOptions options = by_table(1);
  options.features = Path{folder_.file("renamed.csv")};
  EXPECT_TRUE(same_bytes(vectors_of(path_of({"q", "r", "s"}), options), x));
}

TEST_F(FastRPFeatures, AreRecordedByFingerprintAndNotByPath) {
  const auto record = [&](const FastRPOptions& options) {
    Value given =
        Value::object({{"dim", 16}, {"property_ratio", 0.5}, {"features", options.features->value}});
    if (!options.feature_properties.empty()) given.set("feature_properties", Value::List{"x", "y", "z"});
    return learn("fastrp", Dataset(graph_), given, Context()).record;
  };
  const Value table = record(by_table(0.5)), arrays = record(by_arrays(0.5));
  EXPECT_TRUE(table.at("options").at("features").is_null());
  EXPECT_EQ(table.at("features_fingerprint"), arrays.at("features_fingerprint"));
}

TEST_F(FastRPFeatures, OfANodeMayNotBeMissing) {
  write("table.csv", "id,x,y,z\na,1,2.5,-1\nb,,1,4\nc,3,0,0.5\n");
  EXPECT_THAT(error_of([&] { vectors_of(graph_, by_table(0.5)); }),
              AllOf(HasSubstr("table.csv"), HasSubstr("\"b\""), HasSubstr("\"x\"")));
  write("table.csv", "id,x,y,z\na,1,2.5,-1\nc,3,0,0.5\n");
  EXPECT_THAT(error_of([&] { vectors_of(graph_, by_table(0.5)); }),
              AllOf(HasSubstr("table.csv"), HasSubstr("\"b\"")));
}

TEST_F(FastRPFeatures, MustBeKnownNumbers) {
  FastRPOptions options = by_table(0.5);
  options.feature_properties = {"x", "name"};
  EXPECT_THAT(error_of([&] { vectors_of(graph_, options); }),
              AllOf(HasSubstr("\"name\""), HasSubstr("string")));
  options.feature_properties = {"nane"};
  EXPECT_THAT(error_of([&] { vectors_of(graph_, options); }),
              AllOf(HasSubstr("\"nane\""), HasSubstr("\"name\"")));
}

TEST_F(FastRPFeatures, AreAskedForByTheShareThatProjectsThem) {
  FastRPOptions options = by_table(0.5);
  options.features.reset();
  EXPECT_THAT(error_of([&] { vectors_of(graph_, options); }), HasSubstr("features"));
  EXPECT_THAT(by_table(0).ineffective(), ::testing::ElementsAre(HasSubstr("features")));
}

TEST_F(FastRPFeatures, GiveEqualBytesWithAnyNumberOfThreads) {
  Context context;
  context.threads = 1;
  const Matrix one = vectors_of(graph_, by_table(0.5), context);
  for (int threads : {2, 5}) {
    context.threads = threads;
    EXPECT_TRUE(same_bytes(vectors_of(graph_, by_table(0.5), context), one));
  }
}

}  // namespace
}  // namespace whitney::graph
