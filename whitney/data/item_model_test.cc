#include "whitney/data/item_model.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/damaged_artifact_test.h"
#include "whitney/data/mapped_file.h"

namespace whitney {
namespace {

Matrix filled(int64_t rows, int64_t cols, float from) {
  Matrix matrix(rows, cols);
  auto* values = matrix.mutable_data<float>();
  for (int64_t i = 0; i < rows * cols; ++i) values[i] = from + static_cast<float>(i) / 4;
  return matrix;
}

ItemModel small_model() {
  ItemModel model;
  model.items.ids = Ids::strings(std::vector<std::string>{"cup", "pot", "lid"});
  model.items.vectors = filled(3, 2, 1);
  model.items.record = Value::object({{"method", "some"}, {"metric", "cosine"}});
  model.form = "some";
  model.settings = Value::object({{"layers", 1}});
  model.weights = {{"w", filled(2, 3, 0)}, {"bias", filled(1, 2, -1)}};
  return model;
}

std::vector<std::byte> bytes_of(const std::string& path) {
  const Array<std::byte> bytes = map_file(path);
  return {bytes.begin(), bytes.end()};
}

TEST(ItemModel, IsReadBackAsItWasWritten) {
  const TemporaryFolder folder;
  save_item_model(small_model(), folder.file("model"), false, {});
  const ItemModel read = load_item_model(folder.file("model"));
  EXPECT_EQ(read.form, "some");
  EXPECT_EQ(read.settings, Value::object({{"layers", 1}}));
  EXPECT_EQ(read.items.ids.text(1), "pot");
  EXPECT_EQ(read.items.record.at("method"), Value("some"));
  EXPECT_EQ(read.weights_of("w", 2, 3).row<float>(1)[2], 1.25F);
  save_item_model(read, folder.file("again"), false, {});
  EXPECT_EQ(bytes_of(folder.file("again")), bytes_of(folder.file("model")));
}

TEST(ItemModel, IsTheVectorsOfItsItems) {
  const TemporaryFolder folder;
  save_item_model(small_model(), folder.file("model"), false, {});
  const Embeddings items = load_embeddings(folder.file("model"));
  EXPECT_EQ(items.size(), 3);
  EXPECT_EQ(items.metric(), Metric::kCosine);
  EXPECT_EQ(items.vectors.row<float>(2)[1], 2.25F);
}

TEST(ItemModel, NamesWeightsThatAreMissingOrOfAnotherShape) {
  const ItemModel model = small_model();
  EXPECT_NE(error_of([&] { model.weights_of("v", 1, 1); }).find("needs weights \"v\""), std::string::npos);
  EXPECT_NE(error_of([&] { model.weights_of("w", 3, 2); }).find("\"w\" are 2 x 3 where 3 x 2 are due"),
            std::string::npos);
}

TEST(ItemModel, RefusesWeightsThatAreNotFinite) {
  const TemporaryFolder folder;
  ItemModel model = small_model();
  model.weights[1].values.mutable_data<float>()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(
      error_of([&] { save_item_model(model, folder.file("model"), false, {}); }).find("\"bias\": value 1"),
      std::string::npos);
}

TEST(ItemModel, NamesTheFileThatHoldsNone) {
  const TemporaryFolder folder;
  save_embeddings(small_model().items, folder.file("vectors"), false, {});
  const std::string said = error_of([&] { load_item_model(folder.file("vectors")); });
  EXPECT_NE(said.find("vectors: holds no model of items"), std::string::npos) << said;
}

// A file with a bit flipped or its end missing: an error that names it, or a model.
TEST(ItemModel, SurvivesDamage) {
  const TemporaryFolder folder;
  save_item_model(small_model(), folder.file("model"), false, {});
  read_damaged(folder.file("model"), [](const Artifact& artifact) { load_item_model(artifact); });
}

}  // namespace
}  // namespace whitney
