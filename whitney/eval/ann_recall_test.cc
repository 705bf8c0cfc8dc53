#include "whitney/eval/ann_recall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/eval/task.h"
#include "whitney/search/flat.h"

namespace whitney {
namespace {

using testing::HasSubstr;

Matrix column(const std::vector<float>& values) {
  Matrix result(std::ssize(values), 1);
  std::copy(values.begin(), values.end(), result.mutable_data<float>());
  return result;
}

Embeddings on_a_line(const std::vector<float>& values) {
  Embeddings result;
  result.ids = Ids::row_numbers(std::ssize(values));
  result.vectors = column(values);
  result.record = Value::object({{"metric", "l2"}});
  return result;
}

// Answers every query with the rows it was told, whatever the truth is; with ef, only with the first ef of
// them.
class ToldIndex : public Index {
 public:
  ToldIndex(const Embeddings& embeddings, std::vector<int64_t> rows)
      : flat_(flat_index(embeddings)), rows_(std::move(rows)) {}
  std::string_view method() const override { return "told"; }
  Metric metric() const override { return flat_->metric(); }
  int64_t dim() const override { return flat_->dim(); }
  int64_t num_rows() const override { return flat_->num_rows(); }
  const RowSet& live() const override { return flat_->live(); }
  const Ids& ids() const override { return flat_->ids(); }
  const Attributes& attributes() const override { return flat_->attributes(); }
  const Value& record() const override { return flat_->record(); }
  int64_t size_bytes() const override { return 0; }
  std::vector<float> vector(int64_t row) const override { return flat_->vector(row); }
  std::vector<OptionSpec> search_options() const override {
    OptionSpec ef;
    ef.name = "ef";
    ef.kind = OptionKind::kInt;
    ef.default_value = Value(100);
    return {ef};
  }
  SearchResult search(const MatrixView& queries, const SearchParams& params,
                      const Context& context) const override {
    if (params.exact) return flat_->search(queries, params, context);
    const auto count = std::min({params.k, std::ssize(rows_), params.options.at("ef").as_int()});
    SearchResult result;
    result.neighbors.num_queries = queries.rows;
    result.neighbors.k = count;
    for (int64_t q = 0; q < queries.rows; ++q) {
      result.neighbors.rows.insert(result.neighbors.rows.end(), rows_.begin(), rows_.begin() + count);
      result.counts.push_back(count);
    }
    return result;
  }
  void add(const Embeddings&, const Context&) override {}
  void remove(const Ids&, const Context&) override {}
  void save(const std::string&, bool, const Context&) const override {}

 private:
  std::unique_ptr<Index> flat_;
  std::vector<int64_t> rows_;
};

AnnRecallOptions hits(std::vector<int> k) {
  AnnRecallOptions options;
  options.k = std::move(k);
  return options;
}

// Distances to 0 are 1, 2, 3, 4: of the told rows 0, 2, 3 one is among the first two and two among the first
// three.
TEST(AnnRecall, CountsTheHitsAmongTheTrueNeighbours) {
  const ToldIndex index(on_a_line({1, 2, 3, 4}), {0, 2, 3});
  const Report report = ann_recall(index, index, column({0}), {}, hits({2, 3}), {});
  EXPECT_DOUBLE_EQ(report.rows[0].figures[0].value, 50);
  EXPECT_NEAR(report.rows[1].figures[0].value, 200.0 / 3, 1e-9);
  EXPECT_EQ(report.rows[1].labels.at("k"), Value(3));
}

TEST(AnnRecall, CountsAHitAsFarAsTheLastTrueNeighbour) {
  const ToldIndex index(on_a_line({1, -2, 2, 2.001F, 2.01F}), {2, 3, 4});
  EXPECT_DOUBLE_EQ(ann_recall(index, index, column({0}), {}, hits({2}), {}).at("recall"), 100);
  const ToldIndex farther(on_a_line({1, -2, 2, 2.001F, 2.01F}), {4, 3});
  EXPECT_DOUBLE_EQ(ann_recall(farther, farther, column({0}), {}, hits({2}), {}).at("recall"), 50);
}

TEST(AnnRecall, DividesByTheRowsThereAre) {
  const ToldIndex index(on_a_line({1, 2}), {0});
  EXPECT_DOUBLE_EQ(ann_recall(index, index, column({0}), {}, hits({10}), {}).at("recall"), 50);
}

TEST(AnnRecall, LeavesTheExcludedRowOutOfTheTruth) {
  const ToldIndex index(on_a_line({5, 6, 9}), {1});
  EXPECT_DOUBLE_EQ(ann_recall(index, index, column({5}), {0}, hits({1}), {}).at("recall"), 100);
}

TEST(AnnRecall, MeasuresEveryValueOfTheIndexsDial) {
  const ToldIndex index(on_a_line({1, 2, 3, 4}), {0, 1, 2, 3});
  AnnRecallOptions options = hits({4});
  options.sweep = {"ef=1", "3"};
  const Report report = ann_recall(index, index, column({0}), {}, options, {});
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_DOUBLE_EQ(report.rows[0].figures[0].value, 25);
  EXPECT_DOUBLE_EQ(report.rows[1].figures[0].value, 75);
  EXPECT_EQ(report.rows[1].labels.at("ef"), Value(3));
}

TEST(AnnRecall, TakesValuesWithoutANameForTheFirstOption) {
  const ToldIndex index(on_a_line({1, 2, 3, 4}), {0, 1, 2, 3});
  AnnRecallOptions options = hits({4});
  options.sweep = {"2,4"};
  const Report report = ann_recall(index, index, column({0}), {}, options, {});
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_EQ(report.rows[1].labels.at("ef"), Value(4));
}

// Points on a line in 30 lists: some queries lie where two lists meet.
TEST(AnnRecall, MeasuresEachValueOfOneOptionWithEachOfAnother) {
  std::vector<float> values;
  for (int i = 0; i < 1500; ++i) values.push_back(static_cast<float>(i));
  const auto index =
      build_index("ivf", on_a_line(values), Value::object({{"nlist", 30}, {"codes", "pq"}}), {});
  values.resize(200);
  AnnRecallOptions options = hits({3});
  options.sweep = {"nprobe=1,30,rescore=3", "1500"};
  const Report report = ann_recall(*index, *index, column(values), {}, options, {});
  ASSERT_EQ(report.rows.size(), 4U);
  EXPECT_EQ(report.rows[1].labels.to_json(), R"({"k":3,"nprobe":1,"rescore":1500})");
  EXPECT_EQ(report.rows[2].labels.to_json(), R"({"k":3,"nprobe":30,"rescore":3})");
  EXPECT_DOUBLE_EQ(report.rows[3].figures[0].value, 100);
  EXPECT_LT(report.rows[1].figures[0].value, 100);
}

TEST(AnnRecall, NamesASweptOptionThatTheIndexDoesNotHave) {
  const ToldIndex index(on_a_line({1, 2}), {0});
  AnnRecallOptions options = hits({1});
  options.sweep = {"eff=3"};
  try {
    ann_recall(index, index, column({0}), {}, options, {});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("unknown option \"eff\" of search in told; did you mean \"ef\""));
  }
  options.sweep = {"ef=much"};
  EXPECT_THROW(ann_recall(index, index, column({0}), {}, options, {}), UsageError);
  const auto flat = flat_index(on_a_line({1, 2}));
  options.sweep = {"3"};
  EXPECT_THROW(ann_recall(*flat, *flat, column({0}), {}, options, {}), UsageError);
}

// A centroid for all vectors proposes no row that another does not: what is compared exactly are candidates
// chosen blindly.
TEST(AnnRecall, MeasuresIndexesOfSeveralVectorsARow) {
  constexpr int64_t kRows = 60, kDim = 4;
  RaggedEmbeddings rows;
  rows.ids = Ids::row_numbers(kRows);
  rows.record = Value::object({{"metric", "cosine"}});
  rows.starts = Array<int64_t>(kRows + 1);
  rows.vectors = Matrix(2 * kRows, kDim);
  for (int64_t row = 0; row <= kRows; ++row) rows.starts.mutable_data()[row] = 2 * row;
  RandomStream random(8, "ann recall sets", 0);
  for (float& value : std::span(rows.vectors.mutable_data<float>(), 2 * kRows * kDim))
    value = static_cast<float>(random.normal());
  const auto index = build_index("multi_vector", rows, Value::object({{"num_centroids", 1}}), {});
  AnnRecallOptions options = hits({5});
  options.sweep = {"candidates=5,60"};
  const Report report = ann_recall(*index, *index, rows, {}, options, {});
  ASSERT_EQ(report.rows.size(), 2U);
  EXPECT_LT(report.rows[0].figures[0].value, 60);
  EXPECT_DOUBLE_EQ(report.rows[1].figures[0].value, 100);
}

TEST(AnnRecall, FindsAScanPerfectUnderEveryMetric) {
  Matrix vectors(50, 7);
  RandomStream random(3, "ann recall test", 0);
  for (float& value : std::span(vectors.mutable_data<float>(), 350))
    value = static_cast<float>(random.normal());
  for (const char* metric : {"cosine", "inner_product", "l2"}) {
    Embeddings embeddings{Ids::row_numbers(50), vectors, {}, Value::object({{"metric", metric}})};
    const auto index = flat_index(embeddings);
    EXPECT_DOUBLE_EQ(ann_recall(*index, *index, vectors, {}, hits({5}), {}).at("recall"), 100) << metric;
  }
}

TEST(AnnRecall, BuildsTheChosenIndexOfEmbeddingsAndDrawsQueriesBySeed) {
  const TemporaryFolder folder;
  std::vector<float> values;
  for (int i = 0; i < 40; ++i) values.push_back(static_cast<float>(i * i));
  save_embeddings(on_a_line(values), folder.file("line.safetensors"), false, {});
  const Value options = Value::object({{"index", "flat"}, {"k", Value::List{3}}, {"num_queries", 9}});
  const Report report =
      evaluate(Verb::kEvaluate, "ann-recall", {folder.file("line.safetensors")}, options, {});
  EXPECT_DOUBLE_EQ(report.at("recall"), 100);
  EXPECT_THAT(report.notes.back(), HasSubstr("9 queries among 40 rows"));
}

}  // namespace
}  // namespace whitney
