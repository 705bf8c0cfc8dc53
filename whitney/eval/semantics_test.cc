#include "whitney/eval/semantics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/readers.h"
#include "whitney/eval/semantics_analogies.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

Embeddings vectors_of(const std::vector<std::string>& ids, const std::vector<std::vector<float>>& rows) {
  Embeddings result;
  result.ids = Ids::strings(ids);
  result.vectors = Matrix(std::ssize(rows), std::ssize(rows[0]));
  float* out = result.vectors.mutable_data<float>();
  for (const auto& row : rows) out = std::copy(row.begin(), row.end(), out);
  return result;
}

double figure(const Report& report, const std::string& measure, const std::string& set,
              const std::string& name) {
  for (const Report::Row& row : report.rows) {
    if (row.labels.at("measure").as_string() != measure || row.labels.at("set").as_string() != set) continue;
    for (const Report::Figure& figure : row.figures) {
      if (figure.name == name) return figure.value;
    }
  }
  return -99;
}

TEST(WordOfId, TakesTheLemmaOfASynsetInLowerCase) {
  EXPECT_EQ(eval::word_of_id("Botany.n.02"), "botany");
  EXPECT_EQ(eval::word_of_id("u.s.a"), "u.s.a");
  EXPECT_EQ(eval::word_of_id("no._2"), "no._2");
  EXPECT_EQ(eval::word_of_id("a.n.1"), "a");
  EXPECT_EQ(eval::word_of_id(".n.1"), ".n.1");
}

// bank has the senses (1, 0) and (0, 1), whose mean is at 45 degrees from both.
TEST(WordVectors, CompareMeansOrTheNearestSenses) {
  const Embeddings nodes = vectors_of({"bank.n.01", "money.n.01", "bank.n.02"}, {{2, 0}, {0, 1}, {0, 2}});
  const eval::WordVectors words(nodes, Context());
  EXPECT_EQ(words.size(), 2);
  const int64_t bank = *words.find("Bank"), money = *words.find("money");
  EXPECT_NEAR(words.similarity(bank, money, eval::Senses::kMean), std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(words.similarity(bank, money, eval::Senses::kMax), 1, 1e-6);
  EXPECT_FALSE(words.find("river"));
}

// On the plane x: royal, y: female; (1, 1) stands for queen.
TEST(Analogies, FindTheFourthCornerAndItsDistance) {
  const float s = std::sqrt(0.5F);
  const Embeddings nodes = vectors_of({"king", "queen", "man", "woman", "tree"},
                                      {{1, 0, 0}, {s, s, 0}, {0, 0, 1}, {0, s, s}, {-1, 0, 0}});
  const std::vector<eval::AnalogyQuestion> questions = {{2, 3, 0, 1}, {2, 3, 0, 4}};
  const eval::AnalogyFigures figures = eval::answer_analogies(nodes.vectors, questions, Context());
  EXPECT_DOUBLE_EQ(figures.accuracy_add, 0.5);
  EXPECT_DOUBLE_EQ(figures.accuracy_mul, 0.5);
  // (0, s, s - 1) - (s - 1, s, 0) = (1 - s, 0, s - 1); and (0, s, s - 1) - (-2, 0, 0).
  const double first = (1 - double{s}) * std::sqrt(2.0);
  const double second = std::sqrt(4 + 0.5 + (1 - double{s}) * (1 - double{s}));
  EXPECT_NEAR(figures.distance, (first + second) / 2, 1e-6);
  EXPECT_GT(figures.random_distance, 0);
}

// Offsets of "up": (0, 1) twice; of "right": (1, 0) and (0, 1).
TEST(Relations, GiveMeanCosinesOfAllPairsOfOffsets) {
  const Embeddings nodes = vectors_of({"a", "b", "c", "d"}, {{0, 0}, {0, 2}, {1, 0}, {1, 1}});
  eval::Triples triples;
  triples.relations = {"right", "up"};
  triples.triples = {{0, 1, 1}, {2, 1, 3}, {0, 0, 2}, {0, 0, 1}, {1, 1, 1}};
  const auto figures = eval::measure_relations(nodes.vectors, triples);
  EXPECT_EQ(figures[1].num_triples, 2);  // b to itself has no direction
  EXPECT_NEAR(figures[1].within, 1, 1e-9);
  EXPECT_NEAR(figures[0].within, 0, 1e-9);
  EXPECT_NEAR(figures[0].across, 0.5, 1e-9);
  EXPECT_NEAR(figures[1].across, 0.5, 1e-9);
}

// On a line of 40 nodes every further hop is farther away.
TEST(HopDistances, GrowAlongALine) {
  std::vector<std::vector<float>> rows;
  std::vector<uint32_t> sources, targets;
  std::vector<std::string> ids;
  for (uint32_t v = 0; v < 40; ++v) {
    rows.push_back({float(v), 0});
    ids.push_back(std::to_string(v));
    if (v > 0) sources.push_back(v - 1), targets.push_back(v);
  }
  const Graph line = build_graph(Ids::strings(ids), {sources, targets, {}}, false, Context());
  const auto distances = eval::measure_hop_distances(vectors_of(ids, rows).vectors, line, 40, Context());
  EXPECT_DOUBLE_EQ(distances.means[0], 1);
  EXPECT_DOUBLE_EQ(distances.means[2], 3);
  EXPECT_DOUBLE_EQ(distances.auc, 1);
}

class SemanticsFiles : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.file(name)) << text;
  }
  const TemporaryFolder folder_;
};

TEST_F(SemanticsFiles, AreReadAsTheyArePublished) {
  write("EN-PAIRS.txt", "car\tautomobile\t3.92\r\nsun sunlight 50\n\n");
  write("questions.txt", ": capitals\nAthens Greece Oslo Norway\n: family\nman king woman queen\n");
  write("README.md", "nothing");
  const eval::WordTests tests = eval::read_word_tests(folder_.path(), Context());
  ASSERT_EQ(tests.similarities.size(), 1U);
  EXPECT_EQ(tests.similarities[0].name, "EN-PAIRS");
  EXPECT_EQ(tests.similarities[0].pairs[0].second, "automobile");
  EXPECT_NEAR(tests.similarities[0].pairs[0].score, 3.92, 1e-6);
  EXPECT_EQ(tests.similarities[0].pairs.size(), 2U);
  ASSERT_EQ(tests.analogies.size(), 2U);
  EXPECT_EQ(tests.analogies[1].questions[0][3], "queen");
}

TEST_F(SemanticsFiles, NameTheLineOfABadOne) {
  write("pairs.txt", "car automobile 3\nsun sunlight warm\n");
  const auto error_in = [&](const char* name) {
    return error_of([&] { eval::read_word_tests(folder_.file(name), Context()); });
  };
  EXPECT_NE(error_in("pairs.txt").find("pairs.txt:2: no pair with a score"), std::string::npos);
  write("questions.txt", ": x\na b c\n");
  EXPECT_NE(error_in("questions.txt").find("questions.txt:2: 3 words"), std::string::npos);
  write("triples.txt", "a r b\na r\n");
  const std::string error = error_of([&] { eval::read_triples(folder_.file("triples.txt"), Context()); });
  EXPECT_NE(error.find("triples.txt:2: 2 fields"), std::string::npos) << error;
}

TEST_F(SemanticsFiles, GiveOneReportOfAllTests) {
  write_vectors(
      vectors_of({"cat.n.01", "dog.n.01", "car.n.01", "bus.n.01"}, {{1, 0}, {1, 0.25F}, {-1, 1}, {-1, 0.5F}}),
      folder_.file("words.safetensors"), false, Context());
  write("pairs.txt", "cat dog 9\ncat car 1\ncar bus 8\ncat unknown 5\n");
  write("triples.tsv", "cat.n.01\tlike\tdog.n.01\ncar.n.01\tlike\tbus.n.01\n");
  const auto run = [&](const Value& options) {
    return evaluate(Verb::kEvaluate, "semantics",
                    {folder_.file("words.safetensors"), folder_.file("pairs.txt")}, options, Context());
  };
  const Report report = run(Value::object({{"triples", folder_.file("triples.tsv")}}));
  EXPECT_DOUBLE_EQ(figure(report, "similarity", "pairs", "spearman"), 1);
  EXPECT_DOUBLE_EQ(figure(report, "similarity", "pairs", "coverage"), 75);
  EXPECT_DOUBLE_EQ(figure(report, "relation", "like", "count"), 2);
  EXPECT_GT(figure(report, "distance", "hop 1", "distance"), 0);
  write("pairs.txt", "moon sun 9\n");
  const std::string error = error_of([&] { run({}); });
  EXPECT_NE(error.find("such as \"cat.n.01\""), std::string::npos) << error;
}

}  // namespace
}  // namespace whitney
