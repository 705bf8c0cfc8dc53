#include "whitney/eval/node_classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/random.h"
#include "whitney/core/registry.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/graph.h"
#include "whitney/eval/task.h"
#include "whitney/graph/fastrp.h"

namespace whitney {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One label for each of n nodes with ids first, first + 1, ...
Labels labels_of(const std::vector<uint32_t>& codes, std::vector<std::string> names, uint64_t first = 0) {
  Labels labels;
  std::vector<uint64_t> ids;
  labels.starts = {0};
  for (size_t i = 0; i < codes.size(); ++i) {
    ids.push_back(first + i);
    labels.starts.push_back(static_cast<int64_t>(i) + 1);
  }
  labels.codes = codes;
  labels.ids = Ids::integers(Array<uint64_t>::copy_of(ids));
  labels.names = std::move(names);
  return labels;
}

/// Vectors of two columns: 1 in the column of the node's label, noise elsewhere.
Embeddings separable(const std::vector<uint32_t>& codes) {
  RandomStream random(3, "test", 0);
  Embeddings result;
  result.ids = Ids::row_numbers(std::ssize(codes));
  result.vectors = Matrix(std::ssize(codes), 2);
  float* out = result.vectors.mutable_data<float>();
  for (size_t i = 0; i < codes.size(); ++i) {
    for (uint32_t j = 0; j < 2; ++j)
      out[2 * i + j] = (codes[i] == j ? 1.0F : 0.0F) + 0.1F * static_cast<float>(random.uniform());
  }
  return result;
}

std::vector<uint32_t> alternating(size_t n) {
  std::vector<uint32_t> codes(n);
  for (size_t i = 0; i < n; ++i) codes[i] = i % 2;
  return codes;
}

NodeClassificationOptions half(int num_shuffles = 3) {
  NodeClassificationOptions options;
  options.train_ratios = {0.5};
  options.num_shuffles = num_shuffles;
  return options;
}

template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(NodeClassification, ScoresVectorsThatSpellTheLabelWithAHundred) {
  const auto codes = alternating(40);
  const Report report =
      node_classification(separable(codes), labels_of(codes, {"a", "b"}), half(), Context());
  EXPECT_EQ(report.at("micro_f1"), 100);
  EXPECT_EQ(report.at("macro_f1"), 100);
  EXPECT_EQ(report.at("micro_f1_deviation"), 0);
}

TEST(NodeClassification, PredictsAsManyLabelsAsANodeHas) {
  // Vectors say nothing: with label "a" on all nodes and "b" on every fourth, scores rank a before b
  // everywhere. k known: a is right on all 40 tests, b on its 10 nodes (k = 2): everything is right.
  Labels labels;
  labels.ids = Ids::row_numbers(80);
  labels.names = {"a", "b"};
  labels.starts = {0};
  for (int64_t i = 0; i < 80; ++i) {
    labels.codes.push_back(0);
    if (i % 4 == 0) labels.codes.push_back(1);
    labels.starts.push_back(std::ssize(labels.codes));
  }
  Embeddings vectors;
  vectors.ids = Ids::row_numbers(80);
  vectors.vectors = Matrix::zeros(80, 3);
  const Report report = node_classification(vectors, labels, half(), Context());
  EXPECT_EQ(report.at("micro_f1"), 100);
  // By threshold, b (a quarter of the nodes) is never predicted, so that its F1 is 0.
  EXPECT_EQ(report.at("macro_f1_threshold"), 50);
}

TEST(NodeClassification, PredictsTheMoreFrequentLabelWhereVectorsSayNothing) {
  // 90 of 120 nodes have label "x"; with zero vectors every test node is called x, so that micro F1 is x's
  // share of the test part, 75 % on average, and macro F1 is F1(x) / 2.
  std::vector<uint32_t> codes(120);
  for (size_t i = 0; i < 120; ++i) codes[i] = i % 4 == 0 ? 1 : 0;
  Embeddings vectors;
  vectors.ids = Ids::row_numbers(120);
  vectors.vectors = Matrix::zeros(120, 2);
  const Report report = node_classification(vectors, labels_of(codes, {"x", "y"}), half(1), Context());
  const double p = report.at("micro_f1") / 100;
  EXPECT_NEAR(p, 0.75, 5 * std::sqrt(0.75 * 0.25 / 60));
  EXPECT_NEAR(report.at("macro_f1"), 100 * (2 * p / (1 + p)) / 2, 1e-9);
}

TEST(NodeClassification, CountsALabelThatNoTestedNodeHasAsZeroInMacro) {
  // As above, and a third label that belongs to one node, which is trained on or tested by lot. Predicted
  // nowhere, it is 0 either way: macro F1 is a third of F1(x).
  std::vector<uint32_t> codes(121);
  for (size_t i = 0; i < 120; ++i) codes[i] = i % 4 == 0 ? 1 : 0;
  codes[120] = 2;
  Embeddings vectors;
  vectors.ids = Ids::row_numbers(121);
  vectors.vectors = Matrix::zeros(121, 2);
  for (uint64_t seed = 0; seed < 8; ++seed) {
    Context context;
    context.seed = seed;
    const Report report = node_classification(vectors, labels_of(codes, {"x", "y", "z"}), half(1), context);
    const double p = report.at("micro_f1") / 100;
    EXPECT_NEAR(report.at("macro_f1"), 100 * (2 * p / (1 + p)) / 3, 1e-9) << seed;
  }
}

/// 120 nodes in groups of 60, 36 and 24; edges within a group with probability 0.3, between groups 0.03.
struct Planted {
  Graph graph;
  std::vector<uint32_t> groups;
};

Planted planted_groups() {
  Planted planted;
  for (uint32_t i = 0; i < 120; ++i) planted.groups.push_back(i < 60 ? 0 : i < 96 ? 1 : 2);
  RandomStream random(11, "planted", 0);
  std::vector<uint32_t> sources, targets;
  for (uint32_t u = 0; u < 120; ++u) {
    for (uint32_t v = u + 1; v < 120; ++v) {
      if (random.uniform() >= (planted.groups[u] == planted.groups[v] ? 0.3 : 0.03)) continue;
      sources.push_back(u);
      targets.push_back(v);
    }
  }
  planted.graph = build_graph(Ids::row_numbers(120), {sources, targets, {}}, false, Context());
  return planted;
}

TEST(NodeClassification, FindsPlantedGroupsFarAboveTheLargestGroupsShare) {
  const Planted planted = planted_groups();
  graph::FastRPOptions learner;
  learner.dim = 32;
  const Embeddings vectors = graph::fastrp(planted.graph, learner, Context());
  const Report report =
      node_classification(vectors, labels_of(planted.groups, {"a", "b", "c"}), half(5), Context());
  EXPECT_GT(report.at("micro_f1"), 90);  // calling all nodes "a" gives 50
  EXPECT_GT(report.at("macro_f1"), 85);  // and 22
}

TEST(NodeClassification, GivesTheSameFiguresAtAnyNumberOfThreads) {
  const Planted planted = planted_groups();
  graph::FastRPOptions learner;
  learner.dim = 8;
  const Embeddings vectors = graph::fastrp(planted.graph, learner, Context());
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return node_classification(vectors, labels_of(planted.groups, {"a", "b", "c"}), half(2), context)
        .to_text();
  };
  EXPECT_EQ(run(2), run(1));
  EXPECT_EQ(run(5), run(1));
}

TEST(NodeClassification, SplitsBySeed) {
  const Planted planted = planted_groups();
  graph::FastRPOptions learner;
  learner.dim = 4;
  const Embeddings vectors = graph::fastrp(planted.graph, learner, Context());
  const auto run = [&](uint64_t seed) {
    Context context;
    context.seed = seed;
    return node_classification(vectors, labels_of(planted.groups, {"a", "b", "c"}), half(2), context)
        .to_text();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(NodeClassification, GivesARowForEachShare) {
  const auto codes = alternating(20);
  NodeClassificationOptions options = half(1);
  options.train_ratios = {0.25, 0.75};
  const Report report =
      node_classification(separable(codes), labels_of(codes, {"a", "b"}), options, Context());
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_EQ(report.rows[0].labels, Value::object({{"train_ratio", 0.25}}));
  EXPECT_EQ(report.rows[1].labels, Value::object({{"train_ratio", 0.75}}));
}

TEST(NodeClassification, CountsWhatIsLeftOutOnEitherSide) {
  // Vectors 0..39, labels 10..49.
  const auto codes = alternating(40);
  Notes notes;
  Context context;
  context.progress = &notes;
  node_classification(separable(codes), labels_of(codes, {"a", "b"}, 10), half(2), context);
  EXPECT_THAT(notes.sentences, ElementsAre(AllOf(HasSubstr("10 of 40 labelled nodes"), HasSubstr("\"40\"")),
                                           HasSubstr("10 of 40 vectors")));
  EXPECT_EQ(notes.done, 2);
  EXPECT_EQ(notes.total, 2);
}

TEST(NodeClassification, LeavesNodesWithoutLabelsOut) {
  const auto codes = alternating(10);
  Labels labels = labels_of(codes, {"a", "b"});
  labels.starts.back() = labels.starts[labels.starts.size() - 2];  // the last node has none
  labels.codes.pop_back();
  Notes notes;
  Context context;
  context.progress = &notes;
  node_classification(separable(codes), labels, half(1), context);
  EXPECT_THAT(notes.sentences, ElementsAre(HasSubstr("1 of 10 vectors")));
}

TEST(NodeClassification, RefusesLabelsOfOtherNodes) {
  const auto codes = alternating(10);
  EXPECT_THAT(error_of([&] {
                node_classification(separable(codes), labels_of(codes, {"a", "b"}, 100), half(), Context());
              }),
              AllOf(HasSubstr("none of the 10 labelled nodes"), HasSubstr("\"100\"")));
}

TEST(NodeClassification, RefusesNoLabelsAtAll) {
  EXPECT_THAT(
      error_of([] { node_classification(separable(alternating(4)), labels_of({}, {}), half(), Context()); }),
      HasSubstr("none of the nodes has a label"));
}

TEST(NodeClassification, RefusesASplitThatLeavesNothingToTrainOn) {
  const auto codes = alternating(8);
  NodeClassificationOptions options = half();
  options.train_ratios = {0.1};
  EXPECT_THAT(error_of([&] {
                node_classification(separable(codes), labels_of(codes, {"a", "b"}), options, Context());
              }),
              AllOf(HasSubstr("0.1"), HasSubstr("0 of 8")));
  options.train_ratios = {};
  EXPECT_THAT(error_of([&] {
                node_classification(separable(codes), labels_of(codes, {"a", "b"}), options, Context());
              }),
              HasSubstr("train_ratios"));
}

TEST(NodeClassification, StopsWhenAskedTo) {
  CancellationToken token;
  token.request();
  Context context;
  context.cancellation = &token;
  const auto codes = alternating(40);
  EXPECT_THROW(node_classification(separable(codes), labels_of(codes, {"a", "b"}), half(), context),
               Cancelled);
}

TEST(NodeClassification, RunsFromFilesAsATask) {
  const TemporaryFolder folder;
  std::ofstream vectors(folder.file("x.jsonl")), labels(folder.file("labels.tsv"));
  for (int i = 0; i < 20; ++i) {
    vectors << R"({"id":"n)" << i << R"(","vector":[)" << i % 2 << ",1]}\n";
    labels << "n" << i << "\t" << (i % 2 == 0 ? "even" : "odd") << "\n";
  }
  vectors.close();
  labels.close();
  const Report report =
      evaluate(Verb::kEvaluate, "node-classification", {folder.file("x.jsonl"), folder.file("labels.tsv")},
               Value::object({{"train_ratios", Value::List{0.5}}, {"c", 10.0}}), Context());
  EXPECT_EQ(report.at("micro_f1"), 100);
  EXPECT_THAT(report.notes, IsEmpty());
}

}  // namespace
}  // namespace whitney
