#include "whitney/eval/classification.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/eval/task.h"

namespace whitney {
namespace {

using eval::SplitPart;

constexpr int kRows = 90;

/// 90 x 4 values by a formula that Python repeats.
Embeddings formula_vectors() {
  Embeddings result;
  result.ids = Ids::row_numbers(kRows);
  result.vectors = Matrix(kRows, 4);
  float* out = result.vectors.mutable_data<float>();
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < 4; ++j) *out++ = static_cast<float>((i * 7 + j * 11 + i * j * 5) % 13) / 13;
  }
  return result;
}

Labels labels_from(const std::vector<std::vector<uint32_t>>& sets, std::vector<std::string> names) {
  Labels labels;
  labels.ids = Ids::row_numbers(std::ssize(sets));
  labels.names = std::move(names);
  labels.starts = {0};
  for (const auto& set : sets) {
    labels.codes.insert(labels.codes.end(), set.begin(), set.end());
    labels.starts.push_back(std::ssize(labels.codes));
  }
  return labels;
}

Labels single_labels() {
  std::vector<std::vector<uint32_t>> sets;
  for (uint32_t i = 0; i < kRows; ++i) {
    const uint32_t of_values = i * 7 % 13 < 5 ? 0 : (i * 7 + 11 + i * 5) % 13 < 7 ? 1 : 2;
    sets.push_back({i % 7 == 0 ? i % 3 : of_values});
  }
  return labels_from(sets, {"a", "b", "c"});
}

Labels several_labels() {
  std::vector<std::vector<uint32_t>> sets;
  for (uint32_t i = 0; i < kRows; ++i) {
    std::vector<uint32_t>& set = sets.emplace_back();
    if (i * 7 % 13 < 5) set.push_back(0);
    if ((i * 7 + 11 + i * 5) % 13 < 7) set.push_back(1);
    if (i % 4 == 0) set.push_back(2);
    if (set.empty()) set.push_back(3);
  }
  return labels_from(sets, {"a", "b", "c", "none"});
}

/// Every third row is tested.
std::vector<SplitPart> every_third() {
  std::vector<SplitPart> parts;
  for (int i = 0; i < kRows; ++i) parts.push_back(i % 3 == 0 ? SplitPart::kTest : SplitPart::kTrain);
  return parts;
}

ClassificationOptions with_c(double c) {
  ClassificationOptions options;
  options.c = c;
  options.bootstrap.num_resamples = 200;
  return options;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Classification, AgreesWithScikitLearnOnSingleLabels) {
  // OneVsRestClassifier(LogisticRegression(C=2, solver="liblinear")) of scikit-learn 1.9.
  const Report report =
      classification(formula_vectors(), single_labels(), every_third(), with_c(2), Context());
  EXPECT_NEAR(report.at("accuracy"), 93.33333333333333, 1e-9);
  EXPECT_NEAR(report.at("micro_f1"), 93.33333333333333, 1e-9);
  EXPECT_NEAR(report.at("macro_f1"), 93.28449328449328, 1e-9);
  EXPECT_NEAR(report.at("average_precision"), 88.15357658214801, 1e-6);
  EXPECT_EQ(report.at("train"), 60);
  EXPECT_EQ(report.at("test"), 30);
  EXPECT_EQ(report.rows[0].labels, Value::object({{"kind", "single-label"}}));
}

TEST(Classification, AgreesWithScikitLearnsMultinomial) {
  // LogisticRegression(C=2, tol=1e-10) of scikit-learn 1.9.
  ClassificationOptions options = with_c(2);
  options.classifier = eval::Classifier::kMultinomial;
  const Report report = classification(formula_vectors(), single_labels(), every_third(), options, Context());
  EXPECT_NEAR(report.at("accuracy"), 93.33333333333333, 1e-9);
  EXPECT_NEAR(report.at("macro_f1"), 93.28449328449328, 1e-9);
  EXPECT_NEAR(report.at("average_precision"), 90.127121555693, 1e-6);
}

TEST(Classification, RefusesSeveralLabelsOfAnIdForMultinomial) {
  ClassificationOptions options;
  options.classifier = eval::Classifier::kMultinomial;
  EXPECT_TRUE(
      contains(error_of([&] { classification(formula_vectors(), several_labels(), {}, options, Context()); }),
               "one label each"));
}

TEST(Classification, AgreesWithScikitLearnOnSeveralLabels) {
  const Report report =
      classification(formula_vectors(), several_labels(), every_third(), with_c(2), Context());
  EXPECT_NEAR(report.at("accuracy"), 43.333333333333336, 1e-9);
  EXPECT_NEAR(report.at("micro_f1"), 70.76923076923077, 1e-9);
  EXPECT_NEAR(report.at("macro_f1"), 45.141065830721004, 1e-9);
  EXPECT_NEAR(report.at("average_precision"), 73.38888888888889, 1e-6);
  EXPECT_EQ(report.rows[0].labels, Value::object({{"kind", "multi-label"}}));
}

TEST(Classification, PutsAnIntervalAroundEachScore) {
  const Report report =
      classification(formula_vectors(), single_labels(), every_third(), with_c(2), Context());
  for (size_t i = 0; i < 4; ++i) {
    const Report::Figure& figure = report.rows[0].figures[i];
    ASSERT_TRUE(figure.low && figure.high) << figure.name;
    EXPECT_LT(*figure.low, figure.value) << figure.name;
    EXPECT_GE(*figure.high, figure.value) << figure.name;
  }
  // 28 of 30 right: the interval of a binomial share, 93.3 -+ 1.96 * 4.6, cut by whole rows.
  EXPECT_NEAR(*report.rows[0].figures[0].low, 84, 4);
  ClassificationOptions options = with_c(2);
  options.bootstrap.num_resamples = 0;
  EXPECT_FALSE(classification(formula_vectors(), single_labels(), every_third(), options, Context())
                   .rows[0]
                   .figures[0]
                   .low);
}

TEST(Classification, NamesTheMostFrequentLabelWhereVectorsSayNothing) {
  Embeddings vectors = formula_vectors();
  vectors.vectors = Matrix::zeros(kRows, 2);
  std::vector<std::vector<uint32_t>> sets;
  for (uint32_t i = 0; i < kRows; ++i) sets.push_back({i % 9 < 2 ? 0U : 1U});  // 20 and 70
  const Report report =
      classification(vectors, labels_from(sets, {"rare", "usual"}), every_third(), with_c(1), Context());
  EXPECT_EQ(report.at("accuracy"), report.at("majority"));
  EXPECT_NEAR(report.at("majority"), 100 * 20.0 / 30, 1e-9);  // of i = 0, 3, 6 mod 9 one is rare
}

TEST(Classification, ChoosesCWithinThePartTrainedOn) {
  ClassificationOptions options = with_c(1);
  options.c_grid = {10, 1e-6, 0.1};
  options.num_folds = 3;
  const Report chosen = classification(formula_vectors(), single_labels(), every_third(), options, Context());
  EXPECT_NE(chosen.at("c"), 1e-6);  // which knows the bias alone
  const Report fixed =
      classification(formula_vectors(), single_labels(), every_third(), with_c(chosen.at("c")), Context());
  EXPECT_EQ(fixed.at("average_precision"), chosen.at("average_precision"));
  // What is tested has no say.
  Embeddings spoilt = formula_vectors();
  for (int i = 0; i < kRows; i += 3) spoilt.vectors.mutable_data<float>()[4 * i] = 50;
  EXPECT_EQ(classification(spoilt, single_labels(), every_third(), options, Context()).at("c"),
            chosen.at("c"));
}

TEST(Classification, SplitsBySeedWhenNoPartsAreGiven) {
  Context context;
  const Report report = classification(formula_vectors(), single_labels(), {}, with_c(2), context);
  EXPECT_EQ(report.at("train"), 72);
  EXPECT_EQ(report.at("test"), 18);
  ClassificationOptions half = with_c(2);
  half.train_ratio = 0.5;
  EXPECT_EQ(classification(formula_vectors(), single_labels(), {}, half, context).at("train"), 45);
}

TEST(Classification, GivesTheSameFiguresAtAnyNumberOfThreads) {
  const auto run = [](int threads) {
    Context context;
    context.threads = threads;
    return classification(formula_vectors(), several_labels(), {}, with_c(2), context).to_value();
  };
  EXPECT_EQ(run(2), run(1));
  EXPECT_EQ(run(5), run(1));
}

TEST(Classification, CountsLabelsThatNothingIsTrainedOn) {
  Labels labels = single_labels();
  labels.names.emplace_back("unseen");
  labels.codes[0] = 3;  // row 0 is tested
  const Report report = classification(formula_vectors(), labels, every_third(), with_c(2), Context());
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_EQ(report.notes[0], "1 of 4 labels have no row to train on");
}

TEST(Classification, RefusesSeveralLabelsWhereOneIsAskedFor) {
  ClassificationOptions options = with_c(2);
  options.multi_label = false;
  const std::string error = error_of(
      [&] { classification(formula_vectors(), several_labels(), every_third(), options, Context()); });
  EXPECT_TRUE(contains(error, "id \"0\" has the labels \"a\" and \"c\"")) << error;
}

TEST(Classification, RefusesASplitThatLeavesNothingToTest) {
  const std::vector<SplitPart> parts(kRows, SplitPart::kTrain);
  EXPECT_TRUE(contains(
      error_of([&] { classification(formula_vectors(), single_labels(), parts, with_c(2), Context()); }),
      "none is left to test"));
}

TEST(Classification, RunsFromFilesAsATask) {
  const TemporaryFolder folder;
  std::ofstream vectors(folder.file("x.jsonl")), labels(folder.file("labels.tsv")),
      more(folder.file("test.tsv"));
  for (int i = 0; i < 30; ++i) {
    vectors << R"({"id":"n)" << i << R"(","vector":[)" << i % 2 << R"(,1],"part":")"
            << (i < 20 ? "train" : "test") << "\"}\n";
    (i < 20 ? labels : more) << "n" << i << "\t" << (i % 2 == 0 ? "an even one" : "odd") << "\n";
  }
  vectors.close();
  labels.close();
  more.close();
  const std::vector<std::string> paths{folder.file("x.jsonl"), folder.file("labels.tsv")};
  const Report report =
      evaluate(Verb::kEvaluate, "classification", paths,
               Value::object({{"test_labels", folder.file("test.tsv")}, {"c", 10.0}}), Context());
  EXPECT_EQ(report.at("accuracy"), 100);
  EXPECT_EQ(report.at("test"), 10);
  const std::string error = error_of([&] {
    evaluate(Verb::kEvaluate, "classification", paths,
             Value::object({{"split_field", "part"}, {"train_ratio", 0.5}}), Context());
  });
  EXPECT_TRUE(contains(error, "give one of train_ratio, split, split_field and test_labels")) << error;
}

}  // namespace
}  // namespace whitney
