// Forward passes from GGUF files: the weights of miniature checkpoints under llama.cpp's names and in its
// order of rows (tests/data/gguf/make_gguf_models.py) give the checkpoints' own states.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "whitney/infer/checkpoint_cases_test.h"
#include "whitney/infer/infer_cases_test.h"

namespace whitney::infer {
namespace {

// checkpoint: the folder whose weights the file holds.
void expect_states_of(const std::string& checkpoint, const std::string& file) {
  const Transformer model = open_transformer(kept_file("gguf/" + file));
  for (const Case& one : read_cases(checkpoint)) {
    EXPECT_LT(worst_of(states_of(model, {one.ids}), one.states), 3e-5) << file << ", " << one.ids.size();
  }
}

TEST(GgufForward, OfEncodersGivesTheirCheckpointsStates) {
  if (kept_file("gguf").empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
  for (const std::string name : {"bert-mlm-tiny", "nomic-bert-tiny"})
    expect_states_of(kept_file("checkpoints/" + name), name + ".gguf");
}

// Mistral is a llama to llama.cpp: q and k are interleaved, and there is a window.
TEST(GgufForward, OfLlamasKinGivesItsCheckpointsStates) {
  if (kept_file("gguf").empty()) GTEST_SKIP() << "no tests/data above this folder and no WHITNEY_ROOT";
  expect_states_of(kept_file("checkpoints/mistral-tiny"), "mistral-tiny.gguf");
}

TEST(GgufForward, OfQwensGivesTheirCheckpointsStates) {
  const std::string folder = data_folder("hf-tiny-checkpoints");
  if (folder.empty() || kept_file("gguf").empty()) GTEST_SKIP() << "no checkpoints: set WHITNEY_DATA";
  for (const std::string name : {"qwen2-tiny", "qwen3-tiny"})
    expect_states_of(folder + "/" + name, name + ".gguf");
}

}  // namespace
}  // namespace whitney::infer
