#include "whitney/eval/sts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

Embeddings embeddings_of(const std::vector<std::string>& ids, const std::vector<std::vector<float>>& rows) {
  Embeddings result;
  result.ids = Ids::strings(ids);
  result.vectors = Matrix(std::ssize(rows), std::ssize(rows[0]));
  float* out = result.vectors.mutable_data<float>();
  for (const std::vector<float>& row : rows) out = std::copy(row.begin(), row.end(), out);
  return result;
}

eval::TextPairs pairs_of(const std::vector<std::string>& first, const std::vector<std::string>& second,
                         const std::vector<double>& scores) {
  eval::TextPairs pairs{first, second, scores, {}, "pairs.tsv"};
  for (size_t i = 0; i < scores.size(); ++i) pairs.lines.push_back(static_cast<int64_t>(i) + 1);
  return pairs;
}

double figure(const Report& report, const std::string& similarity, const std::string& name) {
  for (const Report::Row& row : report.rows) {
    if (row.labels.at("similarity") != Value(similarity)) continue;
    for (const Report::Figure& figure : row.figures) {
      if (figure.name == name) return figure.value;
    }
  }
  ADD_FAILURE() << "no " << name << " of " << similarity;
  return 0;
}

// 60 ids with random vectors, 40 pairs of them whose scores lean on the cosine.
struct RandomPairs {
  Embeddings embeddings;
  eval::TextPairs pairs;

  explicit RandomPairs(uint64_t seed) {
    RandomStream random(seed, "sts test", 0);
    std::vector<std::string> ids, first, second;
    std::vector<std::vector<float>> rows;
    for (int i = 0; i < 60; ++i) {
      ids.push_back("t" + std::to_string(i));
      std::vector<float>& row = rows.emplace_back();
      for (int j = 0; j < 5; ++j) row.push_back(static_cast<float>(random.normal()));
    }
    std::vector<double> scores;
    for (int i = 0; i < 40; ++i) {
      const auto a = random.below(60), b = random.below(60);
      double dot = 0;
      for (size_t j = 0; j < 5; ++j) dot += rows[a][j] * rows[b][j];
      first.push_back(ids[a]), second.push_back(ids[b]);
      scores.push_back(std::round(dot + 2 * random.normal()));
    }
    embeddings = embeddings_of(ids, rows);
    pairs = pairs_of(first, second, scores);
  }
};

TEST(Sts, CorrelatesEverySimilarityWithTheScores) {
  // Against a = (1, 0): b = (2, 0) cosine 1, dot 2, distances 1 and 1; c = (3, 4) .6, 3, sqrt(20), 6;
  // z = 0: 0, 0, 1, 1. Scores 3, 2, 1.
  const eval::TextSource source(embeddings_of({"a", "b", "c", "z"}, {{1, 0}, {2, 0}, {3, 4}, {0, 0}}));
  const Report report = sts(source, pairs_of({"a", "a", "a"}, {"b", "c", "z"}, {3, 2, 1}), {}, {});
  EXPECT_DOUBLE_EQ(figure(report, "cosine", "spearman"), 1);
  // Deviations of 1, .6, 0 from 8/15 against 1, 0, -1: (7/15 + 8/15) / sqrt(2 (49 + 1 + 64) / 225).
  EXPECT_NEAR(figure(report, "cosine", "pearson"), 1 / std::sqrt(2 * 114.0 / 225), 1e-7);
  // Dot 2, 3, 0: ranks 2, 3, 1 against 3, 2, 1: (0 - 0 + 1) / 2.
  EXPECT_DOUBLE_EQ(figure(report, "dot", "spearman"), 0.5);
  // -1, -6, -1: ranks 2.5, 1, 2.5: (.5 * 1 - .5 * 1) = 0.
  EXPECT_NEAR(figure(report, "manhattan", "spearman"), 0, 1e-15);
  EXPECT_NEAR(figure(report, "euclidean", "spearman"), 0, 1e-15);
  EXPECT_EQ(report.notes[0], "3 pairs of 4 distinct texts");
}

TEST(Sts, HoldsEachFigureInItsInterval) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const RandomPairs data(seed);
    const Report report = sts(eval::TextSource(data.embeddings), data.pairs, {}, {});
    for (const Report::Row& row : report.rows) {
      for (const Report::Figure& figure : row.figures) {
        EXPECT_LT(figure.low.value(), figure.value);
        EXPECT_GT(figure.high.value(), figure.value);
      }
    }
  }
}

TEST(Sts, IsTheSameForAnyOrderOfPairsAndOfTheTwoTexts) {
  RandomPairs data(3);
  const eval::TextSource source(data.embeddings);
  const Report before = sts(source, data.pairs, {}, {});
  std::ranges::reverse(data.pairs.first);
  std::ranges::reverse(data.pairs.second);
  std::ranges::reverse(data.pairs.scores);
  std::swap(data.pairs.first, data.pairs.second);
  const Report after = sts(source, data.pairs, {}, {});
  for (const char* similarity : {"cosine", "dot", "euclidean", "manhattan"}) {
    EXPECT_NEAR(figure(after, similarity, "spearman"), figure(before, similarity, "spearman"), 1e-13);
    EXPECT_NEAR(figure(after, similarity, "pearson"), figure(before, similarity, "pearson"), 1e-13);
  }
}

TEST(Sts, IsTheSameForAnyNumberOfThreads) {
  const RandomPairs data(4);
  Context one, five;
  one.threads = 1;
  five.threads = 5;
  const eval::TextSource source(data.embeddings);
  EXPECT_EQ(sts(source, data.pairs, {}, one).to_value(), sts(source, data.pairs, {}, five).to_value());
}

TEST(Sts, RefusesScoresThatTellNothing) {
  const eval::TextSource source(embeddings_of({"a", "b"}, {{1}, {2}}));
  EXPECT_EQ(error_of([&] { sts(source, pairs_of({"a", "b"}, {"b", "a"}, {4, 4}), {}, {}); }),
            "pairs.tsv: all scores are 4, which nothing correlates with (expected: scores that tell pairs "
            "apart)");
}

TEST(Sts, NamesTheLineOfAnIdWithoutAVector) {
  const eval::TextSource source(embeddings_of({"alpha", "beta"}, {{1}, {2}}));
  const auto pairs = pairs_of({"alpha", "alpha"}, {"beta", "betta"}, {1, 2});
  EXPECT_EQ(
      error_of([&] { sts(source, pairs, {}, {}); }),
      "pairs.tsv:2: no vector has the id \"betta\"; did you mean \"beta\"? (of embeddings the pairs name "
      "ids, of a model texts)");
}

TEST(Sts, RunsAsATaskOfTheRegistry) {
  const TemporaryFolder folder;
  const RandomPairs data(5);
  save_embeddings(data.embeddings, folder.file("v.safetensors"), false, {});
  {
    std::ofstream file(folder.file("p.tsv"));
    file << "left\tright\tscore\n";
    for (size_t i = 0; i < data.pairs.scores.size(); ++i)
      file << data.pairs.first[i] << "\t" << data.pairs.second[i] << "\t" << data.pairs.scores[i] << "\n";
  }
  Notes notes;
  Context context;
  context.progress = &notes;
  const Value options = Value::object({{"first_field", "left"},
                                       {"second_field", "right"},
                                       {"num_resamples", 0},
                                       {"encode.pooling", Value::List{"mean"}}});
  const Report report = evaluate(Verb::kEvaluate, "sts", {folder.file("v.safetensors"), folder.file("p.tsv")},
                                 options, context);
  EXPECT_EQ(figure(report, "cosine", "spearman"),
            figure(sts(eval::TextSource(data.embeddings), data.pairs, {}, {}), "cosine", "spearman"));
  EXPECT_FALSE(report.rows[0].figures[0].low);
  EXPECT_EQ(
      notes.sentences,
      (std::vector<std::string>{"option \"encode.pooling\" has no effect on embeddings, only on a model"}));
}

// all-MiniLM-L6-v2 by its reference library, sentence-transformers 6.2: .8099 on the open test set.
TEST(Sts, ReachesTheKnownFigureOfMiniLm) {
  const char *model = std::getenv("WHITNEY_MINILM"), *data = std::getenv("WHITNEY_DATA");
  const std::string pairs = std::string(data != nullptr ? data : "") + "/sts-benchmark-open/sts-test.tsv.gz";
  if (model == nullptr || !std::filesystem::exists(pairs))
    GTEST_SKIP() << "no WHITNEY_MINILM or no " << pairs << " (WHITNEY_DATA)";
  const Report report =
      evaluate(Verb::kEvaluate, "sts", {model, pairs}, Value::object({{"num_resamples", 0}}), {});
  EXPECT_NEAR(report.at("spearman"), 0.8099, 0.001);
}

}  // namespace
}  // namespace whitney
