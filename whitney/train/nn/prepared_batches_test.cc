#include <gtest/gtest.h>

#include <memory>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/train/nn/small_objective_test.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::nn {
namespace {

/// A factor of each batch that is drawn ahead of its step.
struct DrawnFactor : PreparedBatch {
  double factor = 0;
  int64_t first = 0;
};

class DrawingObjective : public SmallObjective {
 public:
  explicit DrawingObjective(int producers) : producers_(producers) {}
  int num_producers() const override { return producers_; }
  std::unique_ptr<const PreparedBatch> prepare(std::span<const int64_t> batch,
                                               int64_t number) const override {
    if (number == fails_at) fail("batch ", number, " cannot be made");
    auto drawn = std::make_unique<DrawnFactor>();
    drawn->factor = 0.5 + RandomStream(42, "factors", static_cast<uint64_t>(number)).uniform();
    drawn->first = batch.front();
    return drawn;
  }
  std::vector<torch::Tensor> shared_of(const PreparedBatch& prepared, const Context& context) override {
    const auto& drawn = dynamic_cast<const DrawnFactor&>(prepared);
    return {SmallObjective::shared({}, context)[0] * drawn.factor};
  }
  torch::Tensor loss(const Shard& shard, std::span<const torch::Tensor> shared) const override {
    const auto& drawn = dynamic_cast<const DrawnFactor&>(*shard.prepared);
    if (shard.offset == 0) {
      EXPECT_EQ(shard.examples.front(), drawn.first);
    }
    return SmallObjective::loss(shard, shared);
  }
  int64_t fails_at = -1;

 private:
  int producers_;
};

// 23 examples in batches of 4, two of which make a step.
TrainingOptions short_training() {
  TrainingOptions options;
  options.epochs = 4;
  options.batch_size = 4;
  options.accumulate = 2;
  options.shards = 3;
  return options;
}

std::vector<float> trained(DrawingObjective& objective, const TrainingOptions& options, int threads,
                           const CancellationToken* cancellation = nullptr, Progress* progress = nullptr) {
  Momentum optimizer(0.2);
  Context context;
  context.threads = threads;
  context.cancellation = cancellation;
  context.progress = progress;
  train(objective, optimizer, options,
        {.method = "small", .options = option_values(options), .seed = 42, .input = "abc"}, context);
  return numbers_of(objective.parameters());
}

TEST(PreparedBatches, OfProducersGiveTheBytesOfThoseMadeInTurn) {
  DrawingObjective in_turn(0);
  const std::vector<float> expected = trained(in_turn, short_training(), 1);
  for (const int threads : {1, 2, 5}) {
    for (const int producers : {1, 3}) {
      DrawingObjective ahead(producers);
      EXPECT_EQ(trained(ahead, short_training(), threads), expected);
    }
  }
}

// Asks to stop after so many steps.
class StopAfter : public Progress {
 public:
  StopAfter(int64_t steps, CancellationToken& token) : steps_(steps), token_(token) {}
  void advance(std::string_view, int64_t done, int64_t, std::string_view) override {
    if (done == steps_) token_.request();
  }
  void note(std::string_view) override {}

 private:
  int64_t steps_;
  CancellationToken& token_;
};

TEST(PreparedBatches, AreThoseOfTheirPlaceWhenARunGoesOn) {
  const TemporaryFolder folder;
  TrainingOptions options = short_training();
  DrawingObjective straight(0);
  const std::vector<float> expected = trained(straight, options, 1);
  options.checkpoint = Path{folder.file("c.safetensors")};
  for (const int64_t stop : {1, 3, 5}) {
    options.resume = false;
    CancellationToken token;
    StopAfter progress(stop, token);
    DrawingObjective first(2), second(2);
    EXPECT_THROW(trained(first, options, 2, &token, &progress), Cancelled);
    options.resume = true;
    EXPECT_EQ(trained(second, options, 2), expected) << stop;
  }
}

TEST(PreparedBatches, WhatStopsAProducerStopsTheTrainingInItsTurn) {
  DrawingObjective objective(2);
  objective.fails_at = 7;
  EXPECT_EQ(error_of([&] { trained(objective, short_training(), 2); }), "batch 7 cannot be made");
}

}  // namespace
}  // namespace whitney::nn
