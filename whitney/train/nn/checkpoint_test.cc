#include "whitney/train/nn/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "whitney/core/error_of.h"
#include "whitney/core/temporary_folder.h"
#include "whitney/data/artifact.h"

namespace whitney::nn {
namespace {

using ::testing::HasSubstr;

RunIdentity identity() {
  return {.method = "small",
          .options = Value::object({{"dim", 3}, {"epochs", 5}, {"checkpoint", "a"}, {"shards", 4}}),
          .seed = 18446744073709551615U,
          .input = "abc"};
}

Checkpoint state() {
  Checkpoint checkpoint;
  checkpoint.epoch = 2;
  checkpoint.steps_in_epoch = 3;
  checkpoint.step = 13;
  checkpoint.loss_sum = 0.1 + 0.2;
  checkpoint.parameters = {{"b", torch::full({2, 3}, 1.5)},
                           {"a", torch::tensor({1, 2}, torch::kInt64)},
                           {"c", torch::tensor({true}, torch::kBool)},
                           {"d", torch::zeros({0, 3})}};
  checkpoint.optimizer = {{"moment.b", torch::full({2, 3}, 0.25, torch::kFloat64)}};
  checkpoint.average_count = 7;
  checkpoint.progress.set("x", 1);
  return checkpoint;
}

class CheckpointFile : public ::testing::Test {
 protected:
  CheckpointFile() : path(folder.file("c.safetensors")) {
    save_checkpoint(state(), identity(), path, Context());
  }
  std::string error_with(const RunIdentity& other) {
    return error_of([&] { load_checkpoint(path, other, Context()); });
  }
  TemporaryFolder folder;
  std::string path;
};

TEST_F(CheckpointFile, ComesBackWhole) {
  const Checkpoint back = load_checkpoint(path, identity(), Context());
  EXPECT_EQ(back.epoch, 2);
  EXPECT_EQ(back.steps_in_epoch, 3);
  EXPECT_EQ(back.step, 13);
  EXPECT_EQ(back.loss_sum, 0.1 + 0.2);
  EXPECT_EQ(back.average_count, 7);
  EXPECT_EQ(back.progress.at("x").as_int(), 1);
  ASSERT_EQ(back.parameters.size(), 4u);
  for (size_t i = 0; i < 4; ++i)
    EXPECT_EQ(back.parameters[i].name, std::string(1, "bacd"[i]));  // their own order
  EXPECT_TRUE(back.parameters[2].tensor.equal(torch::tensor({true}, torch::kBool)));
  EXPECT_EQ(back.parameters[3].tensor.size(1), 3);
  EXPECT_TRUE(back.parameters[0].tensor.equal(torch::full({2, 3}, 1.5)));
  EXPECT_TRUE(back.parameters[1].tensor.equal(torch::tensor({1, 2}, torch::kInt64)));
  EXPECT_TRUE(back.optimizer[0].tensor.equal(torch::full({2, 3}, 0.25, torch::kFloat64)));
}

TEST_F(CheckpointFile, TakesMoreEpochsAndAnotherPlace) {
  RunIdentity other = identity();
  other.options.set("epochs", 50).set("checkpoint", "b").set("resume", true);
  EXPECT_EQ(load_checkpoint(path, other, Context()).step, 13);
}

TEST_F(CheckpointFile, NamesWhatBelongsToAnotherRun) {
  RunIdentity other = identity();
  other.options.set("dim", 4);
  EXPECT_THAT(error_with(other),
              HasSubstr("c.safetensors holds a training with the option dim 3, and this run has 4"));
  other = identity();
  other.method = "large";
  EXPECT_THAT(error_with(other),
              HasSubstr("c.safetensors is a checkpoint of small, not of large; name another file"));
  other = identity();
  other.seed = 1;
  EXPECT_THAT(error_with(other), HasSubstr("seed \"18446744073709551615\", and this run has \"1\""));
  other = identity();
  other.input = "abd";
  EXPECT_THAT(error_with(other), HasSubstr("input \"abc\""));
}

TEST_F(CheckpointFile, OfAnotherKindOrVersionIsRefused) {
  ArtifactWriter table("table", Value::object());
  table.write(path, /*force=*/true, Context());
  EXPECT_THAT(error_with(identity()), HasSubstr("of kind \"table\""));
  Value record = Value::object({{"program_version", "0.0.1"}});
  ArtifactWriter old("checkpoint", record);
  old.write(path, /*force=*/true, Context());
  EXPECT_THAT(error_with(identity()), HasSubstr("version \"0.0.1\", and this run has"));
}

TEST_F(CheckpointFile, NamesATensorThatIsDamaged) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('x');
  file.close();
  EXPECT_THAT(error_with(identity()), HasSubstr("c.safetensors: the tensor \"parameters."));
}

TEST_F(CheckpointFile, GivesTheBestParametersToASoup) {
  Checkpoint checkpoint = state();
  EXPECT_EQ(kept_parameters(open_checkpoint(path, Context()))[0].tensor[0][0].item<float>(), 1.5F);
  checkpoint.average = {{"b", torch::full({2, 3}, 2.5)}};
  save_checkpoint(checkpoint, identity(), path, Context());
  EXPECT_EQ(kept_parameters(open_checkpoint(path, Context()))[0].tensor[0][0].item<float>(), 2.5F);
  checkpoint.best = {{"b", torch::zeros({2, 3})}};
  save_checkpoint(checkpoint, identity(), path, Context());
  EXPECT_EQ(kept_parameters(open_checkpoint(path, Context()))[0].tensor[0][0].item<float>(), 0);
}

}  // namespace
}  // namespace whitney::nn
