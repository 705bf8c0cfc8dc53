#include "whitney/infer/pinsage_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/linalg/random_matrix_test.h"

namespace whitney::infer {
namespace {

/// Items 0 to 5 in three contexts, item 6 in none.
graph::ItemContexts small_graph() {
  SparseMatrix items_of;
  items_of.cols = 7;
  for (const std::vector<uint32_t>& items :
       std::vector<std::vector<uint32_t>>{{0, 1, 2}, {2, 3, 4, 5}, {0, 5}}) {
    items_of.columns.insert(items_of.columns.end(), items.begin(), items.end());
    items_of.offsets.push_back(std::ssize(items_of.columns));
  }
  return graph::item_contexts(std::move(items_of));
}

PinSageSettings small_settings(int64_t layers) {
  PinSageSettings settings;
  settings.features = 5;
  settings.layers = layers;
  settings.hidden = 4;
  settings.dim = 3;
  settings.visits = {.neighbors = 3, .stop = 0.5, .max_steps = 4, .visits = 200};
  settings.exact = true;
  return settings;
}

ItemModel random_model(const PinSageSettings& settings) {
  ItemModel model;
  model.form = kPinSageForm;
  model.settings = settings.to_value();
  uint64_t item = 1;
  for (const PinSageSettings::Shape& shape : settings.shapes())
    model.weights.push_back({shape.name, random_matrix(shape.rows, shape.cols, item++)});
  model.items.ids = Ids::row_numbers(7);
  model.items.vectors = PinSageModel(model).embed(random_matrix(7, settings.features, 50), small_graph(), {});
  return model;
}

std::vector<float> values_of(const Matrix& matrix) {
  const auto* values = reinterpret_cast<const float*>(matrix.bytes().data());
  return {values, values + matrix.rows() * matrix.cols()};
}

TEST(PinSageModel, EmbedsWithFrozenNeighbourhoodsAsConvolveAllDoes) {
  PinSageSettings settings = small_settings(2);
  settings.log_degree = settings.normalize = false;
  const ItemModel saved = random_model(settings);
  const PinSageModel model(saved);
  const SparseMatrix rows = pinsage_neighborhoods(small_graph(), settings, {});
  const Matrix features = random_matrix(7, 5, 50);
  EXPECT_EQ(values_of(model.embed(features, small_graph(), {})),
            values_of(convolve_all({}, model.layers(), &model.head(), rows.view(), features)));
}

TEST(PinSageModel, OfNoLayersIsItsHeadOnTheFeaturesAndTheDegree) {
  PinSageSettings settings = small_settings(0);
  settings.normalize = false;
  const ItemModel saved = random_model(settings);
  const Matrix features = random_matrix(7, 5, 50);
  const Matrix found = PinSageModel(saved).embed(features, small_graph(), {});
  const Matrix &g1 = saved.weights[0].values, &g = saved.weights[1].values, &g2 = saved.weights[2].values;
  const std::vector<int64_t> contexts = {2, 1, 2, 1, 1, 2, 0};
  for (int64_t u = 0; u < 7; ++u) {
    std::vector<double> x;
    for (int64_t j = 0; j < 5; ++j) x.push_back(at(features, u, j));
    x.push_back(std::log(1.0 + static_cast<double>(contexts[static_cast<size_t>(u)])) / std::log(4.0));
    for (int64_t out = 0; out < 3; ++out) {
      double value = 0;
      for (int64_t i = 0; i < 3; ++i) {
        double sum = at(g, 0, i);
        for (int64_t j = 0; j < 6; ++j) sum += at(g1, i, j) * x[static_cast<size_t>(j)];
        value += at(g2, out, i) * std::max(sum, 0.0);
      }
      EXPECT_NEAR(at(found, u, out), value, 1e-5);
    }
  }
}

TEST(PinSageModel, MeanPoolingHasEqualWeightsOfTheSameNeighbours) {
  PinSageSettings settings = small_settings(1);
  const SparseMatrix importance = pinsage_neighborhoods(small_graph(), settings, {});
  settings.pooling = NeighborPooling::kMean;
  const SparseMatrix mean = pinsage_neighborhoods(small_graph(), settings, {});
  EXPECT_EQ(mean.columns, importance.columns);
  EXPECT_NE(mean.weights, importance.weights);
  for (size_t row = 0; row < 7; ++row) {
    for (int64_t e = mean.offsets[row]; e < mean.offsets[row + 1]; ++e) {
      EXPECT_FLOAT_EQ(mean.weights[static_cast<size_t>(e)],
                      1.0F / static_cast<float>(mean.offsets[row + 1] - mean.offsets[row]));
    }
  }
}

TEST(PinSageModel, IsReadFromItsFileWithTheSameVectors) {
  const TemporaryFolder folder;
  PinSageSettings settings = small_settings(2);
  settings.exact = false;  // its walks are those of its own seed
  settings.seed = 0xFFFFFFFFFFFFFFF7;
  settings.pooling = NeighborPooling::kMax;
  const ItemModel saved = random_model(settings);
  save_item_model(saved, folder.file("model"), false, {});
  const ItemModel read = load_item_model(folder.file("model"));
  Context context;
  context.seed = 7;
  const PinSageModel model(read);
  EXPECT_EQ(model.settings().to_value(), settings.to_value());
  EXPECT_EQ(values_of(model.embed(random_matrix(7, 5, 50), small_graph(), context)),
            values_of(read.items.vectors));
}

TEST(PinSageModel, EmbedsAnItemThatItHasNeverSeen) {
  const ItemModel saved = random_model(small_settings(1));
  SparseMatrix items_of = small_graph().items_of;
  items_of.cols = 8;
  items_of.columns.push_back(7);  // item 7 joins the last context, {0, 5}
  ++items_of.offsets.back();
  const Embeddings found = PinSageModel(saved).embed(Ids::row_numbers(8), random_matrix(8, 5, 50),
                                                     graph::item_contexts(std::move(items_of)), {});
  EXPECT_EQ(found.size(), 8);
  EXPECT_EQ(found.metric(), Metric::kCosine);
  double squares = 0;
  for (const float value : found.vectors.row<float>(7)) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(squares, 1, 1e-6);
}

TEST(PinSageModel, TakesFeaturesByIdAndNamesTheFirstItemWithout) {
  Embeddings given;
  given.ids = Ids::strings(std::vector<std::string>{"lid", "cup", "pot"});
  given.vectors = random_matrix(3, 5, 1);
  given.path = "features.safetensors";
  const Matrix rows = features_of_items(Ids::strings(std::vector<std::string>{"pot", "lid"}), given, {});
  EXPECT_EQ(at(rows, 0, 4), at(given.vectors, 2, 4));
  EXPECT_EQ(at(rows, 1, 0), at(given.vectors, 0, 0));
  const Ids more = Ids::strings(std::vector<std::string>{"pot", "cups", "jar"});
  const std::string said = error_of([&] { features_of_items(more, given, {}); });
  EXPECT_NE(said.find("features.safetensors: item \"cups\" has no features"), std::string::npos) << said;
}

TEST(PinSageModel, GivesTheSameBytesAtAnyNumberOfThreads) {
  const ItemModel saved = random_model(small_settings(2));
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    EXPECT_EQ(values_of(PinSageModel(saved).embed(random_matrix(7, 5, 50), small_graph(), context)),
              values_of(saved.items.vectors));
  }
}

TEST(PinSageModel, SaysWhatDoesNotFit) {
  const ItemModel saved = random_model(small_settings(1));
  const PinSageModel model(saved);
  const auto said = [](const auto& body) { return error_of(body); };
  EXPECT_NE(said([&] {
              model.embed(random_matrix(7, 4, 1), small_graph(), {});
            }).find("features have 4 values, but the model was trained with 5"),
            std::string::npos);
  EXPECT_NE(said([&] {
              model.embed(random_matrix(6, 5, 1), small_graph(), {});
            }).find("features of 6 items, but the graph has 7"),
            std::string::npos);
  ItemModel wrong = saved;
  wrong.weights.pop_back();
  EXPECT_NE(said([&] { PinSageModel{wrong}; }).find("needs weights \"head2.weight\""), std::string::npos);
  wrong = saved;
  wrong.settings.set("pooling", "median");
  EXPECT_NE(said([&] { PinSageModel{wrong}; }).find("\"pooling\" is \"median\""), std::string::npos);
  wrong = saved;
  wrong.settings.set("layers", 65);
  EXPECT_NE(said([&] { PinSageModel{wrong}; }).find("\"layers\" is 65"), std::string::npos);
  wrong.form = "other";
  EXPECT_NE(said([&] { PinSageModel{wrong}; }).find("is no PinSage"), std::string::npos);
}

}  // namespace
}  // namespace whitney::infer
