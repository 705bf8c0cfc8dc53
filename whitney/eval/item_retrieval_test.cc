#include "whitney/eval/item_retrieval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"
#include "whitney/eval/item_ranks.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

using eval::ItemPair;

Matrix matrix_of(const std::vector<std::vector<float>>& rows) {
  Matrix result(std::ssize(rows), std::ssize(rows[0]));
  float* out = result.mutable_data<float>();
  for (const std::vector<float>& row : rows) out = std::ranges::copy(row, out).out;
  return result;
}

IdPairs pairs_of(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  IdPairs pairs{first, second, {}, "answers.tsv"};
  for (size_t i = 0; i < first.size(); ++i) pairs.lines.push_back(static_cast<int64_t>(i) + 1);
  return pairs;
}

double figure(const Report& report, const std::string& slice, const std::string& name) {
  for (const Report::Row& row : report.rows) {
    if (row.labels.at("slice") != Value(slice)) continue;
    for (const Report::Figure& figure : row.figures) {
      if (figure.name == name) return figure.value;
    }
  }
  ADD_FAILURE() << "no " << name << " of " << slice;
  return 0;
}

/// Vectors of small whole numbers, so that many scores are equal and all are exact.
Matrix drawn_vectors(int64_t rows, int64_t cols) {
  Matrix result(rows, cols);
  RandomStream random(7, "item retrieval test", 0);
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < rows * cols; ++i) out[i] = static_cast<float>(random.below(3));
  return result;
}

/// Sorts all items, as ranks are defined.
int64_t rank_by_sorting(const Matrix& vectors, const ItemPair& pair, Metric metric) {
  std::vector<std::pair<double, uint32_t>> items;
  const auto query = vectors.row<float>(pair.query);
  for (uint32_t item = 0; item < vectors.rows(); ++item) {
    if (item == pair.query) continue;
    const auto row = vectors.row<float>(item);
    double dot = 0, distance = 0;
    for (size_t j = 0; j < row.size(); ++j) {
      dot += double{query[j]} * row[j];
      distance += (double{query[j]} - row[j]) * (double{query[j]} - row[j]);
    }
    items.emplace_back(metric == Metric::kL2 ? distance : -dot, item);
  }
  std::ranges::sort(items);
  const auto found = std::ranges::find(items, pair.answer, &std::pair<double, uint32_t>::second);
  return found - items.begin() + 1;
}

TEST(AnswerRanks, AreThoseOfASortedRankingAtAnyNumberOfThreads) {
  const Matrix vectors = drawn_vectors(fewer(400), 5);
  std::vector<ItemPair> pairs;
  RandomStream random(3, "item retrieval test", 1);
  const auto row = [&] { return static_cast<uint32_t>(random.below(static_cast<uint64_t>(vectors.rows()))); };
  for (int i = 0; i < 300; ++i) {
    const ItemPair pair{row(), row()};
    if (pair.query != pair.answer) pairs.push_back(pair);
  }
  for (const Metric metric : {Metric::kInnerProduct, Metric::kL2}) {
    const auto scores = eval::vector_scores({}, vectors, metric);
    std::vector<int64_t> expected;
    for (const ItemPair& pair : pairs) expected.push_back(rank_by_sorting(vectors, pair, metric));
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      EXPECT_EQ(eval::answer_ranks(*scores, pairs, context), expected) << threads << " threads";
    }
  }
}

TEST(AnswerRanks, UnderCosineLeaveLengthsAside) {
  // Cosines with row 0: 1 (itself), 0.6, 0.8, 0 (no direction), -1.
  const auto scores =
      eval::vector_scores({}, matrix_of({{1, 0}, {30, 40}, {0.4F, 0.3F}, {0, 0}, {-2, 0}}), Metric::kCosine);
  const std::vector<ItemPair> pairs = {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {3, 4}};
  // All cosines with row 3 are 0: the lower row first, and it itself nowhere.
  EXPECT_EQ(eval::answer_ranks(*scores, pairs, {}), (std::vector<int64_t>{2, 1, 3, 4, 4}));
}

TEST(AnswerRanks, FollowWeightsAndPopularity) {
  // Row 0 speaks for items 2 and 3; the others score 0 and stand behind them by number.
  const ItemWeights weights{{0, 2, 2, 2, 2}, {2, 3}, {0.5F, 0.75F}};
  const std::vector<ItemPair> pairs = {{0, 1}, {0, 2}, {0, 3}, {2, 3}};
  EXPECT_EQ(eval::answer_ranks(*eval::weight_scores(weights), pairs, {}), (std::vector<int64_t>{3, 2, 1, 3}));
  // Users per item: 1, 2, 2, 0.
  const Interactions history = build_interactions(
      Ids::row_numbers(2), Ids::row_numbers(4),
      {std::vector<uint32_t>{0, 0, 0, 1, 1}, std::vector<uint32_t>{0, 1, 2, 1, 2}, {}, {}}, {});
  EXPECT_EQ(eval::answer_ranks(*eval::popularity_scores(history), pairs, {}),
            (std::vector<int64_t>{1, 2, 3, 3}));
}

TEST(AnswerRanks, RefuseRowsThatAreNoItemsAndItemsThatAnswerThemselves) {
  const auto scores = eval::vector_scores({}, drawn_vectors(4, 2), Metric::kCosine);
  EXPECT_EQ(error_of([&] { eval::answer_ranks(*scores, std::vector<ItemPair>{{0, 4}}, {}); }),
            "a pair names the item of row 4, but there are 4 items");
  EXPECT_EQ(error_of([&] { eval::answer_ranks(*scores, std::vector<ItemPair>{{2, 2}}, {}); }),
            "the item of row 2 is a pair with itself");
}

// Items on a line at 0, 1, 2, ..., 12, by distance: the answers stand at ranks 1, 3 and 12.
class ItemsOnALine : public testing::Test {
 protected:
  ItemsOnALine() {
    std::vector<std::vector<float>> rows;
    for (int i = 0; i < 13; ++i) rows.push_back({static_cast<float>(i)});
    scores_ = eval::vector_scores({}, matrix_of(rows), Metric::kL2);
    options_.ks = {1, 5};
    options_.rank_step = 5;
  }
  Report report(const std::vector<std::string>& first, const std::vector<std::string>& second,
                const std::optional<std::vector<std::string>>& listed = std::nullopt) {
    return item_retrieval(*scores_, Ids::row_numbers(13), pairs_of(first, second), listed, options_, {});
  }
  std::unique_ptr<eval::ItemScores> scores_;
  ItemRetrievalOptions options_;
};

TEST_F(ItemsOnALine, HaveHitsAndReciprocalRanksByHand) {
  const Report found = report({"0", "5", "0"}, {"1", "3", "12"});  // 4 and 6 before 3, which is as near as 7
  EXPECT_DOUBLE_EQ(figure(found, "all pairs", "hit@1"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(figure(found, "all pairs", "hit@5"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(figure(found, "all pairs", "mrr"), (1 + 1.0 / 3 + 1.0 / 12) / 3);
  EXPECT_DOUBLE_EQ(figure(found, "all pairs", "scaled_mrr"),
                   (1 + 1 + 1.0 / 3) / 3);  // 12 is in the third five
  EXPECT_EQ(figure(found, "all pairs", "pairs"), 3);
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_EQ(found.notes[0], "3 pairs of 2 distinct queries, 13 items ranked, all but the query");
}

TEST_F(ItemsOnALine, CountPairsOfUnknownItemsAsMissed) {
  const Report found = report({"0", "0", "99"}, {"1", "77", "0"});
  EXPECT_DOUBLE_EQ(figure(found, "all pairs", "hit@5"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(figure(found, "all pairs", "mrr"), 1.0 / 3);
  EXPECT_EQ(found.notes.back(), "2 pairs name an unknown item and count as missed");
  EXPECT_EQ(error_of([&] { report({"99"}, {"0"}); }),
            "answers.tsv: none of its pairs names two known items, such as \"0\"");
  EXPECT_EQ(error_of([&] { report({"0", "4"}, {"1", "4"}); }),
            "answers.tsv:2: the item \"4\" is a pair with itself (expected: a query and another item)");
}

TEST_F(ItemsOnALine, AreMeasuredApartWhereListed) {
  const Report found = report({"0", "0", "12"}, {"1", "12", "11"}, std::vector<std::string>{"12", "5"});
  EXPECT_DOUBLE_EQ(figure(found, "pairs with a listed item", "hit@1"), 0.5);
  EXPECT_EQ(figure(found, "pairs with a listed item", "pairs"), 2);
  EXPECT_DOUBLE_EQ(figure(found, "pairs without", "hit@1"), 1);
}

TEST_F(ItemsOnALine, HaveIntervalsWhereAsked) {
  options_.bootstrap.num_resamples = 200;
  const Report found = report({"0", "5", "0", "0"}, {"1", "3", "12", "11"});
  for (const Report::Figure& figure : found.rows[0].figures) {
    if (figure.name != "hit@5") continue;
    ASSERT_TRUE(figure.low && figure.high);
    EXPECT_LT(*figure.low, 0.5);
    EXPECT_GT(*figure.high, 0.5);
  }
}

class ItemRetrievalTask : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
    return folder_.path() + "/" + name;
  }
  Report run(const std::string& items, const std::string& answers, const Value& options = Value::object()) {
    return evaluate(Verb::kEvaluate, "item-retrieval", {items, answers}, options, {});
  }
  TemporaryFolder folder_;
};

TEST_F(ItemRetrievalTask, BreaksTiesByIdInAnyOrderOfRows) {
  // All alike: c stands second behind b for a, first for b... whatever the order in the file.
  const std::string answers = write("answers.tsv", "a\tc\nb\tc\nc\ta\n");
  for (const char* rows : {"c 1 0\na 1 0\nb 1 0\n", "a 1 0\nb 1 0\nc 1 0\n"}) {
    const std::string items = write("items.vec", std::string("3 2\n") + rows);
    EXPECT_DOUBLE_EQ(run(items, answers).at("mrr"), (0.5 + 0.5 + 1) / 3);
  }
}

TEST_F(ItemRetrievalTask, ComparesAsTheRecordSaysOrAsAsked) {
  Embeddings embeddings;
  embeddings.ids = Ids::strings({"far", "near", "q"});
  embeddings.vectors = matrix_of({{9, 9}, {1, 0}, {1, 0}});
  embeddings.record.set("metric", "inner_product");
  const std::string items = folder_.path() + "/items.safetensors";
  save_embeddings(embeddings, items, false, {});
  const std::string answers = write("answers.tsv", "q\tnear\n");
  EXPECT_DOUBLE_EQ(run(items, answers).at("mrr"), 0.5);
  EXPECT_DOUBLE_EQ(run(items, answers, Value::object({{"metric", "cosine"}})).at("mrr"), 1);
}

TEST_F(ItemRetrievalTask, TakesARecommenderByItsWeights) {
  RecommenderModel model;
  model.history =
      build_interactions(Ids::strings({"u"}), Ids::strings({"x", "y", "z"}),
                         {std::vector<uint32_t>{0, 0, 0}, std::vector<uint32_t>{0, 1, 2}, {}, {}}, {});
  model.scores = ItemWeights{{0, 1, 1, 1}, {2}, {1}};
  const std::string path = folder_.path() + "/model.safetensors";
  save_recommender(model, path, false, {});
  const std::string listed = write("new.txt", "y\n");
  const Report report = run(path, write("answers.tsv", "x\tz\ny\tz\n"),
                            Value::object({{"items", listed}, {"ks", Value::List{1}}}));
  EXPECT_DOUBLE_EQ(figure(report, "all pairs", "hit@1"), 0.5);
  EXPECT_DOUBLE_EQ(figure(report, "pairs with a listed item", "hit@1"), 0);
}

}  // namespace
}  // namespace whitney
