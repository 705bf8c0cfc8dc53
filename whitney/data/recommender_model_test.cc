#include "whitney/data/recommender_model.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/damaged_artifact_test.h"
#include "whitney/data/mapped_file.h"

namespace whitney {
namespace {

/// Users "ann", "bob" and "eve", who has nothing; items 10, 20, 30 and 40.
Interactions history() {
  Interactions events;
  events.users = Ids::strings(std::vector<std::string>{"ann", "bob", "eve"});
  events.items = Ids::integers({10, 20, 30, 40});
  events.offsets = {0, 2, 3, 3};
  events.targets = {0, 2, 1};
  return events;
}

Matrix filled(int64_t rows, int64_t cols, float from) {
  Matrix matrix(rows, cols);
  auto* values = matrix.mutable_data<float>();
  for (int64_t i = 0; i < rows * cols; ++i) values[i] = from + static_cast<float>(i) / 4;
  return matrix;
}

std::vector<RecommenderModel> models() {
  const Value record = Value::object({{"method", "some"}});
  Attributes attributes;
  attributes.num_rows = 4;
  Column price;
  price.name = "price";
  price.type = ColumnType::kInt;
  price.ints = {5, 6, 7, 8};
  attributes.columns = {price};
  return {{history(), Popularity{}, {}, record},
          {history(), ItemWeights{{0, 1, 1, 3, 3}, {1, 0, 3}, {0.5F, 2, -1}}, attributes, record},
          {history(), Factors{filled(3, 2, 0), filled(4, 2, -1)}, attributes, record}};
}

std::vector<std::byte> bytes_of(const std::string& path) {
  const Array<std::byte> bytes = map_file(path);
  return {bytes.begin(), bytes.end()};
}

TEST(RecommenderModel, IsReadBackAsItWasWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.file("model.safetensors"), again = folder.file("again.safetensors");
  for (const RecommenderModel& model : models()) {
    save_recommender(model, path, true, {});
    const RecommenderModel read = load_recommender(path);
    EXPECT_EQ(fingerprint(read), fingerprint(model));
    EXPECT_EQ(read.scores.index(), model.scores.index());
    EXPECT_EQ(read.history.users.text(1), "bob");
    EXPECT_EQ(read.attributes.columns.size(), model.attributes.columns.size());
    EXPECT_EQ(read.record.at("method"), Value("some"));
    save_recommender(read, again, true, {});
    EXPECT_EQ(bytes_of(again), bytes_of(path));
  }
}

TEST(RecommenderModel, OfFactorsIsTheVectorsOfItsItems) {
  const TemporaryFolder folder;
  save_recommender(models()[2], folder.file("model"), true, {});
  const Embeddings items = load_embeddings(folder.file("model"));
  EXPECT_EQ(items.size(), 4);
  EXPECT_EQ(items.ids.text(3), "40");
  EXPECT_EQ(items.metric(), Metric::kInnerProduct);
  EXPECT_EQ(items.vectors.row<float>(1)[0], -0.5F);
  EXPECT_EQ(items.attributes.columns[0].ints[2], 7);
}

TEST(RecommenderModel, RefusesWhatIsNotOfAsManyUsersAndItems) {
  std::vector<RecommenderModel> wrong = models();
  wrong[0].history.targets = {0, 4, 1};
  wrong[1].scores = ItemWeights{{0, 2, 1, 3, 3}, {1, 0, 3}, {0.5F, 2, -1}};
  wrong[2].scores = Factors{filled(3, 2, 0), filled(4, 3, -1)};
  wrong.push_back(models()[2]);
  std::get<Factors>(wrong[3].scores).users.mutable_data<float>()[3] = std::numeric_limits<float>::infinity();
  for (const RecommenderModel& model : wrong) EXPECT_THROW(model.validate(), Error);
}

// A file with a bit flipped or its end missing: an error or the same model, never a walk beyond its arrays.
TEST(RecommenderModel, SurvivesDamage) {
  const TemporaryFolder folder;
  for (const RecommenderModel& model : models()) {
    save_recommender(model, folder.file("model"), true, {});
    read_damaged(folder.file("model"), [](const Artifact& artifact) {
      const RecommenderModel read = load_recommender(artifact);
      for (int64_t user = 0; user < read.history.num_users(); ++user) {
        for (const uint32_t item : read.history.items_of(user)) EXPECT_LT(item, read.history.num_items());
      }
    });
  }
}

}  // namespace
}  // namespace whitney
