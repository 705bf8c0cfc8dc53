#include "whitney/train/gnn/pinsage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/train/gnn/pinsage_cases_test.h"

namespace whitney::gnn {
namespace {

using infer::NeighborPooling;
using ::testing::HasSubstr;

/// Events, features in a file, and options that name it.
struct SmallRun {
  explicit SmallRun(const Interactions& given = grouped_contexts(60, 240, 3), int64_t without = -1)
      : events(given) {
    Embeddings features;
    std::vector<uint64_t> ids;
    Matrix plain = plain_features(events.num_items());
    for (int64_t item = 0; item < events.num_items(); ++item) {
      if (item != without) ids.push_back(static_cast<uint64_t>(item));
    }
    features.ids = Ids::integers(Array<uint64_t>::copy_of(ids));
    features.vectors = Matrix::copy_of(plain.view().slice(0, std::ssize(ids)));
    save_embeddings(features, folder.file("features.safetensors"), true, {});
    options.features = Path{folder.file("features.safetensors")};
  }
  TemporaryFolder folder;
  Interactions events;
  PinSageOptions options = small_options();
};

std::vector<float> values_of(const ItemModel& model) {
  std::vector<float> values;
  const auto take = [&](const Matrix& matrix) {
    for (int64_t row = 0; row < matrix.rows(); ++row) {
      const auto from = matrix.row<float>(row);
      values.insert(values.end(), from.begin(), from.end());
    }
  };
  take(model.items.vectors);
  // A file gives weights back in the order of their names.
  std::map<std::string, const Matrix*> by_name;
  for (const ItemModel::Weights& weights : model.weights) by_name[weights.name] = &weights.values;
  for (const auto& [name, matrix] : by_name) take(*matrix);
  return values;
}

void expect_the_same_at_any_number_of_threads(SmallRun& run) {
  std::vector<float> first;
  for (const auto& [threads, producers] : {std::pair{1, 0}, {2, 1}, {5, 0}, {5, 3}}) {
    run.options.producers = producers;
    Context context;
    context.threads = threads;
    const std::vector<float> found = values_of(pinsage(run.events, run.options, context));
    if (first.empty()) first = found;
    EXPECT_EQ(found, first) << threads << " threads, " << producers << " producers";
  }
}

TEST(PinSage, GivesTheSameBytesAtAnyNumberOfThreadsAndProducers) {
  SmallRun run;
  expect_the_same_at_any_number_of_threads(run);
}

TEST(PinSage, GivesTheSameBytesWithWalksMaxPoolingAndSoftmaxToo) {
  SmallRun run;
  run.options.exact = false;
  run.options.visits = 100;
  run.options.pooling = NeighborPooling::kMax;
  run.options.loss = PinSageLoss::kSoftmax;
  run.options.training.epochs = 2;
  expect_the_same_at_any_number_of_threads(run);
}

TEST(PinSage, GoesOnFromACheckpointToTheSameBytes) {
  SmallRun run;
  Context context;
  context.threads = 2;
  const std::vector<float> straight = values_of(pinsage(run.events, run.options, context));
  run.options.training.checkpoint = Path{run.folder.file("run.safetensors")};
  // The schedule of rates does not depend on the epochs, so that fewer are the beginning of more.
  run.options.training.epochs = 2;
  run.options.training.history = Path{run.folder.file("run.json")};
  const ItemModel begun = pinsage(run.events, run.options, context);
  std::ifstream history(run.folder.file("run.json"));
  EXPECT_NE((std::string{std::istreambuf_iterator<char>(history), {}})
                .find(begun.items.record.at("labels").at("split_checksum").as_string()),
            std::string::npos);
  run.options.training.epochs = 4;
  run.options.training.resume = true;
  EXPECT_EQ(values_of(pinsage(run.events, run.options, context)), straight);
}

TEST(PinSage, FindsTheItemsOfAGroupWhereFeaturesSayNothing) {
  SmallRun run;
  run.options.training.epochs = 15;
  const auto hit = [&](int layers) {
    run.options.layers = layers;
    const ItemModel model = pinsage(run.events, run.options, {});
    return model.items.record.at("training").at("best_value").as_real();
  };
  // Of 60 items 20 are of the query's group, so that group alone gives 10 / 19.
  const double graph = hit(2), content = hit(0);
  EXPECT_GT(graph, 0.42);
  EXPECT_GT(graph, 1.5 * content) << content;
}

TEST(PinSage, EmbedsNewItemsByATrainedModelWithoutTraining) {
  SmallRun run;
  const ItemModel trained = pinsage(run.events, run.options, {});
  save_item_model(trained, run.folder.file("model.safetensors"), false, {});
  run.options.like = Path{run.folder.file("model.safetensors")};
  const ItemModel again = pinsage(run.events, run.options, {});
  EXPECT_EQ(values_of(again), values_of(trained));
  SmallRun more(grouped_contexts(63, 260, 3));
  more.options.like = run.options.like;
  const ItemModel grown = pinsage(more.events, more.options, {});
  EXPECT_EQ(grown.items.size(), 63);
  EXPECT_EQ(grown.items.metric(), Metric::kCosine);
}

TEST(PinSage, SaysWhatIsMissing) {
  SmallRun run(grouped_contexts(60, 240, 3), 17);
  EXPECT_THAT(error_of([&] { pinsage(run.events, run.options, {}); }),
              HasSubstr("item \"17\" has no features"));
  run.options.features.reset();
  EXPECT_THAT(error_of([&] { pinsage(run.events, run.options, {}); }),
              HasSubstr("needs option \"features\""));
  SmallRun alone(contexts_of(3, {{0}, {1}, {2}}));
  EXPECT_THAT(error_of([&] { pinsage(alone.events, alone.options, {}); }),
              HasSubstr("no label to learn from"));
}

}  // namespace
}  // namespace whitney::gnn
