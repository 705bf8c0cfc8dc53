#include "whitney/eval/label_split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"

namespace whitney::eval {
namespace {

constexpr SplitPart kNone = SplitPart::kNone, kTrain = SplitPart::kTrain, kTest = SplitPart::kTest;
using Parts = std::vector<SplitPart>;

/// One label for each of some ids.
Labels labels_of_ids(const std::vector<std::string>& ids, const std::vector<std::string>& names) {
  Labels labels;
  labels.ids = Ids::strings(ids);
  labels.names = names;
  std::sort(labels.names.begin(), labels.names.end());
  labels.names.erase(std::unique(labels.names.begin(), labels.names.end()), labels.names.end());
  labels.starts = {0};
  for (const std::string& name : names) {
    const auto place = std::lower_bound(labels.names.begin(), labels.names.end(), name);
    labels.codes.push_back(static_cast<uint32_t>(place - labels.names.begin()));
    labels.starts.push_back(std::ssize(labels.codes));
  }
  return labels;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(RandomSplit, TrainsOnTheShareAskedFor) {
  const Parts parts = random_split(101, 0.7, Context());
  EXPECT_EQ(std::count(parts.begin(), parts.end(), kTrain), 70);
  EXPECT_EQ(std::count(parts.begin(), parts.end(), kTest), 31);
  Context other;
  other.seed = 1;
  EXPECT_NE(random_split(101, 0.7, other), parts);
}

TEST(LabelSplit, TakesThePartThatIsNamedForAnId) {
  const Labels labels = labels_of_ids({"a", "b", "c"}, {"x", "y", "x"});
  const Labels parts = labels_of_ids({"c", "b", "z", "a"}, {"test", "train", "test", "train"});
  EXPECT_EQ(split_by_labels(labels, parts, Context()), (Parts{kTrain, kTrain, kTest}));
}

TEST(LabelSplit, LeavesOtherPartsOutAndCountsThem) {
  const Labels labels = labels_of_ids({"a", "b", "c", "d"}, {"x", "y", "x", "x"});
  const Labels parts = labels_of_ids({"a", "b", "c"}, {"train", "validation", "test"});
  Notes notes;
  Context context;
  context.progress = &notes;
  EXPECT_EQ(split_by_labels(labels, parts, context), (Parts{kTrain, kNone, kTest, kNone}));
  EXPECT_TRUE(contains(notes.sentences.back(), "2 of 4 labelled ids")) << notes.sentences.back();
  EXPECT_TRUE(contains(notes.sentences.back(), "\"b\" of part \"validation\"")) << notes.sentences.back();
}

TEST(LabelSplit, RefusesASplitWithoutAPartToTestAndAnIdOfTwoParts) {
  const Labels labels = labels_of_ids({"a", "b"}, {"x", "y"});
  Labels parts = labels_of_ids({"a", "b"}, {"train", "Test"});
  EXPECT_TRUE(contains(error_of([&] { split_by_labels(labels, parts, Context()); }),
                       "no labelled id to test, but such as \"b\" of part \"Test\""));
  parts.codes = {0, 1, 0};
  parts.starts = {0, 2, 3};
  EXPECT_TRUE(contains(error_of([&] { split_by_labels(labels, parts, Context()); }), "id \"a\""));
}

TEST(LabelSplit, ReadsAnAttributeOfTheEmbeddings) {
  Embeddings embeddings;
  embeddings.ids = Ids::strings(std::vector<std::string>{"b", "a", "c"});
  embeddings.vectors = Matrix::zeros(3, 1);
  ColumnBuilder split("split"), size("size");
  for (const char* part : {"test", "train"}) split.add_string(part, "test");
  split.add_missing();
  for (int64_t value : {1, 2, 3}) size.add_int(value, "test");
  embeddings.attributes.num_rows = 3;
  embeddings.attributes.columns.push_back(split.finish());
  embeddings.attributes.columns.push_back(size.finish());
  const Labels labels = labels_of_ids({"a", "b", "c", "d"}, {"x", "y", "x", "x"});
  EXPECT_EQ(split_by_attribute(labels, embeddings, "split", Context()), (Parts{kTrain, kTest, kNone, kNone}));
  EXPECT_TRUE(contains(error_of([&] { split_by_attribute(labels, embeddings, "splits", Context()); }),
                       "did you mean \"split\""));
  EXPECT_TRUE(contains(error_of([&] { split_by_attribute(labels, embeddings, "size", Context()); }),
                       "holds int values"));
}

TEST(JoinLabels, KeepsRowsAndMergesNames) {
  const SplitLabels joined = join_labels(labels_of_ids({"a", "b"}, {"y", "x"}), labels_of_ids({"c"}, {"w"}));
  EXPECT_EQ(joined.labels.names, (std::vector<std::string>{"w", "x", "y"}));
  EXPECT_EQ(joined.labels.codes, (std::vector<uint32_t>{2, 1, 0}));
  EXPECT_EQ(joined.labels.ids.text(2), "c");
  EXPECT_EQ(joined.parts, (Parts{kTrain, kTrain, kTest}));
}

TEST(JoinLabels, RefusesAnIdInBoth) {
  const Labels one = labels_of_ids({"a", "b"}, {"y", "x"}), other = labels_of_ids({"b"}, {"x"});
  EXPECT_TRUE(contains(error_of([&] { join_labels(one, other); }), "id \"b\""));
}

}  // namespace
}  // namespace whitney::eval
