#include "whitney/eval/labelled_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::eval {
namespace {

// c has no vector, d no label.
Labels labels() {
  Labels labels;
  labels.ids = Ids::strings({"c", "b", "a"});
  labels.names = {"x", "y"};
  labels.starts = {0, 1, 3, 4};
  labels.codes = {0, 0, 1, 1};
  return labels;
}

Embeddings embeddings(std::vector<std::string> ids) {
  Embeddings result;
  const int64_t rows = std::ssize(ids);
  result.ids = Ids::strings(ids);
  result.vectors = Matrix(rows, 1);
  for (int64_t i = 0; i < rows; ++i) result.vectors.mutable_data<float>()[i] = static_cast<float>(10 * i);
  return result;
}

TEST(LabelledRows, FindVectorsInTheOrderOfTheLabels) {
  const LabelledRows rows = match_labels(embeddings({"a", "b", "d"}), labels(), "texts", {});
  EXPECT_EQ(rows.label_rows, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(rows.vector_rows, (std::vector<int64_t>{1, 0}));
}

TEST(LabelledRows, NeedAnIdThatBothHave) {
  EXPECT_NE(error_of([] { match_labels(embeddings({"e"}), labels(), "texts", {}); }), "");
}

TEST(LabelledRows, GiveLabelsTargetsAndVectorsOfRows) {
  const Labels given = labels();
  const auto of_b = labels_of(given, 1);
  EXPECT_EQ(std::vector<uint32_t>(of_b.begin(), of_b.end()), (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(targets_of(given, std::vector<int64_t>{1, 2, 0}), (std::vector<uint8_t>{1, 0, 1, 1, 1, 0}));
  const Matrix vectors = vectors_of(embeddings({"a", "b", "d"}), std::vector<int64_t>{2, 0});
  EXPECT_EQ(vectors.row<float>(0)[0], 20);
  EXPECT_EQ(vectors.row<float>(1)[0], 0);
}

}  // namespace
}  // namespace whitney::eval
