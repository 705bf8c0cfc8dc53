#include "whitney/eval/role_classification.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/eval/node_clustering.h"
#include "whitney/eval/role_labels.h"
#include "whitney/eval/task.h"
#include "whitney/graph/degree_profile.h"

namespace whitney {
namespace {

/// 20 stars whose centre 5 i has the leaves 5 i + 1 .. 5 i + 4.
Graph stars() {
  std::vector<uint32_t> sources, targets;
  for (uint32_t v = 0; v < 100; ++v) {
    if (v % 5 != 0) sources.push_back(v / 5 * 5), targets.push_back(v);
  }
  return build_graph(Ids::row_numbers(100), {sources, targets, {}}, false, Context());
}

/// "centre" and "leaf", the last ten "-1".
Labels roles() {
  Labels labels;
  labels.ids = Ids::row_numbers(100);
  labels.names = {"-1", "centre", "leaf"};
  labels.starts = {0};
  for (uint32_t v = 0; v < 100; ++v) {
    labels.codes.push_back(v >= 90 ? 0 : v % 5 == 0 ? 1 : 2);
    labels.starts.push_back(v + 1);
  }
  return labels;
}

/// Vectors that tell which star a node is of, and not where in it.
Embeddings places() {
  Embeddings result;
  result.ids = Ids::row_numbers(100);
  result.vectors = Matrix::zeros(100, 20);
  for (int64_t v = 0; v < 100; ++v) result.vectors.mutable_data<float>()[v * 20 + v / 5] = 1;
  return result;
}

double accuracy(const Report& report, const std::string& method) {
  for (const Report::Row& row : report.rows) {
    if (row.labels.at("method").as_string() == method) return row.figures[0].value;
  }
  return -1;
}

TEST(WithoutLabels, LeavesOutWhatIsUnlabelled) {
  const Labels left = eval::without_labels(roles(), std::vector<std::string>{"-1"}, Context());
  EXPECT_EQ(left.names, (std::vector<std::string>{"centre", "leaf"}));
  EXPECT_EQ(left.num_rows(), 90);
  EXPECT_EQ(left.codes[0], 0U);
  EXPECT_EQ(left.codes[89], 1U);
  EXPECT_EQ(left.starts.size(), 91U);
  EXPECT_EQ(eval::without_labels(roles(), std::vector<std::string>{"none"}, Context()).num_rows(), 100);
}

TEST(RoleClassification, TellsRolesFromPlaces) {
  const Graph graph = stars();
  const Report report = role_classification({{"places", places()}}, roles(), &graph, {}, Context());
  EXPECT_EQ(report.rows.size(), 4U);
  EXPECT_DOUBLE_EQ(accuracy(report, "degree"), 100);
  EXPECT_DOUBLE_EQ(accuracy(report, "degree_profile"), 100);
  EXPECT_DOUBLE_EQ(accuracy(report, "majority"), 80);  // 72 of 90
  EXPECT_LT(accuracy(report, "places"), 90);
  EXPECT_EQ(role_classification({{"places", places()}}, roles(), nullptr, {}, Context()).rows.size(), 2U);
}

TEST(RoleClassification, RefusesNodesOfSeveralRoles) {
  Labels labels = roles();
  labels.codes.push_back(2);
  labels.codes[98] = 1;
  labels.codes[99] = 1;
  labels.starts.back() = 101;
  const std::string error =
      error_of([&] { role_classification({{"places", places()}}, labels, nullptr, {}, Context()); });
  EXPECT_NE(error.find("the node \"99\" has 2 labels"), std::string::npos) << error;
}

TEST(RoleClassification, ReadsFilesOfSeveralMethods) {
  const TemporaryFolder folder;
  std::ofstream labels(folder.file("labels.tsv")), edges(folder.file("edges.tsv"));
  for (int v = 0; v < 100; ++v) {
    labels << v << "\t" << (v % 5 == 0 ? "centre" : "leaf") << "\n";
    if (v % 5 != 0) edges << v / 5 * 5 << "\t" << v << "\n";
  }
  labels.close(), edges.close();
  write_vectors(places(), folder.file("places.safetensors"), false, Context());
  write_vectors(graph::degree_profile(stars(), {}, Context()), folder.file("profile.safetensors"), false,
                Context());
  const std::vector<std::string> paths = {folder.file("places.safetensors"),
                                          folder.file("profile.safetensors"), folder.file("labels.tsv")};
  const Value options = Value::object({{"graph", folder.file("edges.tsv")}});
  const Report report = evaluate(Verb::kEvaluate, "role-classification", paths, options, Context());
  EXPECT_DOUBLE_EQ(accuracy(report, "profile"), 100);
  EXPECT_DOUBLE_EQ(accuracy(report, "degree"), 100);
  EXPECT_LT(accuracy(report, "places"), 90);
}

TEST(NodeClustering, ComparesMethodsInOneTable) {
  NodeClusteringOptions options;
  options.bootstrap.num_resamples = 0;
  const Report report =
      node_clustering({{"places", places()}, {"profile", graph::degree_profile(stars(), {}, Context())}},
                      roles(), options, Context());
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_EQ(report.rows[1].labels.at("method").as_string(), "profile");
  EXPECT_DOUBLE_EQ(report.rows[1].figures[0].value, 100);
  EXPECT_LT(report.rows[0].figures[0].value, 50);
  EXPECT_DOUBLE_EQ(report.rows[0].figures.back().value, 90);  // points
}

}  // namespace
}  // namespace whitney
