#include "whitney/eval/classification_scores.h"

#include <gtest/gtest.h>

#include <vector>

namespace whitney::eval {
namespace {

Labels labels_of(std::vector<std::vector<uint32_t>> rows, std::vector<std::string> names) {
  Labels labels;
  labels.ids = Ids::row_numbers(std::ssize(rows));
  labels.names = std::move(names);
  labels.starts = {0};
  for (const auto& row : rows) {
    labels.codes.insert(labels.codes.end(), row.begin(), row.end());
    labels.starts.push_back(std::ssize(labels.codes));
  }
  return labels;
}

Matrix matrix_of(int64_t rows, const std::vector<float>& values) {
  Matrix matrix(rows, std::ssize(values) / rows);
  std::copy(values.begin(), values.end(), matrix.mutable_data<float>());
  return matrix;
}

// Rows 0 to 3 are a, a, b, c; a, b, b, a is predicted. Accuracy 2/4. F1 of a: 2 * 1 / (2 + 2) = 1/2; of b:
// 2 * 1 / (1 + 2) = 2/3; of c 0. c is the last by its own scores: precision 1/4; a ranks first and third:
// (1 + 2/3) / 2; b first.
TEST(ClassificationScores, CompareOneLabelARow) {
  const Labels labels = labels_of({{0}, {0}, {1}, {2}}, {"a", "b", "c"});
  const Matrix scores = matrix_of(4, {4, 0, 3, 2, 3, 2, 1, 5, 1, 3, 1, 0});
  const std::vector<int64_t> rows{0, 1, 2, 3};
  const auto values = ClassificationScores(labels, rows, scores.view(), false).values();
  EXPECT_DOUBLE_EQ(values[0], 0.5);
  EXPECT_DOUBLE_EQ(values[1], 0.5);
  EXPECT_DOUBLE_EQ(values[2], (0.5 + 2.0 / 3 + 0) / 3);
  EXPECT_DOUBLE_EQ(values[3], ((1 + 2.0 / 3) / 2 + 1 + 0.25) / 3);
}

// Row 0 has a and b, row 1 b; above 0 are a alone, and b alone: one row is all right, and of three labels
// two are found, none falsely: F1 2 * 2 / (2 + 3).
TEST(ClassificationScores, TakeEveryLabelAboveZeroOfSeveral) {
  const Labels labels = labels_of({{0, 1}, {1}}, {"a", "b"});
  const Matrix scores = matrix_of(2, {1, -1, -1, 1});
  const std::vector<int64_t> rows{0, 1};
  const auto values = ClassificationScores(labels, rows, scores.view(), true).values();
  EXPECT_DOUBLE_EQ(values[0], 0.5);
  EXPECT_DOUBLE_EQ(values[1], 0.8);
  EXPECT_DOUBLE_EQ(values[2], (1 + 2.0 / 3) / 2);
}

TEST(ClassificationScores, CountARowAsOftenAsItIsDrawn) {
  const Labels labels = labels_of({{0}, {1}}, {"a", "b"});
  const Matrix scores = matrix_of(2, {1, 0, 1, 0});
  const std::vector<int64_t> rows{0, 1}, drawn{0, 0, 0, 1};
  const ClassificationScores all(labels, rows, scores.view(), false);
  EXPECT_EQ(all.num_rows(), 2);
  EXPECT_DOUBLE_EQ(all.values(drawn)[0], 0.75);
}

TEST(ClassificationScores, PredictTheSmallerCodeOfEqualScores) {
  const Labels labels = labels_of({{0}, {1}}, {"a", "b"});
  const Matrix scores = matrix_of(2, {1, 1, 1, 1});
  const std::vector<int64_t> rows{0, 1};
  EXPECT_DOUBLE_EQ(ClassificationScores(labels, rows, scores.view(), false).values()[0], 0.5);
}

}  // namespace
}  // namespace whitney::eval
